//! What a database says of itself at one moment, for the list of a backup.

use std::collections::BTreeSet;

use backstep_domain::{BundleDigest, ChainHash};
use serde::{Deserialize, Serialize};

use super::{
    Snapshot, StoreError, migrate,
    pool::{Tx, within},
    rows::unsigned,
};

/// What is in a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The version of its schema.
    pub schema: i64,
    pub audit: Option<AuditHead>,
    /// The DAG bundles that deploys and uploads name.
    pub bundles: BTreeSet<BundleDigest>,
}

/// Where the sealed audit log ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    pub seq: u64,
    pub hash: ChainHash,
}

const HEAD: &str = "select seq, hash from audit_seals order by seq desc limit 1";
const SQLITE: &str = "select bundle from uploads where bundle is not null union select json_extract(revision, \
                      '$.dags.bundle') from deploys where json_extract(revision, '$.dags.bundle') is not null union select \
                      json_extract(revision, '$.dags.bundle') from deploy_states where json_extract(revision, \
                      '$.dags.bundle') is not null";
const POSTGRES: &str = "select bundle from uploads where bundle is not null union select revision::json #>> \
                        '{dags,bundle}' from deploys where revision::json #>> '{dags,bundle}' is not null union select \
                        revision::json #>> '{dags,bundle}' from deploy_states where revision::json #>> '{dags,bundle}' \
                        is not null";

impl Snapshot {
    pub async fn contents(&mut self) -> Result<Contents, StoreError> {
        let tx = self.tx();
        let schema = within!(tx, c => sqlx::query_scalar(migrate::NEWEST).fetch_one(c).await)?;
        let head: Option<(i64, String)> = within!(tx, c => sqlx::query_as(HEAD).fetch_optional(c).await)?;
        let named: Vec<String> = match tx {
            Tx::Sqlite(tx) => sqlx::query_scalar(SQLITE).fetch_all(&mut **tx).await?,
            Tx::Postgres(tx) => sqlx::query_scalar(POSTGRES).fetch_all(&mut **tx).await?,
        };
        let audit = head.map(|(seq, hash)| {
            let hash = hash.parse().map_err(|_| StoreError::Damaged("the last seal has no hash".to_owned()))?;
            Ok::<_, StoreError>(AuditHead { seq: unsigned(seq)?, hash })
        });
        let digest =
            |text: String| text.parse().map_err(|_| StoreError::Damaged(format!("{text} names no DAG bundle")));
        Ok(Contents {
            schema,
            audit: audit.transpose()?,
            bundles: named.into_iter().map(digest).collect::<Result<_, _>>()?,
        })
    }

    /// The name under which another connection sees the same moment; PostgreSQL only.
    pub async fn exported(&mut self) -> Result<Option<String>, StoreError> {
        match self.tx() {
            Tx::Sqlite(_) => Ok(None),
            Tx::Postgres(tx) => Ok(Some(sqlx::query_scalar("select pg_export_snapshot()").fetch_one(&mut **tx).await?)),
        }
    }

    /// The major version of PostgreSQL; `None` for SQLite.
    pub async fn postgres_version(&mut self) -> Result<Option<i32>, StoreError> {
        const SQL: &str = "select current_setting('server_version_num')::int / 10000";
        match self.tx() {
            Tx::Sqlite(_) => Ok(None),
            Tx::Postgres(tx) => Ok(Some(sqlx::query_scalar(SQL).fetch_one(&mut **tx).await?)),
        }
    }
}
