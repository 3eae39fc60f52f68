//! The audit log's proof: sealed as a hash chain, signed at checkpoints, checked by `backstep verify`.

mod checkpoint;
mod csv;
mod key;
mod sealer;
mod verify;

pub use checkpoint::{BadCheckpoint, Checkpoint};
pub use csv::{csv_head, csv_line};
pub use key::CheckpointKey;
pub use sealer::Sealer;
pub use verify::{Report, Trusted, verify};

#[cfg(test)]
mod tests;
