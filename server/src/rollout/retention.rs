//! Which DAG bundles are kept, by the rule of the rollback window; and removing the others from a target.

use std::collections::{BTreeMap, BTreeSet};

use backstep_domain::{
    BundleDigest, DAY, Deploy, DeployNumber, DeployStatus, DeploymentId, HistoryFilter, Millis, Part, Policy,
};

use super::{carry_out::Job, engine::Engine};
use crate::store::{EligibleWhen, Store, StoreError};

const PAGE: u32 = 200;

/// Bundles, and the deploys that need them.
pub type Kept = BTreeMap<BundleDigest, BTreeSet<DeployNumber>>;

impl Engine {
    /// Removes the bundles that nothing in the window needs. Done while the lease is held, so that no other rollout is
    /// staging files there. What cannot be removed fails nothing.
    pub(super) async fn prune(&self, job: &Job<'_>, index: u32) -> Result<(), StoreError> {
        let Some(target) = self.known_target(job, Part::Dags) else {
            return Ok(());
        };
        let kept = bundles_kept(self.store(), self.policy(), self.now(), &job.deployment.id).await?;
        let mut keep: BTreeSet<_> = kept.into_keys().collect();
        keep.extend(bundle_of(job.deploy()));
        self.logged(job, index, async |log| match target.prune(&keep).await {
            Ok(0) => {}
            Ok(count) => log.line(format!("{} old DAG bundles outside the rollback window were removed", count)),
            Err(error) => log.line(format!("Old DAG bundles were not removed: {error}")),
        })
        .await
    }
}

/// The bundles of every deploy that can be rolled back to, or is still to be rolled out, and of what runs.
pub async fn bundles_kept(store: &Store, policy: &Policy, now: Millis, id: &DeploymentId) -> Result<Kept, StoreError> {
    let present = store.present(id).await?;
    let since = now.minus(i64::from(policy.window_days) * DAY);
    let eligible = EligibleWhen { created_or_live_since: since, before_live: present.before_live };
    let mut kept = Kept::new();
    [&present.live, &present.running, &present.queued].into_iter().flatten().for_each(|deploy| keep(&mut kept, deploy));
    let in_window = HistoryFilter { eligible_only: true, ..HistoryFilter::default() };
    let held = HistoryFilter { status: Some(DeployStatus::Held), ..HistoryFilter::default() };
    for filter in [in_window, held] {
        collect(store, id, &filter, &eligible, &mut kept).await?;
    }
    Ok(kept)
}

/// The bundles of every deploy of the window, whatever became of it: what failed yesterday is looked at today.
pub async fn bundles_of_window(
    store: &Store,
    policy: &Policy,
    now: Millis,
    id: &DeploymentId,
) -> Result<Kept, StoreError> {
    let since = now.minus(i64::from(policy.window_days) * DAY);
    let eligible = EligibleWhen { created_or_live_since: since, before_live: None };
    let filter = HistoryFilter { since: Some(since), ..HistoryFilter::default() };
    let mut kept = bundles_kept(store, policy, now, id).await?;
    collect(store, id, &filter, &eligible, &mut kept).await?;
    Ok(kept)
}

async fn collect(
    store: &Store,
    id: &DeploymentId,
    filter: &HistoryFilter,
    eligible: &EligibleWhen,
    kept: &mut Kept,
) -> Result<(), StoreError> {
    let mut before = None;
    loop {
        let page = store.history(id, filter, eligible, before, PAGE).await?;
        page.iter().for_each(|deploy| keep(kept, deploy));
        match page.last() {
            Some(last) if page.len() == PAGE as usize => before = Some(last.number),
            _ => return Ok(()),
        }
    }
}

fn keep(kept: &mut Kept, deploy: &Deploy) {
    if let Some(bundle) = bundle_of(deploy) {
        kept.entry(bundle).or_default().insert(deploy.number);
    }
}

fn bundle_of(deploy: &Deploy) -> Option<BundleDigest> {
    deploy.revision.dags.as_ref().map(|dags| dags.bundle.clone())
}
