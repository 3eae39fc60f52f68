//! The store for a program beside the server: it reads, and can write nothing.

use std::{collections::BTreeMap, fs::File, path::Path, str::FromStr, sync::Arc, time::Duration};

use backstep_domain::{BundleDigest, Millis};
use serde::Serialize;
use sqlx::{
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use super::{
    Store, StoreError,
    pool::{Pool, masked, read},
    rows::unsigned,
};

/// The deploys of a Deployment that have a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedBy {
    /// The Deployment's name.
    pub deployment: String,
    /// Lowest and highest number.
    pub first: u64,
    pub last: u64,
    pub count: u64,
}

macro_rules! by_bundle {
    ($bundle:literal) => {
        concat!(
            "select x.bundle, d.name, min(x.number), max(x.number), count(*) from (select deployment_id, number, ",
            $bundle,
            " as bundle from deploy_states) x join deployments d on d.id = x.deployment_id where x.bundle is not null group \
             by x.bundle, d.id, d.name order by 1, 2"
        )
    };
}

impl Store {
    /// Opens a database that a server may be using, and leaves its lock alone.
    ///
    /// # Errors
    /// `NewerSchema` if a newer Backstep wrote it; `Unfit` if an older one did, or none.
    pub async fn open_reading(url: &str) -> Result<Self, StoreError> {
        let pool = match url.strip_prefix("sqlite://") {
            Some(path) => {
                // Opened, not locked.
                let file = File::open(path)?;
                let options = SqliteConnectOptions::new().filename(Path::new(path)).read_only(true);
                let options = options.busy_timeout(Duration::from_secs(5));
                let read = SqlitePoolOptions::new().max_connections(2).connect_with(options).await?;
                Pool::Sqlite { write: read.clone(), read, _lock: Arc::new(file) }
            }
            None => {
                let options = PgConnectOptions::from_str(url).map_err(|_| StoreError::Address(masked(url)))?;
                let options = options.options([("default_transaction_read_only", "on")]);
                Pool::Postgres(PgPoolOptions::new().max_connections(2).connect_with(options).await?)
            }
        };
        let store = Self { pool };
        let version = match store.schema_version().await {
            Ok(version) => version,
            Err(StoreError::Database(sqlx::Error::Database(_))) => return Err(StoreError::Unfit("is no Backstep's")),
            Err(error) => return Err(error),
        };
        match version.found {
            found if found > version.known => Err(StoreError::NewerSchema { found, known: version.known }),
            found if found < version.known => {
                Err(StoreError::Unfit("has an older schema; start this version of the server on it once"))
            }
            _ => Ok(store),
        }
    }

    /// The bundles of uploads that are open, or were opened since.
    pub async fn bundles_of_uploads(&self, since: Millis) -> Result<Vec<BundleDigest>, StoreError> {
        const SQL: &str = "select distinct bundle from uploads where bundle is not null and (created_at >= $1 or closed is \
                           null and finalized = 0)";
        let found: Vec<String> = read!(self, c => sqlx::query_scalar(SQL).bind(since.0).fetch_all(c).await)?;
        let digest =
            |text: String| text.parse().map_err(|_| StoreError::Damaged(format!("{text} names no DAG bundle")));
        found.into_iter().map(digest).collect()
    }

    /// Every bundle that a deploy has or had.
    pub async fn deploys_by_bundle(&self) -> Result<BTreeMap<BundleDigest, Vec<NamedBy>>, StoreError> {
        const SQLITE: &str = by_bundle!("json_extract(revision, '$.dags.bundle')");
        const POSTGRES: &str = by_bundle!("revision::json #>> '{dags,bundle}'");
        let rows: Vec<(String, String, i64, i64, i64)> = match &self.pool {
            Pool::Sqlite { read, .. } => sqlx::query_as(SQLITE).fetch_all(read).await?,
            Pool::Postgres(pool) => sqlx::query_as(POSTGRES).fetch_all(pool).await?,
        };
        let mut named = BTreeMap::<_, Vec<_>>::new();
        for (bundle, deployment, first, last, count) in rows {
            let bundle = bundle.parse().map_err(|_| StoreError::Damaged(format!("{bundle} names no DAG bundle")))?;
            let by = NamedBy { deployment, first: unsigned(first)?, last: unsigned(last)?, count: unsigned(count)? };
            named.entry(bundle).or_default().push(by);
        }
        Ok(named)
    }
}
