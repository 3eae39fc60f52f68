//! Which DAG bundles of a whole installation are kept, and for whom.

use std::collections::{BTreeMap, BTreeSet};

use backstep_domain::{BundleDigest, DAY, DeployNumber, Millis, Policy};

use crate::{
    rollout::bundles_of_window,
    store::{Store, StoreError},
};

/// What is as young as this is left alone, whoever names it: it may be on its way into a history.
pub const GRACE_MS: i64 = DAY;

/// The deploys of a Deployment that need a bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NeededBy {
    /// The Deployment's name.
    pub deployment: String,
    pub numbers: BTreeSet<DeployNumber>,
}

/// The bundles that are kept.
#[derive(Clone, Debug, Default)]
pub struct Retained {
    pub bundles: BTreeMap<BundleDigest, Vec<NeededBy>>,
    /// Of uploads that are open, or were until just now.
    pub uploads: BTreeSet<BundleDigest>,
}

impl Retained {
    /// By the rule of the rollback window, which ends a day later here than for rollbacks: one that is asked for now still
    /// finds its files.
    pub async fn of(store: &Store, policy: &Policy, now: Millis) -> Result<Self, StoreError> {
        let day_before = now.minus(GRACE_MS);
        // Uploads first: one that is finalized meanwhile is in the histories, which are read after it.
        let uploads = store.bundles_of_uploads(day_before).await?.into_iter().collect();
        let mut retained = Self { bundles: BTreeMap::new(), uploads };
        for deployment in store.deployments(None).await? {
            for (bundle, numbers) in bundles_of_window(store, policy, day_before, &deployment.id).await? {
                let needed = NeededBy { deployment: deployment.name.clone(), numbers };
                retained.bundles.entry(bundle).or_default().push(needed);
            }
        }
        Ok(retained)
    }

    pub fn has(&self, bundle: &BundleDigest) -> bool {
        self.bundles.contains_key(bundle) || self.uploads.contains(bundle)
    }
}
