//! What is not counted but is so at the moment: read whenever the figures are asked for, so that none is stale.

use std::{path::Path, sync::atomic::AtomicU64, time::Duration};

use backstep_domain::{ExportStatus, Millis};
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
    /// `None`: no export is configured, or the database did not answer.
    export: Option<ExportStatus>,
    pools: Vec<PoolUse>,
    space: Option<FreeSpace>,
}

impl Now {
    /// Reads them; `now` is the clock's.
    pub async fn read(store: &Store, data: &Path, now: Millis) -> Self {
        let counted = match timeout(PATIENCE, store.counted(now)).await {
            Ok(Ok(counted)) => Some(counted),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the database does not say what metrics ask");
                None
            }
            Err(_) => None,
        };
        let export = match timeout(PATIENCE, store.export_status(now)).await {
            Ok(Ok(export)) => Some(export).filter(|export| export.enabled),
            Ok(Err(_)) | Err(_) => None,
        };
        let since = counted.as_ref().and_then(|counted| counted.running_since);
        let oldest = since.map_or(0, |since| u64::try_from(now.since(since)).unwrap_or(0));
        let (oldest, space) = (Duration::from_millis(oldest), FreeSpace::of(data).ok());
        Self { counted, oldest, export, pools: store.pools(), space }
    }

    pub(super) fn registry(&self) -> Registry {
        let mut to = Registry::with_prefix("backstep");
        let up: Gauge = Gauge::default();
        up.set(self.counted.is_some().into());
        to.register("database_up", "Whether the database answered within two seconds", up);
        if let Some(counted) = &self.counted {
            self.register_counted(&mut to, counted);
        }
        if let Some(export) = &self.export {
            register_export(&mut to, export);
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

fn register_export(to: &mut Registry, export: &ExportStatus) {
    let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    for (name, help, count) in [
        ("export_waiting_lines", "Log lines that are not sent yet", whole(export.waiting)),
        ("export_sent_lines", "Log lines that were accepted since the export began", whole(export.sent)),
        ("export_dropped_lines", "Log lines given up because more waited than is kept", whole(export.dropped)),
        ("export_set_aside_lines", "Log lines that were refused for good", whole(export.rejected)),
        ("export_failing", "Whether the last that happened to the export is an error", export.in_trouble().into()),
    ] {
        let gauge: Gauge = Gauge::default();
        gauge.set(count);
        to.register(name, help, gauge);
    }
    let lag = Gauge::<f64, AtomicU64>::default();
    lag.set(Duration::from_millis(u64::try_from(export.lag_ms).unwrap_or(0)).as_secs_f64());
    let help = "How long ago the oldest line that waits was written; 0 if none does";
    to.register_with_unit("export_oldest_waiting", help, Unit::Seconds, lag);
}
