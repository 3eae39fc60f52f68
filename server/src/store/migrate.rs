//! Migrations, forward only, each in a transaction, under a lock of our own.
//!
//! sqlx's own lock does nothing on SQLite, so two servers that start at once could race; here they cannot.

use sqlx::{Executor, PgPool, SqlitePool};

use super::{
    StoreError,
    pool::{Tx, within},
};

struct Migration {
    version: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

/// Never change one that was released; add the next.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sqlite: include_str!("migrations/sqlite/0001_history.sql"),
        postgres: include_str!("migrations/postgres/0001_history.sql"),
    },
    Migration {
        version: 2,
        sqlite: include_str!("migrations/sqlite/0002_long_histories.sql"),
        postgres: include_str!("migrations/postgres/0002_long_histories.sql"),
    },
    Migration {
        version: 3,
        sqlite: include_str!("migrations/sqlite/0003_access.sql"),
        postgres: include_str!("migrations/postgres/0003_access.sql"),
    },
    Migration {
        version: 4,
        sqlite: include_str!("migrations/sqlite/0004_audit.sql"),
        postgres: include_str!("migrations/postgres/0004_audit.sql"),
    },
    Migration {
        version: 5,
        sqlite: include_str!("migrations/sqlite/0005_export.sql"),
        postgres: include_str!("migrations/postgres/0005_export.sql"),
    },
    Migration {
        version: 6,
        sqlite: include_str!("migrations/sqlite/0006_rejected_parts.sql"),
        postgres: include_str!("migrations/postgres/0006_rejected_parts.sql"),
    },
];

const CREATE: &str = "create table if not exists schema_version (version bigint primary key)";
pub(super) const CREATE_SQLITE: &str = "create table if not exists schema_version (version integer primary key) strict";
pub(super) const NEWEST: &str = "select coalesce(max(version), 0) from schema_version";
const DONE: &str = "insert into schema_version (version) values ($1)";

/// Any number, the same in every server: the advisory lock of migrations.
const LOCK: &str = "select pg_advisory_xact_lock(7411741174117411)";

/// The version that this program migrates a database to.
pub(super) fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |m| m.version)
}

/// What makes a SQLite database of this version.
pub(super) fn sqlite_up_to(version: i64) -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().filter(move |m| m.version <= version).map(|m| m.sqlite)
}

/// What makes a PostgreSQL database of this version.
pub(super) fn postgres_up_to(version: i64) -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().filter(move |m| m.version <= version).map(|m| m.postgres)
}

fn pending(found: i64) -> Result<impl Iterator<Item = &'static Migration>, StoreError> {
    let known = known();
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    Ok(MIGRATIONS.iter().filter(move |m| m.version > found))
}

/// Whether this program can read the database as it is.
pub(super) async fn check_readable(tx: &mut Tx) -> Result<(), StoreError> {
    const AUDIT: i64 = 4;
    let found: Result<i64, _> = within!(tx, c => sqlx::query_scalar(NEWEST).fetch_one(c).await);
    match found {
        Ok(found) if found >= AUDIT => pending(found).map(|_| ()),
        // Without the table it is no database of Backstep's, or one that no server has opened yet.
        Ok(_) | Err(sqlx::Error::Database(_)) => {
            Err(StoreError::Unfit("has no audit log yet; start this version of the server on it once"))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn sqlite(pool: &SqlitePool) -> Result<(), StoreError> {
    let mut tx = pool.begin_with("begin exclusive").await?;
    tx.execute(CREATE_SQLITE).await?;
    let found: i64 = sqlx::query_scalar(NEWEST).fetch_one(&mut *tx).await?;
    for migration in pending(found)? {
        tx.execute(sqlx::raw_sql(migration.sqlite)).await?;
        sqlx::query(DONE).bind(migration.version).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

pub(super) async fn postgres(pool: &PgPool) -> Result<(), StoreError> {
    let mut tx = pool.begin().await?;
    tx.execute(LOCK).await?;
    tx.execute(CREATE).await?;
    let found: i64 = sqlx::query_scalar(NEWEST).fetch_one(&mut *tx).await?;
    for migration in pending(found)? {
        tx.execute(sqlx::raw_sql(migration.postgres)).await?;
        sqlx::query(DONE).bind(migration.version).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests;
