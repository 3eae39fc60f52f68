//! Removing old DAG bundles from a target by the rule of the rollback window.

use std::collections::BTreeSet;

use backstep_domain::{BundleDigest, DAY, Deploy, DeployStatus, DeploymentId, HistoryFilter, Part};

use super::{carry_out::Job, engine::Engine};
use crate::store::{EligibleWhen, StoreError};

const PAGE: u32 = 200;

impl Engine {
    /// Removes the bundles that nothing in the window needs. Done while the lease is held, so that no other rollout is
    /// staging files there. What cannot be removed fails nothing.
    pub(super) async fn prune(&self, job: &Job<'_>, index: u32) -> Result<(), StoreError> {
        let Some(target) = self.known_target(job, Part::Dags) else {
            return Ok(());
        };
        let mut keep = self.bundles_kept(&job.deployment.id).await?;
        keep.extend(bundle_of(job.deploy()));
        self.logged(job, index, async |log| match target.prune(&keep).await {
            Ok(0) => {}
            Ok(count) => log.line(format!("{} old DAG bundles outside the rollback window were removed", count)),
            Err(error) => log.line(format!("Old DAG bundles were not removed: {error}")),
        })
        .await
    }

    /// The bundles of every deploy that can be rolled back to, or is still to be rolled out, and of what runs.
    pub(super) async fn bundles_kept(&self, id: &DeploymentId) -> Result<BTreeSet<BundleDigest>, StoreError> {
        let present = self.store().present(id).await?;
        let since = self.now().minus(i64::from(self.policy().window_days) * DAY);
        let eligible = EligibleWhen { created_or_live_since: since, before_live: present.before_live };
        let mut keep: BTreeSet<_> =
            [&present.live, &present.running, &present.queued].into_iter().flatten().filter_map(bundle_of).collect();
        let in_window = HistoryFilter { eligible_only: true, ..HistoryFilter::default() };
        let held = HistoryFilter { status: Some(DeployStatus::Held), ..HistoryFilter::default() };
        for filter in [in_window, held] {
            let mut before = None;
            loop {
                let page = self.store().history(id, &filter, &eligible, before, PAGE).await?;
                keep.extend(page.iter().filter_map(bundle_of));
                match page.last() {
                    Some(last) if page.len() == PAGE as usize => before = Some(last.number),
                    _ => break,
                }
            }
        }
        Ok(keep)
    }
}

fn bundle_of(deploy: &Deploy) -> Option<BundleDigest> {
    deploy.revision.dags.as_ref().map(|dags| dags.bundle.clone())
}
