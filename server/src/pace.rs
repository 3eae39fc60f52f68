//! How often somebody may ask for something costly within a minute. Counted in this process: what a flood would hold up is
//! its store, its locks and its targets.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use backstep_domain::{MINUTE, Millis};

/// What each name (an account, an address) asked for within the last minute. Names that asked for nothing since are dropped
/// once a minute, so that a check does not look through all of them.
#[derive(Clone, Debug)]
pub struct Pace {
    /// `None`: any number.
    most: Option<u32>,
    asked: Arc<Mutex<Asked>>,
}

#[derive(Debug)]
struct Asked {
    dropped: Millis,
    times: HashMap<String, VecDeque<Millis>>,
}

/// One too many. It has to wait so many seconds, until the first of those before it is a minute ago.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooFast {
    pub seconds: i64,
}

impl Pace {
    /// `most` times by the same name within any minute; 0: any number.
    pub fn per_minute(most: u32) -> Self {
        Self {
            most: (most > 0).then_some(most),
            asked: Arc::new(Mutex::new(Asked { dropped: Millis(0), times: HashMap::new() })),
        }
    }

    /// Counts one more by this name.
    ///
    /// # Errors
    /// If it is one too many; that one is not counted.
    pub fn admit(&self, name: &str, now: Millis) -> Result<(), TooFast> {
        let Some(most) = self.most else { return Ok(()) };
        let since = now.minus(MINUTE);
        // It is right at every moment, so a thread that died holding it did no harm.
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.dropped <= since {
            asked.times.retain(|_, times| times.back().is_some_and(|last| *last > since));
            asked.dropped = now;
        }
        let times = asked.times.entry(name.to_owned()).or_default();
        times.retain(|at| *at > since);
        if let Some(first) = times.front().filter(|_| times.len() >= most as usize) {
            return Err(TooFast { seconds: (first.0 + MINUTE - now.0).div_euclid(1000) + 1 });
        }
        times.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_own_minute() {
        let pace = Pace::per_minute(2);
        let at = |seconds: i64| Millis(90 * MINUTE + seconds * 1000);
        assert_eq!(pace.admit("a", at(0)), Ok(()));
        assert_eq!(pace.admit("a", at(30)), Ok(()));
        assert_eq!(pace.admit("a", at(40)), Err(TooFast { seconds: 21 }));
        assert_eq!(pace.admit("b", at(40)), Ok(()));
        assert!(pace.admit("a", at(60).minus(1)).is_err());
        assert_eq!(pace.admit("a", at(60)), Ok(()), "the first one is a minute ago");
        assert!(pace.admit("a", at(61)).is_err(), "the two since are not");
    }

    #[test]
    fn names_are_not_kept_for_ever() {
        let pace = Pace::per_minute(2);
        for name in 0..100 {
            assert_eq!(pace.admit(&name.to_string(), Millis(90 * MINUTE)), Ok(()));
        }
        assert_eq!(pace.admit("later", Millis(91 * MINUTE)), Ok(()));
        assert_eq!(pace.asked.lock().unwrap().times.len(), 1);
    }

    #[test]
    fn none_is_any_number() {
        let pace = Pace::per_minute(0);
        assert!((0..1000).all(|_| pace.admit("a", Millis(0)).is_ok()));
    }
}
