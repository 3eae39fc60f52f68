//! How often somebody may ask for something costly within a minute. Counted in this process: what a flood would hold up is
//! its store, its locks and its targets.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use backstep_domain::{MINUTE, Millis};

/// Counts by name (an account, an address) within the minutes of the clock: a check costs the same however many names there
/// are, and what is kept ends with the minute.
#[derive(Clone, Debug)]
pub struct Pace {
    /// `None`: any number.
    most: Option<u32>,
    counted: Arc<Mutex<Counted>>,
}

#[derive(Debug, Default)]
struct Counted {
    minute: i64,
    times: HashMap<String, u32>,
}

/// One too many. It has to wait so many seconds, until the next minute begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooFast {
    pub seconds: i64,
}

impl Pace {
    /// `most` times by the same name within a minute; 0: any number.
    pub fn per_minute(most: u32) -> Self {
        Self { most: (most > 0).then_some(most), counted: Arc::default() }
    }

    /// Counts one more by this name.
    ///
    /// # Errors
    /// If it is one too many.
    pub fn admit(&self, name: &str, now: Millis) -> Result<(), TooFast> {
        let Some(most) = self.most else { return Ok(()) };
        let minute = now.0.div_euclid(MINUTE);
        // Counts are right at every moment, so a thread that died holding them did no harm.
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.minute != minute {
            *counted = Counted { minute, times: HashMap::new() };
        }
        let times = counted.times.entry(name.to_owned()).or_default();
        if *times >= most {
            let seconds = (MINUTE - now.0.rem_euclid(MINUTE)).div_euclid(1000) + 1;
            return Err(TooFast { seconds });
        }
        *times += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_waits_until_its_minute_is_over() {
        let pace = Pace::per_minute(2);
        let at = |seconds: i64| Millis(90 * MINUTE + seconds * 1000);
        assert_eq!(pace.admit("192.0.2.1", at(0)), Ok(()));
        assert_eq!(pace.admit("192.0.2.1", at(30)), Ok(()));
        let TooFast { seconds } = pace.admit("192.0.2.1", at(40)).unwrap_err();
        assert_eq!(seconds, 21);
        assert_eq!(pace.admit("192.0.2.2", at(40)), Ok(()), "somebody else");
        assert!(pace.admit("192.0.2.1", at(59)).is_err());
        assert_eq!(pace.admit("192.0.2.1", at(40 + seconds)), Ok(()), "after the wait");
    }

    #[test]
    fn none_is_any_number() {
        let pace = Pace::per_minute(0);
        assert!((0..1000).all(|_| pace.admit("a", Millis(0)).is_ok()));
    }
}
