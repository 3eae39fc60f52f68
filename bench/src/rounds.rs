//! Rounds: everything is measured once on the way there and once on the way back.

use std::collections::BTreeMap;

use crate::statistics::median;

/// There and back again. Of two it is A B B A: what drifts meanwhile weighs on both alike.
pub fn mirrored<T>(actions: &[T]) -> impl Iterator<Item = &T> {
    actions.iter().chain(actions.iter().rev())
}

/// What is measured in one round: samples, in seconds, of some series.
#[derive(Debug, Default)]
pub struct Round {
    samples: BTreeMap<&'static str, Vec<f64>>,
}

impl Round {
    pub fn add(&mut self, series: &'static str, seconds: f64) {
        self.samples.entry(series).or_default().push(seconds);
    }
}

/// Each round's median of each series, in seconds.
#[derive(Debug, Default)]
pub struct Rounds {
    rounds: Vec<BTreeMap<&'static str, f64>>,
}

impl Rounds {
    /// Does all actions, mirrored, `count` times; `act` adds what it measures to the round.
    ///
    /// # Errors
    /// The first of `act`.
    pub async fn measure<A, E>(
        count: usize,
        actions: &[A],
        mut act: impl AsyncFnMut(&A, &mut Round) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut rounds = Self::default();
        for _ in 0..count {
            let mut round = Round::default();
            for action in mirrored(actions) {
                act(action, &mut round).await?;
            }
            rounds.push(&round);
        }
        Ok(rounds)
    }

    fn push(&mut self, round: &Round) {
        let medians = round.samples.iter().filter_map(|(series, samples)| Some((*series, median(samples)?)));
        self.rounds.push(medians.collect());
    }

    /// The median over the rounds; `None` of a series that was never measured.
    pub fn seconds(&self, series: &str) -> Option<f64> {
        median(&self.rounds.iter().filter_map(|round| round.get(series).copied()).collect::<Vec<_>>())
    }

    /// How many times `over` is as large as `under`, round by round: both of one round, never of two.
    pub fn ratios(&self, over: &str, under: &str) -> Vec<f64> {
        self.rounds.iter().filter_map(|round| Some(round.get(over)? / round.get(under)?)).collect()
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn two_are_measured_a_b_b_a() {
        assert_eq!(mirrored(&['a', 'b']).collect::<String>(), "abba");
        assert_eq!(mirrored(&['a', 'b', 'c']).collect::<String>(), "abccba");
    }

    #[test]
    fn every_round_is_in_that_order() {
        let mut order = String::new();
        let measured = Rounds::measure(3, &["a", "b"], async |series, round| {
            order.push_str(series);
            round.add(series, 1.0);
            Ok::<_, ()>(())
        });
        let rounds = block_on(measured).unwrap();
        assert_eq!(order, "abbaabbaabba");
        assert_eq!(rounds.ratios("a", "b"), [1.0, 1.0, 1.0]);
    }

    #[test]
    fn a_steady_drift_cancels_out() {
        let mut clock = 100.0;
        let measured = Rounds::measure(7, &["a", "b"], async |series, round| {
            clock += 1.0;
            round.add(series, clock);
            Ok::<_, ()>(())
        });
        let ratios = block_on(measured).unwrap().ratios("a", "b");
        assert_eq!(ratios.len(), 7);
        assert!(ratios.iter().all(|ratio| (ratio - 1.0).abs() < 1e-12), "{ratios:?}");
    }

    #[test]
    fn a_round_counts_with_its_median_and_only_with_itself() {
        let rounds = Rounds {
            rounds: vec![
                [("a", 1.0), ("b", 2.0)].into(),
                [("a", 100.0), ("b", 200.0)].into(),
                [("a", 5.0), ("b", 10.0)].into(),
            ],
        };
        assert_eq!(rounds.ratios("b", "a"), [2.0, 2.0, 2.0]);
        assert_eq!(rounds.seconds("a"), Some(5.0));
        assert_eq!(rounds.seconds("c"), None);
        let mut one = Rounds::default();
        let mut round = Round::default();
        [9.0, 1.0, 2.0].into_iter().for_each(|seconds| round.add("a", seconds));
        one.push(&round);
        assert_eq!(one.seconds("a"), Some(2.0));
    }

    #[test]
    fn the_first_error_ends_it() {
        let mut times = 0;
        let measured = Rounds::measure(3, &["a"], async |_, _| {
            times += 1;
            if times == 2 { Err("broken") } else { Ok(()) }
        });
        assert_eq!(block_on(measured).unwrap_err(), "broken");
        assert_eq!(times, 2);
    }
}
