//! One file a page. Only here is the router known. What is for the server's build only is a document of plain links and
//! forms; see `app.rs`.

#[cfg(feature = "ssr")]
mod access;
mod address;
#[cfg(feature = "ssr")]
mod audit;
#[cfg(feature = "ssr")]
mod audit_query;
#[cfg(feature = "ssr")]
mod cancel;
mod compare;
mod deploy;
mod deployment;
mod deployments;
#[cfg(feature = "ssr")]
mod export;
mod frame;
mod get_form;
mod history;
mod history_query;
#[cfg(feature = "ssr")]
mod hold;
mod not_found;
#[cfg(feature = "ssr")]
mod once;
mod rollback;
mod settings;
#[cfg(feature = "ssr")]
mod sign_in;
mod trouble;

#[cfg(feature = "ssr")]
pub use access::*;
pub use address::*;
#[cfg(feature = "ssr")]
pub use audit::*;
#[cfg(feature = "ssr")]
pub use audit_query::*;
#[cfg(feature = "ssr")]
pub use cancel::*;
pub use compare::*;
pub use deploy::*;
pub use deployment::*;
pub use deployments::*;
#[cfg(feature = "ssr")]
pub use export::*;
pub use frame::*;
pub use get_form::*;
pub use history::*;
pub use history_query::*;
#[cfg(feature = "ssr")]
pub use hold::*;
pub use not_found::*;
#[cfg(feature = "ssr")]
pub use once::*;
pub use rollback::*;
pub use settings::*;
#[cfg(feature = "ssr")]
pub use sign_in::*;
pub use trouble::*;
