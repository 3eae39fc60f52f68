//! How values read: dates, durations, sizes, stored strings. Pure functions, the same text on both sides of hydration.

mod browsers;
mod dates;
mod durations;
mod labels;
mod shown;

pub use browsers::*;
pub use dates::*;
pub use durations::*;
pub use labels::*;
pub use shown::*;
