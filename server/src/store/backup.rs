//! What a backup needs of a database that a server may be using.

use std::{path::Path, str::FromStr};

use sqlx::{
    ConnectOptions as _, Connection as _,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use super::{StoreError, migrate, pool::masked};

/// The version of the schema; `None` where there is no Backstep.
pub async fn schema_of(url: &str) -> Result<Option<i64>, StoreError> {
    const POSTGRES: &str = "select to_regclass('schema_version') is not null";
    const SQLITE: &str = "select count(*) > 0 from sqlite_master where name = 'schema_version'";
    match url.strip_prefix("sqlite://") {
        Some(path) if !Path::new(path).exists() => Ok(None),
        Some(path) => {
            let mut connection = reading(Path::new(path)).await?;
            let there: bool = sqlx::query_scalar(SQLITE).fetch_one(&mut connection).await?;
            let version = match there {
                true => Some(sqlx::query_scalar(migrate::NEWEST).fetch_one(&mut connection).await?),
                false => None,
            };
            connection.close().await?;
            Ok(version)
        }
        None => {
            let options = PgConnectOptions::from_str(url).map_err(|_| StoreError::Address(masked(url)))?;
            let mut connection = options.connect().await?;
            let there: bool = sqlx::query_scalar(POSTGRES).fetch_one(&mut connection).await?;
            let version = match there {
                true => Some(sqlx::query_scalar(migrate::NEWEST).fetch_one(&mut connection).await?),
                false => None,
            };
            connection.close().await?;
            Ok(version)
        }
    }
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
