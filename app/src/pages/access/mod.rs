//! Who may do what.

mod explain;
mod me;
mod people;
mod place;
mod roles;
mod service_accounts;
mod set_up;
mod tabs;
mod teams;
mod tokens;

pub use explain::*;
pub use me::*;
pub use people::*;
pub use place::*;
pub use roles::*;
pub use service_accounts::*;
pub use set_up::*;
pub use tabs::*;
pub use teams::*;
pub use tokens::*;
