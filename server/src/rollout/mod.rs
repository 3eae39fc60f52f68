//! The rollout engine: carries out deploys, one at a time a Deployment, in steps.
//!
//! A step's row is written before its side effect. Every step observes first (already true? done), acts, and observes again.
//! A lease with an epoch makes one server the holder of a rollout: whoever lost it changes nothing in the store any more.
//! Killed anywhere and started again, the engine finishes the rollout or falls back; never twice, never half.

mod carry_out;
mod crash;
mod engine;
mod fall_back;
mod lease;
mod limits;
mod retention;
mod step;
mod steps;

#[cfg(test)]
mod tests;

pub use self::{
    crash::CrashPoint,
    engine::Engine,
    limits::Limits,
    retention::{Kept, bundles_of_window},
    steps::steps_of,
};
