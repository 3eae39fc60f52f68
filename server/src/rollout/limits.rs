//! What a rollout is held to.

use std::time::Duration;

/// How long things may take, and how often they are tried.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a lease holds.
    pub lease: Duration,
    pub renewed_every: Duration,
    /// How long one step may take, whatever its target's own limit is.
    pub step: Duration,
    /// How many servers may take a rollout up, one after the other.
    pub attempts: i64,
}

impl Default for Limits {
    /// The lease is short, so that what a killed server was doing goes on within five seconds. Whoever is only slow and loses
    /// it is fenced off, and the next holder observes before it acts.
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(3),
            renewed_every: Duration::from_secs(1),
            step: Duration::from_secs(3600),
            attempts: 20,
        }
    }
}

impl Limits {
    pub(super) fn lease_ms(self) -> i64 {
        i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX)
    }
}
