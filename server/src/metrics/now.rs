//! What is not counted but is so at the moment: read whenever the figures are asked for, so that none is stale.

use std::{path::Path, sync::atomic::AtomicU64, time::Duration};

use backstep_domain::Millis;
use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};
use tokio::time::timeout;

use super::labels::{Connections, Pool, State};
use crate::{
    free_space::FreeSpace,
    store::{Counted, PoolUse, Store},
};

/// How long the database may take to answer; a figure that comes late is left out.
const PATIENCE: Duration = Duration::from_secs(2);

/// A moment's figures.
#[derive(Debug, Default)]
pub struct Now {
    /// `None`: the database did not answer, and nothing is said that only it knows.
    counted: Option<Counted>,
    oldest: Duration,
    pools: Vec<PoolUse>,
    space: Option<FreeSpace>,
}

impl Now {
    /// Reads them; `now` is the clock's.
    pub async fn read(store: &Store, data: &Path, now: Millis) -> Self {
        let counted = match timeout(PATIENCE, store.counted()).await {
            Ok(Ok(counted)) => Some(counted),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the database does not say what metrics ask");
                None
            }
            Err(_) => None,
        };
        let since = counted.as_ref().and_then(|counted| counted.running_since);
        let oldest = since.map_or(0, |since| u64::try_from(now.since(since)).unwrap_or(0));
        Self { counted, oldest: Duration::from_millis(oldest), pools: store.pools(), space: FreeSpace::of(data).ok() }
    }

    pub(super) fn registry(&self) -> Registry {
        let mut to = Registry::with_prefix("backstep");
        let up: Gauge = Gauge::default();
        up.set(self.counted.is_some().into());
        to.register("database_up", "Whether the database answered within two seconds", up);
        if let Some(counted) = &self.counted {
            self.register_counted(&mut to, counted);
        }
        let (open, limit) = (Family::<Connections, Gauge>::default(), Family::<Pool, Gauge>::default());
        for PoolUse { pool, in_use, idle, limit: most } in &self.pools {
            open.get_or_create(&Connections { pool, state: "in_use" }).set(*in_use);
            open.get_or_create(&Connections { pool, state: "idle" }).set(*idle);
            limit.get_or_create(&Pool { pool }).set(*most);
        }
        to.register("database_connections", "Connections to the database that are open", open);
        to.register("database_connections_limit", "Connections that there may be", limit);
        if let Some(space) = self.space {
            let free = Gauge::<f64, AtomicU64>::default();
            #[expect(clippy::cast_precision_loss, reason = "a disk's size to 53 bits")]
            free.set(space.free as f64);
            to.register_with_unit("data_free", "Room on the data folder's file system", Unit::Bytes, free);
        }
        to
    }

    fn register_counted(&self, to: &mut Registry, counted: &Counted) {
        let deploys = Family::<State, Gauge>::default();
        for (state, count) in [("running", counted.running), ("queued", counted.queued), ("held", counted.held)] {
            deploys.get_or_create(&State { state }).set(count);
        }
        to.register("deploys", "Deploys that are not at an end, in the whole installation", deploys);
        let oldest = Gauge::<f64, AtomicU64>::default();
        oldest.set(self.oldest.as_secs_f64());
        let help = "How long the oldest rollout has been running; 0 if none is";
        to.register_with_unit("rollout_running_oldest", help, Unit::Seconds, oldest);
        for (name, help, count) in [
            ("deployments_on_hold", "Deployments whose new deploys are held", counted.on_hold),
            ("audit_unsealed_entries", "Entries of the audit log without a seal", counted.unsealed),
        ] {
            let gauge: Gauge = Gauge::default();
            gauge.set(count);
            to.register(name, help, gauge);
        }
    }
}
