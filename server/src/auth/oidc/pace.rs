//! How often an address may begin: whoever is not signed in must not be able to fill the store, or to keep it busy.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use backstep_domain::{MINUTE, Millis};

/// Sign-ins that an address may begin in a minute. Many people can share one.
const PER_MINUTE: u32 = 60;

#[derive(Debug, Default)]
pub struct Pace(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    minute: i64,
    begun: HashMap<String, u32>,
}

impl Pace {
    /// Whether one more may begin; counts it.
    pub fn admits(&self, address: &str, now: Millis) -> bool {
        // Counts are right at every moment, so a thread that died holding them did no harm.
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.0.div_euclid(MINUTE);
        if counted.minute != minute {
            *counted = Counted { minute, begun: HashMap::new() };
        }
        let begun = counted.begun.entry(address.to_owned()).or_default();
        *begun += 1;
        *begun <= PER_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_until_the_minute_is_over() {
        let pace = Pace::default();
        let now = Millis(90 * MINUTE);
        for _ in 0..PER_MINUTE {
            assert!(pace.admits("192.0.2.1", now));
        }
        assert!(!pace.admits("192.0.2.1", now.plus(MINUTE - 1)));
        assert!(pace.admits("192.0.2.2", now));
        assert!(pace.admits("192.0.2.1", now.plus(MINUTE)));
    }
}
