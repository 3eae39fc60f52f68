//! Keeping the lease of a rollout.

use tokio::time::{Instant, sleep};

use super::engine::Engine;
use crate::store::{Claim, StoreError};

impl Engine {
    /// Renews the lease until it is lost; returns only then.
    ///
    /// A database that does not answer is asked again until the lease must be taken for lost: then another server may
    /// already hold the rollout.
    pub(super) async fn keep_lease(&self, claim: &Claim) {
        let limits = self.limits();
        let mut renewed = Instant::now();
        loop {
            sleep(limits.renewed_every).await;
            let asked = Instant::now();
            match self.store().renew(claim, self.now().plus(limits.lease_ms())).await {
                Ok(()) => renewed = asked,
                Err(StoreError::Fenced) => return,
                Err(error) => {
                    self.metrics().renewal_failed();
                    tracing::warn!(deploy = %claim.deploy.id, %error, "the lease could not be renewed");
                    if renewed.elapsed() >= limits.lease {
                        return;
                    }
                }
            }
        }
    }
}
