//! The store: the only place that knows SQL. The same repositories on SQLite and PostgreSQL.
//!
//! What must always hold is held by the schema itself (`migrations/`): deploys are insert-only and numbered without gaps,
//! events are appended only, and at most one deploy a Deployment is running, queued and live.

mod accounts;
mod audit;
mod backup;
mod contents;
mod counted;
mod deployment_tx;
mod deployments;
mod error;
mod export;
mod export_outbox;
mod forms;
mod grants;
mod history;
mod idempotency;
mod invariants;
mod migrate;
mod notices;
mod oidc_flows;
mod pool;
mod present;
mod reading;
mod rollouts;
mod rows;
mod seals;
mod search;
mod sessions;
mod sign_in;
mod snapshot;
mod teams;
#[cfg(test)]
pub(crate) mod tests;
mod tokens;
mod uploads;
mod workspaces;

pub use backup::{Found, copy_sqlite, known_schema, look};
pub use contents::{AuditHead, Contents};
pub use counted::{Counted, PoolUse};
pub use deployment_tx::DeploymentTx;
pub use error::StoreError;
pub use export::{ExportLease, Settled, Trouble};
pub use export_outbox::{OfDeploy, Outgoing, Told};
pub use grants::{Kept, NewGrant};
pub use history::EligibleWhen;
pub use idempotency::{Key, Remembered};
pub use notices::Notices;
pub(crate) use pool::{check_address, masked};
pub use present::Present;
pub use reading::NamedBy;
pub use rollouts::{Claim, RolloutEnd};
pub use sessions::{NewSession, OpenSession};
pub use snapshot::Snapshot;
pub use tokens::{NewToken, SentToken};

use backstep_domain::Millis;
use pool::{Pool, read};

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
}

/// How far a database is migrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaVersion {
    pub found: i64,
    /// What this program would migrate it to.
    pub known: i64,
}

impl Store {
    /// Opens `sqlite:///PATH` or `postgres://...`, and brings the schema up to date.
    ///
    /// # Errors
    /// `InUse` if another server has the SQLite file; `NewerSchema` if a newer Backstep wrote it.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Ok(Self { pool: Pool::open(url).await? })
    }

    /// The time of the database, where several servers can share it.
    pub async fn time(&self) -> Result<Option<Millis>, StoreError> {
        const SQL: &str = "select (extract(epoch from clock_timestamp()) * 1000)::bigint";
        match &self.pool {
            Pool::Sqlite { .. } => Ok(None),
            Pool::Postgres(pool) => Ok(Some(Millis(sqlx::query_scalar(SQL).fetch_one(pool).await?))),
        }
    }

    /// The version of the schema as it is now. A newer server may have migrated it since this one opened it.
    pub async fn schema_version(&self) -> Result<SchemaVersion, StoreError> {
        let found = read!(self, c => sqlx::query_scalar(migrate::NEWEST).fetch_one(c).await)?;
        Ok(SchemaVersion { found, known: migrate::known() })
    }

    /// Ends the connections; waits for those in use.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
