//! What the figures are computed with: rounds in mirrored order, medians of ratios, and the table.
//!
//! Times on a machine that does other things mean little. Each figure is therefore a ratio of two things that were
//! measured in one run, turn by turn, and says how far its rounds lie apart.

mod figures;
mod rounds;
mod statistics;

pub use figures::{Figure, Report, Target};
pub use rounds::{Round, Rounds, mirrored};
pub use statistics::{Spread, median};
