//! Keeping the lease of a rollout.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::engine::Engine;
use crate::store::{Claim, StoreError};

/// How long a lease holds, and how often it is renewed.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    pub holds: Duration,
    pub renewed_every: Duration,
}

impl Default for Lease {
    /// Short, so that what a killed server was doing goes on within five seconds. Whoever is only slow and loses it is
    /// fenced off, and the next holder observes before it acts.
    fn default() -> Self {
        Self { holds: Duration::from_secs(3), renewed_every: Duration::from_secs(1) }
    }
}

impl Lease {
    pub(super) fn ms(self) -> i64 {
        i64::try_from(self.holds.as_millis()).unwrap_or(i64::MAX)
    }
}

impl Engine {
    /// Renews the lease until it is lost; returns only then.
    ///
    /// A database that does not answer is asked again until the lease must be taken for lost: then another server may
    /// already hold the rollout.
    pub(super) async fn keep_lease(&self, claim: &Claim) {
        let lease = self.lease();
        let mut renewed = Instant::now();
        loop {
            sleep(lease.renewed_every).await;
            let asked = Instant::now();
            match self.store().renew(claim, self.now().plus(lease.ms())).await {
                Ok(()) => renewed = asked,
                Err(StoreError::Fenced) => return,
                Err(error) => {
                    tracing::warn!(deploy = %claim.deploy.id, %error, "the lease could not be renewed");
                    if renewed.elapsed() >= lease.holds {
                        return;
                    }
                }
            }
        }
    }
}
