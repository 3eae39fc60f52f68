//! What a backup needs of a database that a server may be using.

use std::{path::Path, str::FromStr};

use sqlx::{
    ConnectOptions as _, Connection as _,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use super::{StoreError, migrate, pool::masked};

/// What is at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    /// A Backstep, with this version of its schema.
    Backstep(i64),
    /// Something else.
    Other,
}

/// Looks, and changes nothing.
pub async fn look(url: &str) -> Result<Found, StoreError> {
    const SQLITE: &str = "select count(*), count(case when name = 'schema_version' then 1 end) from sqlite_master";
    const POSTGRES: &str = "select count(*), count(case when relname = 'schema_version' then 1 end) from pg_class where \
                            relkind in ('r', 'p', 'v', 'm', 'S') and relnamespace = to_regnamespace(current_schema())";
    match url.strip_prefix("sqlite://") {
        Some(path) if !Path::new(path).exists() => Ok(Found::Nothing),
        Some(path) => {
            let mut connection = reading(Path::new(path)).await?;
            let found = match sqlx::query_as::<_, (i64, i64)>(SQLITE).fetch_one(&mut connection).await? {
                (_, 1..) => Found::Backstep(sqlx::query_scalar(migrate::NEWEST).fetch_one(&mut connection).await?),
                counts => without_backstep(counts),
            };
            connection.close().await?;
            Ok(found)
        }
        None => {
            let options = PgConnectOptions::from_str(url).map_err(|_| StoreError::Address(masked(url)))?;
            let mut connection = options.connect().await?;
            let found = match sqlx::query_as::<_, (i64, i64)>(POSTGRES).fetch_one(&mut connection).await? {
                (_, 1..) => Found::Backstep(sqlx::query_scalar(migrate::NEWEST).fetch_one(&mut connection).await?),
                counts => without_backstep(counts),
            };
            connection.close().await?;
            Ok(found)
        }
    }
}

fn without_backstep((all, _): (i64, i64)) -> Found {
    if all == 0 { Found::Nothing } else { Found::Other }
}

/// The newest version of the schema that this program knows.
pub fn known_schema() -> i64 {
    migrate::known()
}

/// Copies a SQLite database as it is at one moment into a new file, also while it is written to.
pub async fn copy_sqlite(from: &Path, to: &Path) -> Result<(), StoreError> {
    let mut connection = reading(from).await?;
    sqlx::query("vacuum into $1").bind(to.to_string_lossy()).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

async fn reading(path: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    Ok(options.busy_timeout(std::time::Duration::from_secs(5)).connect().await?)
}
