//! How often one account may ask for a rollback. Counted in this process: what a flood of requests would hold up is its
//! locks and its targets.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use backstep_domain::{MINUTE, Millis, Problem, ProblemCode};

/// Requests of the last minute, by account.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Requests that one account may send within a minute; `None`: any number.
    most: Option<u32>,
    asked: Arc<Mutex<HashMap<String, VecDeque<Millis>>>>,
}

impl Pace {
    /// `most` requests of an account within a minute; 0: any number.
    pub fn per_minute(most: u32) -> Self {
        Self { most: (most > 0).then_some(most), asked: Arc::default() }
    }

    /// Counts a request; 429 if it is one too many, and that one is not counted.
    pub fn check(&self, account: &str, now: Millis) -> Result<(), Problem> {
        let Some(most) = self.most else { return Ok(()) };
        let since = now.minus(MINUTE);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|_, times| {
            times.retain(|at| *at > since);
            !times.is_empty()
        });
        let times = asked.entry(account.to_owned()).or_default();
        if let Some(oldest) = times.front().filter(|_| times.len() >= most as usize) {
            let seconds = (oldest.0 + MINUTE - now.0).div_euclid(1000) + 1;
            let message = format!(
                "You asked for {most} rollbacks within a minute. Nothing was done; wait {seconds} seconds, then try again."
            );
            return Err(Problem::new(ProblemCode::TooManyRequests, message));
        }
        times.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_its_own_minute() {
        let pace = Pace::per_minute(2);
        let at = |seconds: i64| Millis(seconds * 1000);
        assert!(pace.check("a", at(0)).is_ok());
        assert!(pace.check("a", at(30)).is_ok());
        let refused = pace.check("a", at(40)).unwrap_err();
        assert_eq!(refused.code, ProblemCode::TooManyRequests);
        assert!(refused.message.contains("wait 21 seconds"), "{refused}");
        assert!(pace.check("b", at(40)).is_ok());
        assert!(pace.check("a", at(60)).is_ok(), "the first one is a minute ago");
        assert!(pace.check("a", at(61)).is_err(), "the two since are not");
    }

    #[test]
    fn none_is_any_number() {
        let pace = Pace::per_minute(0);
        assert!((0..1000).all(|_| pace.check("a", Millis(0)).is_ok()));
    }
}
