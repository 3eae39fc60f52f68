//! The two databases behind one set of repositories.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{
    Connection as _, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{StoreError, migrate};

#[derive(Clone)]
pub(super) enum Pool {
    Sqlite {
        read: SqlitePool,
        /// One connection: writers queue here instead of failing on the file's lock.
        write: SqlitePool,
        /// Held for the life of the process.
        _lock: Arc<File>,
    },
    Postgres(PgPool),
}

/// A transaction on either database; dropped without `commit` it is rolled back.
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// Runs one body on whichever database it is, with a connection to read from.
macro_rules! read {
    ($store:expr, $c:ident => $body:expr) => {
        match &$store.pool {
            $crate::store::pool::Pool::Sqlite { read: $c, .. } => $body,
            $crate::store::pool::Pool::Postgres($c) => $body,
        }
    };
}
/// The same in a transaction.
macro_rules! within {
    ($tx:expr, $c:ident => $body:expr) => {
        match $tx {
            $crate::store::pool::Tx::Sqlite(tx) => {
                let $c = &mut **tx;
                $body
            }
            $crate::store::pool::Tx::Postgres(tx) => {
                let $c = &mut **tx;
                $body
            }
        }
    };
}
pub(super) use {read, within};

impl Pool {
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            Self::open_sqlite(Path::new(path)).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::open_postgres(url).await
        } else {
            Err(StoreError::Address(masked(url)))
        }
    }

    async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        let lock = lock_file(path).await?;
        // Durable on commit is a setting, not a default: WAL with synchronous=FULL survives a loss of power.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let write = connections(1).connect_with(options.clone()).await?;
        migrate::sqlite(&write).await?;
        let journal: String = sqlx::query_scalar("pragma journal_mode").fetch_one(&write).await?;
        let synchronous: i64 = sqlx::query_scalar("pragma synchronous").fetch_one(&write).await?;
        if journal != "wal" || synchronous != 2 {
            return Err(StoreError::Unfit(
                "cannot be set to WAL with synchronous=FULL, so commits would not be durable",
            ));
        }
        let read = connections(8).connect_with(options.read_only(true)).await?;
        Ok(Self::Sqlite { read, write, _lock: Arc::new(lock) })
    }

    async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url).map_err(|_| StoreError::Address(masked(url)))?;
        let pool = PgPoolOptions::new().max_connections(16).connect_with(options).await?;
        let version: i32 =
            sqlx::query_scalar("select current_setting('server_version_num')::int").fetch_one(&pool).await?;
        if version < 150_000 {
            return Err(StoreError::Unfit("is older than PostgreSQL 15"));
        }
        migrate::postgres(&pool).await?;
        Ok(Self::Postgres(pool))
    }

    /// Begins to write. SQLite takes its lock at once: one taken later could fail without waiting.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("begin immediate").await?),
            Self::Postgres(pool) => Tx::Postgres(begin_postgres(pool, "begin").await?),
        })
    }

    /// Begins to read: all that is read in it is of one moment.
    pub(super) async fn snapshot(&self) -> Result<Tx, StoreError> {
        const POSTGRES: &str = "begin isolation level repeatable read read only";
        Ok(match self {
            Self::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(begin_postgres(pool, POSTGRES).await?),
        })
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Begins in a task of its own, which ends even when nobody waits for it any more.
///
/// sqlx counts a transaction when the answer to `begin` is there. Given up in between, the connection would go back to the pool
/// with a transaction that sqlx does not know of.
async fn begin_postgres(pool: &PgPool, begin: &'static str) -> Result<Transaction<'static, Postgres>, StoreError> {
    let pool = pool.clone();
    let task = tokio::spawn(async move { pool.begin_with(begin).await });
    Ok(task.await.map_err(|_| sqlx::Error::WorkerCrashed)??)
}

/// At most so many; one that still counts a transaction is replaced.
///
/// SQLite ends a transaction by itself when the disk is full. Rolling it back then fails, sqlx goes on to count it, and would
/// begin no other on this connection ever again.
fn connections(most: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(most).before_acquire(|connection, _| {
        let sound = !connection.is_in_transaction();
        Box::pin(async move { Ok(sound) })
    })
}

/// The lock that keeps a second server from the file.
///
/// A killed server's child holds it on from its fork to its exec, so it is tried for a second.
async fn lock_file(database: &Path) -> Result<File, StoreError> {
    const PATIENCE: Duration = Duration::from_secs(1);
    const POLL: Duration = Duration::from_millis(50);
    let path = PathBuf::from(format!("{}.lock", database.display()));
    let file = File::options().create(true).truncate(false).write(true).open(&path)?;
    let until = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < until => tokio::time::sleep(POLL).await,
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(database.to_owned())),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
}

/// Whether an address can be one of a database; nobody is asked.
pub(crate) fn check_address(url: &str) -> Result<(), StoreError> {
    let postgres = ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    if url.starts_with("sqlite://") || postgres && PgConnectOptions::from_str(url).is_ok() {
        return Ok(());
    }
    Err(StoreError::Address(masked(url)))
}

/// An address without its password.
pub(crate) fn masked(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}://...{}", &url[..scheme], &url[at..]),
        _ => url.to_owned(),
    }
}
