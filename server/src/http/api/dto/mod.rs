//! What REST sends and takes, in the shape of Astro's API: types of its own, so that the domain can change without
//! breaking a script. The command line reads them with the same types.

mod access;
mod audit;
mod deploy;
mod deployment;
mod diff;
mod export;
mod git;
mod hold;
mod plan;
mod reason;
mod rollout;
mod status;
mod subject;
mod time;
mod upload;
pub(super) mod words;

pub use access::*;
pub use audit::*;
pub use deploy::*;
pub use deployment::*;
pub use diff::*;
pub use export::*;
pub use git::*;
pub use hold::*;
pub use plan::*;
pub use reason::*;
pub use rollout::*;
pub use status::*;
pub use subject::*;
pub use time::*;
pub use upload::*;

#[cfg(test)]
mod tests;
