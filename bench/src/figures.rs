//! Figures: a ratio, how sure it is, and what it should be.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::{rounds::Rounds, statistics::Spread};

/// Rounds that lie further apart than this say more about the machine than about the program.
const QUIET: f64 = 0.15;

/// What a ratio should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Target {
    fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(most) => ratio <= most,
            Self::AtLeast(least) => ratio >= least,
        }
    }

    fn words(self) -> String {
        match self {
            Self::AtMost(most) => format!("<= {most}"),
            Self::AtLeast(least) => format!(">= {least}"),
        }
    }
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Which is divided by which, as in `switch / floor`.
    name: String,
    /// Seconds, the medians of all rounds.
    ours: f64,
    peer: f64,
    ratio: Spread,
    target: Option<Target>,
}

impl Figure {
    /// How many times as long as `peer` `ours` takes. `None` if either was not measured; the same below.
    pub fn ours_over_peer(rounds: &Rounds, ours: &str, peer: &str, target: Option<Target>) -> Option<Self> {
        Self::new(rounds, [ours, peer], [ours, peer], target)
    }

    /// How many times as long as `ours` `peer` takes.
    pub fn peer_over_ours(rounds: &Rounds, peer: &str, ours: &str, target: Option<Target>) -> Option<Self> {
        Self::new(rounds, [peer, ours], [ours, peer], target)
    }

    fn new(rounds: &Rounds, [over, under]: [&str; 2], [ours, peer]: [&str; 2], target: Option<Target>) -> Option<Self> {
        Some(Self {
            name: format!("{over} / {under}"),
            ours: rounds.seconds(ours)?,
            peer: rounds.seconds(peer)?,
            ratio: Spread::of(&rounds.ratios(over, under))?,
            target,
        })
    }

    fn is_quiet(&self) -> bool {
        self.ratio.relative_iqr() <= QUIET
    }

    fn row(&self) -> [String; 7] {
        let verdict = match (self.is_quiet(), self.target.map(|target| target.is_met(self.ratio.median))) {
            (false, _) => "NOISY",
            (true, Some(true)) => "met",
            (true, Some(false)) => "MISSED",
            (true, None) => "",
        };
        [
            self.name.clone(),
            seconds_in_words(self.ours),
            seconds_in_words(self.peer),
            format!("{:.2}", self.ratio.median),
            format!("{:.1} %", self.ratio.relative_iqr() * 100.0),
            self.target.map(Target::words).unwrap_or_default(),
            verdict.to_owned(),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "oursSeconds": self.ours,
            "peerSeconds": self.peer,
            "ratio": self.ratio.median,
            "quartiles": [self.ratio.low, self.ratio.high],
            "iqr": self.ratio.relative_iqr(),
            "target": self.target.map(Target::words),
            "met": self.target.map(|target| target.is_met(self.ratio.median)),
            "quiet": self.is_quiet(),
        })
    }
}

/// All figures of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub figures: Vec<Figure>,
}

impl Report {
    /// The table: name, ours, peer, ratio, interquartile range, target, verdict.
    pub fn table(&self) -> String {
        let head = ["figure", "ours", "peer", "ratio", "IQR", "target", ""].map(str::to_owned);
        let rows: Vec<_> = [head].into_iter().chain(self.figures.iter().map(Figure::row)).collect();
        let mut widths = [0; 7];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        rows.iter().fold(String::new(), |mut text, [name, cells @ .., verdict]| {
            let width = widths[0];
            write!(text, "{name:<width$}").expect("writing to a String does not fail");
            for (cell, width) in cells.iter().zip(&widths[1..]) {
                write!(text, "  {cell:>width$}").expect("writing to a String does not fail");
            }
            text.push_str(format!("  {verdict}").trim_end());
            text.push('\n');
            text
        })
    }

    /// What to say, loudly, of figures whose rounds lie too far apart.
    pub fn warning(&self) -> Option<String> {
        let noisy: Vec<_> = self.figures.iter().filter(|figure| !figure.is_quiet()).map(|f| f.name.as_str()).collect();
        (!noisy.is_empty()).then(|| {
            format!(
                "NOT TO BE TRUSTED, the rounds lie more than {:.0} % apart: {}. Run it again on a quiet machine.",
                QUIET * 100.0,
                noisy.join(", ")
            )
        })
    }

    pub fn json(&self) -> Value {
        json!({ "figures": self.figures.iter().map(Figure::json).collect::<Vec<_>>() })
    }
}

fn seconds_in_words(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.0} us", s * 1e6),
        s if s < 0.1 => format!("{:.2} ms", s * 1e3),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    /// Rounds of two series with these values.
    fn rounds(ours: &[f64], peer: &[f64]) -> Rounds {
        let mut at = 0;
        let measured = Rounds::measure(ours.len(), &["both"], async |_, round| {
            round.add("ours", ours[at / 2]);
            round.add("peer", peer[at / 2]);
            at += 1;
            Ok::<_, ()>(())
        });
        block_on(measured).unwrap()
    }

    fn figure(ours: &[f64], peer: &[f64], target: Target) -> Figure {
        Figure::ours_over_peer(&rounds(ours, peer), "ours", "peer", Some(target)).unwrap()
    }

    #[test]
    fn the_table_has_a_row_for_each_figure() {
        let met = figure(&[0.002, 0.002, 0.002], &[0.001, 0.001, 0.001], Target::AtMost(10.0));
        let rounds = rounds(&[0.0005; 3], &[0.25; 3]);
        let missed = Figure::peer_over_ours(&rounds, "peer", "ours", Some(Target::AtLeast(1000.0))).unwrap();
        let table = Report { figures: vec![met, missed] }.table();
        assert_eq!(
            table,
            "figure          ours     peer   ratio    IQR   target\n\
             ours / peer  2.00 ms  1.00 ms    2.00  0.0 %    <= 10  met\n\
             peer / ours   500 us   250 ms  500.00  0.0 %  >= 1000  MISSED\n"
        );
    }

    #[test]
    fn a_target_is_met_up_to_its_bound() {
        assert!(Target::AtMost(3.0).is_met(3.0) && !Target::AtMost(3.0).is_met(3.01));
        assert!(Target::AtLeast(5.0).is_met(5.0) && !Target::AtLeast(5.0).is_met(4.99));
    }

    #[test]
    fn rounds_that_lie_apart_are_warned_of() {
        let quiet = figure(&[1.0, 1.01, 1.02], &[1.0, 1.0, 1.0], Target::AtMost(3.0));
        let noisy = figure(&[1.0, 1.5, 3.0], &[1.0, 1.0, 1.0], Target::AtMost(3.0));
        assert_eq!(Report { figures: vec![quiet.clone()] }.warning(), None);
        let report = Report { figures: vec![quiet, noisy] };
        assert!(report.warning().unwrap().contains("more than 15 % apart: ours / peer."));
        assert!(report.table().contains("NOISY"));
        assert_eq!(report.json()["figures"][1]["quiet"], false);
    }

    #[test]
    fn what_was_not_measured_is_no_figure() {
        assert!(Figure::ours_over_peer(&rounds(&[1.0], &[1.0]), "ours", "other", None).is_none());
    }
}
