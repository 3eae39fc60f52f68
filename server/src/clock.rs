//! Time and ids, passed in so that tests are exact.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Instant,
};

use backstep_domain::Millis;

/// Tells the time.
pub trait Clock: Send + Sync {
    fn now(&self) -> Millis;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> Millis {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("the machine's clock is past 1970");
        Millis(i64::try_from(since_epoch.as_millis()).expect("the year is below 292 million"))
    }
}

/// The time of the database, for servers that share one: their own clocks may differ, and be set while they run.
///
/// Between two comparisons it goes on by the machine's steady clock.
#[derive(Debug)]
pub struct SharedClock {
    started: Instant,
    /// The database's time when this clock was started.
    then: AtomicI64,
}

impl SharedClock {
    pub fn at(now: Millis) -> Self {
        Self { started: Instant::now(), then: AtomicI64::new(now.0) }
    }

    /// Compares it with the database's, as read just now.
    pub fn set(&self, now: Millis) {
        self.then.store(now.minus(self.run_ms()).0, Ordering::SeqCst);
    }

    fn run_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

impl Clock for SharedClock {
    fn now(&self) -> Millis {
        Millis(self.then.load(Ordering::SeqCst)).plus(self.run_ms())
    }
}

/// A clock that a test sets.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    pub fn at(now: Millis) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Moves the time by `ms` milliseconds.
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::SeqCst))
    }
}

/// Makes ids that no other call makes.
pub trait Ids: Send + Sync {
    fn next(&self) -> String;
}

/// UUIDv7 as text: unique, and sorted by time.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeOrderedIds;

impl Ids for TimeOrderedIds {
    #[expect(clippy::disallowed_methods, reason = "the one place where ids are made")]
    fn next(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }
}

/// Ids that a test can foresee: `id-1`, `id-2` ...
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl Ids for SequentialIds {
    fn next(&self) -> String {
        format!("id-{}", self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_clock_goes_on_from_what_it_was_set_to() {
        let clock = SharedClock::at(Millis(1_000_000));
        assert!((1_000_000..1_060_000).contains(&clock.now().0));
        clock.set(Millis(5_000));
        assert!((5_000..65_000).contains(&clock.now().0));
    }
}
