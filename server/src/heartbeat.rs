//! When something that is done again and again last went well.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Shared between whoever does it and whoever watches. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Heartbeat(Arc<Mutex<Option<Instant>>>);

impl Heartbeat {
    /// It went well just now.
    pub fn beat(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How long ago it last went well; `None` if it never did.
    pub fn age(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).map(|at| at.elapsed())
    }

    /// Whether it ever went well.
    pub fn began(&self) -> bool {
        self.age().is_some()
    }

    /// Whether it did, but not for so long.
    pub fn missed(&self, limit: Duration) -> bool {
        self.age().is_some_and(|age| age > limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_began_is_not_late() {
        let heartbeat = Heartbeat::default();
        assert!(!heartbeat.began() && !heartbeat.missed(Duration::ZERO));
        heartbeat.clone().beat();
        std::thread::sleep(Duration::from_millis(2));
        assert!(heartbeat.began() && heartbeat.missed(Duration::ZERO));
        assert!(!heartbeat.missed(Duration::from_secs(60)));
    }
}
