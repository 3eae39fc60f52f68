//! The embedded panel: history and rollback of one Deployment, in a shadow root of somebody else's page.

mod brief;
mod view;

pub use view::*;
