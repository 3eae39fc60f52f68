//! Server functions: the browser's only data path. Thin: take the principal, call a port, answer domain types.

mod access;
mod accounts;
mod audit;
mod client;
mod failure;
mod grants;
mod history;
mod once;
mod own;
mod people;
mod rollbacks;
mod set_up;
mod settings;
mod teams;
mod tokens;

pub use access::*;
pub use accounts::*;
pub use audit::*;
pub use client::*;
pub use failure::*;
pub use grants::*;
pub use history::*;
pub use once::*;
pub use own::*;
pub use people::*;
pub use rollbacks::*;
pub use set_up::*;
pub use settings::*;
pub use teams::*;
pub use tokens::*;

#[cfg(feature = "ssr")]
mod caller {
    use backstep_domain::{Origin, Principal, Problem, ProblemCode};
    use leptos::prelude::use_context;

    use super::Failure;
    use crate::ports::Ports;

    /// What the browser sent, for signing in and out.
    #[derive(Clone, Debug, Default)]
    pub struct Browser {
        pub origin: Origin,
        /// What it calls itself.
        pub agent: String,
        pub cookies: Option<String>,
    }

    pub(super) fn browser() -> Browser {
        use_context::<Browser>().unwrap_or_default()
    }

    /// Who asks; provided by the server for each request, `None` inside for a visitor.
    #[derive(Clone)]
    pub struct Visitor(pub Option<Principal>);

    pub(super) fn ports() -> Ports {
        use_context::<Ports>().expect("the server provides its ports to every page and server function")
    }

    pub(super) fn caller() -> Result<Principal, Failure> {
        use_context::<Visitor>().and_then(|v| v.0).ok_or_else(|| {
            Failure(Problem::new(ProblemCode::Unauthenticated, "Sign in first, or send a token with the request."))
        })
    }
}
#[cfg(feature = "ssr")]
pub use caller::{Browser, Visitor};
#[cfg(feature = "ssr")]
use caller::{browser, caller, ports};
