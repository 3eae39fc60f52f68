//! Who may do what: permissions, roles, grants, and the principal that they make.

mod account;
mod audit;
mod grant;
mod permission;
mod principal;
mod role;
mod roles;

pub use account::*;
pub use audit::*;
pub use grant::*;
pub use permission::*;
pub use principal::*;
pub use role::*;
pub use roles::*;

#[cfg(test)]
mod tests;
