//! Who may do what: lists, forms and the matrix of the roles.

mod badges;
mod explained;
mod give_role;
mod grants;
mod matrix;
mod new_token;
mod once;
mod post_form;
mod refused;
mod services;
mod sessions;
mod token;
mod unused;

pub use badges::*;
pub use explained::*;
pub use give_role::*;
pub use grants::*;
pub use matrix::*;
pub use new_token::*;
pub use once::*;
pub use post_form::*;
pub use refused::*;
pub use services::*;
pub use sessions::*;
pub use token::*;
pub use unused::*;
