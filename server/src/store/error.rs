use std::path::PathBuf;

use backstep_domain::{Problem, ProblemCode};

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("it is not in the store")]
    NotFound,
    /// A name that somebody else has.
    #[error("this {0} is taken")]
    Taken(&'static str),
    /// The lease was lost: another worker carries on, so nothing was written.
    #[error("the lease of this rollout was lost; another worker carries it on")]
    Fenced,
    /// What was asked does not fit the state; the words are for a person.
    #[error("{0}")]
    WrongState(String),
    #[error("the database has schema {found}, this program knows {known}; start a newer Backstep")]
    NewerSchema { found: i64, known: i64 },
    #[error("another Backstep server uses {0}; with SQLite there is one server on a data folder")]
    InUse(PathBuf),
    #[error("`{0}` is no database address; write sqlite:///PATH or postgres://USER@HOST/NAME")]
    Address(String),
    #[error("the database {0}")]
    Unfit(&'static str),
    #[error("a row does not read as what it should be: {0}")]
    Damaged(String),
    #[error("the lock file cannot be used: {0}")]
    LockFile(#[from] std::io::Error),
    #[error("the database says: {0}")]
    Database(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            // PostgreSQL refuses a NUL in what is asked for. No text that it holds has one, so it is not there.
            sqlx::Error::Database(e) if e.code().as_deref() == Some("22021") => Self::NotFound,
            other => Self::Database(other),
        }
    }
}

impl StoreError {
    /// For people: what it means, never what the database said.
    pub fn problem(self, what: &str) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(what),
            Self::Taken("key") => Problem::new(
                ProblemCode::InProgress,
                "A request with this Idempotency-Key is being worked on. Send it again for its answer.",
            ),
            Self::Taken(field) => {
                let a = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
                let message = format!("There is {a} {what} with this {field} already. Choose another.");
                Problem { field: Some(field.to_owned()), ..Problem::new(ProblemCode::Conflict, message) }
            }
            Self::WrongState(message) => Problem::new(ProblemCode::Conflict, message),
            Self::Fenced => Problem::new(ProblemCode::Conflict, "Another worker carries this rollout on."),
            Self::Database(error) if is_full(&error) => {
                tracing::error!(%error, "the disk of the database is full");
                let message = "The server's disk is full, so nothing was done. Make room there, then try again.";
                Problem::new(ProblemCode::Unavailable, message)
            }
            other => {
                tracing::error!(error = %other, "the store failed");
                Problem::new(
                    ProblemCode::Unavailable,
                    "The database does not answer as it should. Try again; nothing was done.",
                )
            }
        }
    }

    /// Turns a violated unique index into `Taken`.
    pub(super) fn taken(error: sqlx::Error, what: &'static str) -> Self {
        match &error {
            sqlx::Error::Database(e) if e.is_unique_violation() => Self::Taken(what),
            _ => error.into(),
        }
    }
}

/// SQLite's `SQLITE_FULL`, PostgreSQL's `disk_full`.
fn is_full(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code());
    matches!(code.as_deref(), Some("13" | "53100"))
}
