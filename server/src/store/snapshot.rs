//! The store as it is at one moment, to be read and checked: also beside a running server, whose lock it leaves alone.

use std::{path::Path, str::FromStr};

use backstep_domain::{Flaw, StoredEntry, StoredSeal};
use sqlx::{
    FromRow,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use super::{
    StoreError, invariants, migrate,
    pool::{Tx, within},
    rows::unsigned,
    seals::{self, CheckpointRow},
};
use crate::audit::Checkpoint;

/// A transaction that only reads.
pub struct Snapshot {
    tx: Tx,
}

#[derive(FromRow)]
struct EntryRow {
    id: Option<i64>,
    at: Option<i64>,
    action: Option<String>,
    actor_id: Option<String>,
    workspace_id: Option<String>,
    deployment_id: Option<String>,
    search_text: Option<String>,
    body: Option<String>,
}

#[derive(FromRow)]
struct SealRow {
    seq: i64,
    audit_id: i64,
    hash: String,
    #[sqlx(flatten)]
    entry: EntryRow,
}

/// `None` where the row came from a join that found no entry.
fn entry(row: EntryRow) -> Option<StoredEntry> {
    row.id?;
    Some(StoredEntry {
        at: row.at?,
        action: row.action?,
        actor_id: row.actor_id?,
        workspace_id: row.workspace_id,
        deployment_id: row.deployment_id,
        search_text: row.search_text?,
        body: row.body?,
    })
}

const SEALS: &str = "select s.seq, s.audit_id, s.hash, a.id, a.at, a.action, a.actor_id, a.workspace_id, \
                     a.deployment_id, a.search_text, a.body from audit_seals s left join audit a on a.id = s.audit_id \
                     where s.seq > $1 order by s.seq limit $2";
const UNSEALED: &str = "select a.id, a.at, a.action, a.actor_id, a.workspace_id, a.deployment_id, a.search_text, a.body \
                        from audit a where not exists (select 1 from audit_seals s where s.audit_id = a.id) and a.id > $1 \
                        order by a.id limit $2";
const CHECKPOINTS: &str = "select seq, hash, at, key_id, public_key, signature from audit_checkpoints order by id";

impl Snapshot {
    /// Opens the database of a Backstep, running or not. Nothing is written, not even the schema.
    ///
    /// # Errors
    /// `Unfit` if it has no audit log; `NewerSchema` if a newer Backstep wrote it.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let mut tx = match url.strip_prefix("sqlite://") {
            Some(path) => {
                let options = SqliteConnectOptions::new().filename(Path::new(path)).read_only(true);
                let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
                Tx::Sqlite(pool.begin().await?)
            }
            None => {
                let options =
                    PgConnectOptions::from_str(url).map_err(|_| StoreError::Address(super::pool::masked(url)))?;
                let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
                Tx::Postgres(pool.begin_with("begin isolation level repeatable read read only").await?)
            }
        };
        migrate::check_readable(&mut tx).await?;
        Ok(Self { tx })
    }

    pub(super) fn tx(&mut self) -> &mut Tx {
        &mut self.tx
    }

    /// At most `limit` seals above a place, each with its entry.
    pub async fn seals(&mut self, above: u64, limit: u32) -> Result<Vec<StoredSeal>, StoreError> {
        let above = i64::try_from(above).unwrap_or(i64::MAX);
        let rows: Vec<SealRow> = within!(&mut self.tx, c => {
            sqlx::query_as(SEALS).bind(above).bind(i64::from(limit)).fetch_all(c).await
        })?;
        let seal = |row: SealRow| {
            Ok(StoredSeal {
                seq: unsigned(row.seq)?,
                entry: unsigned(row.audit_id)?,
                hash: row.hash,
                stored: entry(row.entry),
            })
        };
        rows.into_iter().map(seal).collect()
    }

    /// At most `limit` entries without a seal, with an id above.
    pub async fn unsealed(&mut self, above: u64, limit: u32) -> Result<Vec<(u64, StoredEntry)>, StoreError> {
        let above = i64::try_from(above).unwrap_or(i64::MAX);
        let rows: Vec<EntryRow> = within!(&mut self.tx, c => {
            sqlx::query_as(UNSEALED).bind(above).bind(i64::from(limit)).fetch_all(c).await
        })?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            let id = unsigned(row.id.unwrap_or_default())?;
            entries.extend(entry(row).map(|entry| (id, entry)));
        }
        Ok(entries)
    }

    /// Every checkpoint that the server kept, oldest first.
    pub async fn checkpoints(&mut self) -> Result<Vec<Checkpoint>, StoreError> {
        let rows: Vec<CheckpointRow> = within!(&mut self.tx, c => sqlx::query_as(CHECKPOINTS).fetch_all(c).await)?;
        rows.into_iter().map(seals::checkpoint).collect()
    }

    /// Where the schema is not what the migrations made.
    pub async fn schema(&mut self) -> Result<Vec<Flaw>, StoreError> {
        invariants::schema(&mut self.tx).await
    }

    /// What does not hold between statuses, rollouts, rows, audit log, keys and outbox.
    pub async fn invariants(&mut self) -> Result<Vec<Flaw>, StoreError> {
        invariants::others(&mut self.tx).await
    }

    /// How many deploys there are, and where the histories are not what they must be.
    pub async fn histories(&mut self) -> Result<(u64, Vec<Flaw>), StoreError> {
        invariants::histories(&mut self.tx).await
    }
}
