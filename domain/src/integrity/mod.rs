//! Whether what is stored is what was written: the hash chain over the audit log, and what a check of it finds.

mod chain;
mod flaw;
mod walk;

pub use chain::*;
pub use flaw::*;
pub use walk::*;

#[cfg(test)]
mod tests;
