//! Short notices between the servers of one PostgreSQL database.

use sqlx::postgres::PgListener;

use super::{Store, StoreError, pool::Pool};

/// The notices that servers send from now on.
pub struct Notices(PgListener);

/// A schema of its own is a database of its own.
const CHANNEL: &str = "select 'backstep_' || current_schema()";

impl Store {
    /// Tells every server that listens; nothing is kept. With SQLite there is no other.
    pub async fn notify(&self, text: &str) -> Result<(), StoreError> {
        const SQL: &str = "select pg_notify('backstep_' || current_schema(), $1)";
        let Pool::Postgres(pool) = &self.pool else { return Ok(()) };
        sqlx::query(SQL).bind(text).execute(pool).await?;
        Ok(())
    }

    /// # Errors
    /// `Unfit` on SQLite, where nobody else could send any.
    pub async fn listen(&self) -> Result<Notices, StoreError> {
        let Pool::Postgres(pool) = &self.pool else {
            return Err(StoreError::Unfit("has no other servers to listen to"));
        };
        let channel: String = sqlx::query_scalar(CHANNEL).fetch_one(pool).await?;
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(&channel).await?;
        Ok(Notices(listener))
    }
}

impl Notices {
    /// The next one; `None` after the connection was lost and made anew: some may have been missed.
    pub async fn next(&mut self) -> Result<Option<String>, StoreError> {
        Ok(self.0.try_recv().await?.map(|notice| notice.payload().to_owned()))
    }
}
