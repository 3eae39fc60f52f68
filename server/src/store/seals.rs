//! The hash chain over the audit log, and the checkpoints that were signed of it.

use backstep_domain::{ChainHash, Millis, SealedUpTo};

use super::{
    Store, StoreError,
    pool::{Tx, read, within},
    rows::unsigned,
};
use crate::audit::Checkpoint;

/// Entries that are sealed in one transaction at most.
const BATCH: i64 = 500;

/// Any number, the same in every server: the advisory lock of sealing.
const LOCK: &str = "select pg_advisory_xact_lock(7411741174117412)";

const HEAD: &str = "select s.seq, s.hash, a.at from audit_seals s left join audit a on a.id = s.audit_id order by s.seq \
                    desc limit 1";
const LAST_CHECKPOINT: &str =
    "select seq, hash, at, key_id, public_key, signature from audit_checkpoints order by id desc limit 1";

pub(super) type CheckpointRow = (i64, String, i64, String, String, String);

pub(super) fn checkpoint(row: CheckpointRow) -> Result<Checkpoint, StoreError> {
    let (seq, hash, at, key, public_key, signature) = row;
    Ok(Checkpoint { seq: unsigned(seq)?, hash, at: Millis(at), key, public_key, signature })
}

impl Store {
    /// Seals everything that is not sealed yet; answers how many entries that were.
    pub async fn seal(&self) -> Result<usize, StoreError> {
        const WAITING: &str = "select count(*) from (select 1 from audit_unsealed limit 1) as waiting";
        let mut sealed = 0;
        loop {
            // A look first: to begin a transaction is to hold up the writers.
            let (waiting,): (i64,) = read!(self, c => sqlx::query_as(WAITING).fetch_one(c).await)?;
            let more = if waiting == 0 { 0 } else { self.seal_batch().await? };
            if more == 0 {
                return Ok(sealed);
            }
            sealed += more;
        }
    }

    async fn seal_batch(&self) -> Result<usize, StoreError> {
        const NEXT: &str = "select a.id, a.body from audit_unsealed u join audit a on a.id = u.audit_id order by a.id \
                            limit $1";
        const SEAL: &str = "insert into audit_seals (seq, audit_id, hash) values ($1, $2, $3)";
        const DONE: &str = "delete from audit_unsealed where audit_id = $1";
        let mut tx = self.pool.begin().await?;
        if let Tx::Postgres(tx) = &mut tx {
            // What is read from here on is what the sealer before committed: the chain never forks.
            sqlx::query(LOCK).execute(&mut **tx).await?;
        }
        let head: Option<(i64, String, Option<i64>)> =
            within!(&mut tx, c => sqlx::query_as(HEAD).fetch_optional(c).await)?;
        let (mut seq, mut hash) = match head {
            None => (0, ChainHash::START),
            Some((seq, hash, _)) => (seq, chain_hash(&hash)?),
        };
        let entries: Vec<(i64, String)> = within!(&mut tx, c => sqlx::query_as(NEXT).bind(BATCH).fetch_all(c).await)?;
        for (id, body) in &entries {
            seq += 1;
            hash = ChainHash::seal(&hash, unsigned(seq)?, unsigned(*id)?, body);
            within!(&mut tx, c => sqlx::query(SEAL).bind(seq).bind(id).bind(hash.to_string()).execute(c).await.map(|_| ()))?;
            within!(&mut tx, c => sqlx::query(DONE).bind(id).execute(c).await.map(|_| ()))?;
        }
        tx.commit().await?;
        Ok(entries.len())
    }

    /// Up to where the log is sealed; `None` while nothing is.
    pub async fn sealed_up_to(&self) -> Result<Option<SealedUpTo>, StoreError> {
        let head: Option<(i64, String, Option<i64>)> = read!(self, c => sqlx::query_as(HEAD).fetch_optional(c).await)?;
        let sealed = |(seq, hash, at): (i64, String, Option<i64>)| {
            Ok(SealedUpTo { seq: unsigned(seq)?, hash: chain_hash(&hash)?, at: at.map(Millis) })
        };
        head.map(sealed).transpose()
    }

    pub async fn keep_checkpoint(&self, c: &Checkpoint) -> Result<(), StoreError> {
        const SQL: &str = "insert into audit_checkpoints (seq, hash, at, key_id, public_key, signature) values ($1, $2, $3, \
                           $4, $5, $6)";
        let seq = i64::try_from(c.seq).map_err(|e| StoreError::Damaged(e.to_string()))?;
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, conn => {
            sqlx::query(SQL).bind(seq).bind(&c.hash).bind(c.at.0).bind(&c.key).bind(&c.public_key).bind(&c.signature)
                .execute(conn).await.map(|_| ())
        })?;
        tx.commit().await
    }

    pub async fn last_checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        let row: Option<CheckpointRow> = read!(self, c => sqlx::query_as(LAST_CHECKPOINT).fetch_optional(c).await)?;
        row.map(checkpoint).transpose()
    }
}

fn chain_hash(text: &str) -> Result<ChainHash, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged("the last seal of the audit log has no hash".to_owned()))
}
