//! The one browser client. Base URL and token come from the Leptos context, so that each embedded panel has its own.

#[cfg(target_arch = "wasm32")]
mod browser;
mod lean;

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, RwLock},
};

pub use lean::Lean;

use super::Failure;

/// The body of an answer, on its way.
type Answer = Pin<Box<dyn Future<Output = Result<String, Failure>> + Send>>;

/// Where the server functions are, and what to send along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerAddress {
    /// Without a trailing slash; empty for the page's own origin.
    pub base_url: String,
    /// The bearer token of a panel; the page itself uses its session cookie.
    pub token: Option<Token>,
    /// In somebody else's page: no cookies are sent, and answers do not move the page elsewhere.
    pub embedded: bool,
}

/// A bearer token that its owner can renew while the panel is in use. Never shown.
#[derive(Clone)]
pub struct Token(Arc<RwLock<String>>);

impl Token {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(RwLock::new(text.into())))
    }

    /// What is sent from now on by all that hold this token.
    pub fn renew(&self, text: impl Into<String>) {
        if let Ok(mut token) = self.0.write() {
            *token = text.into();
        }
    }

    /// The value of the `Authorization` header; `None` while there is no token yet.
    pub fn bearer(&self) -> Option<String> {
        let token = self.0.read().ok().filter(|token| !token.is_empty())?;
        Some(format!("Bearer {}", *token))
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(...)")
    }
}

#[cfg(target_arch = "wasm32")]
pub use browser::ApiClient;
#[cfg(target_arch = "wasm32")]
use browser::send;

/// Calls a server function with the fields of a form, encoded as a browser does; answers its JSON.
#[cfg(target_arch = "wasm32")]
pub fn post(path: &str, fields: String) -> Answer {
    send(path, http::Method::POST, fields)
}

/// Only named by the server's build, never called there.
#[cfg(not(target_arch = "wasm32"))]
fn send(_: &str, _: http::Method, _: String) -> Answer {
    unreachable!("the server calls its functions itself")
}
/// Only named by the server's build, never called there.
#[cfg(not(target_arch = "wasm32"))]
pub use server_fn::client::browser::BrowserClient as ApiClient;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_for_all_and_shown_to_none() {
        let token = Token::new("first-secret");
        let server = ServerAddress { token: Some(token.clone()), ..Default::default() };
        token.renew("second-secret");
        assert_eq!(server.token.as_ref().and_then(Token::bearer).as_deref(), Some("Bearer second-secret"));
        assert!(!format!("{server:?}").contains("secret"));
        assert_eq!(Token::new("").bearer(), None);
    }

    #[test]
    fn panels_are_told_apart_by_their_token() {
        let server = |token| ServerAddress { token: Some(token), ..Default::default() };
        let token = Token::new("same");
        assert_eq!(server(token.clone()), server(token.clone()));
        assert_ne!(server(token), server(Token::new("same")));
    }
}
