//! Parts of pages. None of them knows the router, so that the embedded panel can use each of them.

#[cfg(feature = "ssr")]
mod access;
mod artifacts;
#[cfg(feature = "ssr")]
mod audit_filters;
#[cfg(feature = "ssr")]
mod audit_table;
mod copy;
mod empty;
mod files;
mod header;
mod history_filters;
mod history_table;
mod hold;
mod links;
mod live;
mod live_card;
mod panel;
mod problem;
mod prose;
mod rollback;
mod rollback_button;
mod rollout;
mod send;
mod site_nav;
mod status;
mod undisturbed;
mod when;

#[cfg(feature = "ssr")]
pub use access::*;
pub use artifacts::*;
#[cfg(feature = "ssr")]
pub use audit_filters::*;
#[cfg(feature = "ssr")]
pub use audit_table::*;
pub use copy::*;
pub use empty::*;
pub use files::*;
pub use header::*;
pub use history_filters::*;
pub use history_table::*;
pub use hold::*;
pub use links::*;
pub use live::*;
pub use live_card::*;
pub use panel::*;
pub use problem::*;
pub use prose::*;
pub use rollback::*;
pub use rollback_button::*;
pub use rollout::*;
pub use send::*;
pub use site_nav::*;
pub use status::*;
pub use undisturbed::*;
pub use when::*;
