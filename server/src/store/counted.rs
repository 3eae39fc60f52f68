//! What watchers of the server count.

use backstep_domain::Millis;

use super::{
    Store, StoreError,
    pool::{Pool, read},
};

/// What is so in the whole installation at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub running: i64,
    pub queued: i64,
    pub held: i64,
    /// Deployments whose new deploys are held.
    pub on_hold: i64,
    /// Entries of the audit log without a seal.
    pub unsealed: i64,
    /// When the oldest running rollout began.
    pub running_since: Option<Millis>,
}

/// A pool of connections of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolUse {
    pub pool: &'static str,
    pub in_use: i64,
    pub idle: i64,
    pub limit: i64,
}

/// Each through an index that holds nothing else, so that a long history costs nothing.
pub(super) const COUNTED: &str = "select (select count(*) from deploy_states where status = 'running'), (select count(*) \
                                  from deploy_states where status = 'queued'), (select count(*) from deploy_states where \
                                  status = 'held'), (select count(*) from holds) - (select count(*) from holds where until <= $1), (select count(*) from audit_unsealed), \
                                  (select min(started_at) from deploy_states where status = 'running')";

type Row = (i64, i64, i64, i64, i64, Option<i64>);

impl Store {
    /// What is so in the whole installation now.
    pub async fn counted(&self, now: Millis) -> Result<Counted, StoreError> {
        let row: Row = read!(self, c => sqlx::query_as(COUNTED).bind(now.0).fetch_one(c).await)?;
        let (running, queued, held, on_hold, unsealed, since) = row;
        Ok(Counted { running, queued, held, on_hold, unsealed, running_since: since.map(Millis) })
    }

    /// The connections that this process has.
    pub fn pools(&self) -> Vec<PoolUse> {
        let of = |pool, size: u32, idle: usize, limit: u32| {
            let (size, idle) = (i64::from(size), i64::try_from(idle).unwrap_or(i64::MAX));
            PoolUse { pool, in_use: (size - idle).max(0), idle, limit: limit.into() }
        };
        match &self.pool {
            Pool::Sqlite { read, write, .. } => vec![
                of("read", read.size(), read.num_idle(), read.options().get_max_connections()),
                of("write", write.size(), write.num_idle(), write.options().get_max_connections()),
            ],
            Pool::Postgres(all) => vec![of("all", all.size(), all.num_idle(), all.options().get_max_connections())],
        }
    }
}
