//! The rules of deploy history and rollback.
//!
//! Types and pure functions: no I/O, no clock, no framework. Compiled for the server and for the browser.

mod access;
mod catalogue;
mod deploy;
mod deployed;
mod deployment;
mod eligibility;
mod export;
mod held;
mod history;
mod ids;
mod image;
mod integrity;
mod plan;
mod problem;
mod rejected;
mod revision;
mod rollout;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod time;
mod version;

pub use access::*;
pub use catalogue::*;
pub use deploy::*;
pub use deployed::*;
pub use deployment::*;
pub use eligibility::*;
pub use export::*;
pub use held::*;
pub use history::*;
pub use ids::*;
pub use image::*;
pub use integrity::*;
pub use plan::*;
pub use problem::*;
pub use rejected::*;
pub use revision::*;
pub use rollout::*;
pub use time::*;
pub use version::*;
