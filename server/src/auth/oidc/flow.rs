//! A sign-in that is under way: what the provider's answer must fit to, kept here, and bound to the browser by a cookie.

use backstep_domain::{MINUTE, Millis};
use serde::{Deserialize, Serialize};

use super::error::OidcError;
use crate::{
    auth::secret::{hash, random},
    store::Store,
};

/// Long enough to find one's second factor.
pub const LIFETIME_MS: i64 = 10 * MINUTE;

/// What is kept of a sign-in, under the hash of its state.
#[derive(Serialize, Deserialize)]
pub struct Flow {
    /// Hash of the browser's cookie.
    browser: String,
    pub nonce: String,
    /// The PKCE verifier, whose hash the provider was sent.
    pub verifier: String,
    pub begun_at: Millis,
}

impl Flow {
    pub fn new(browser: &str, nonce: String, verifier: String, begun_at: Millis) -> Self {
        Self { browser: hash(browser), nonce, verifier, begun_at }
    }

    pub async fn keep(&self, store: &Store, state: &str) -> Result<(), OidcError> {
        let body = serde_json::to_string(self).expect("a flow is JSON");
        Ok(store.keep_oidc_flow(&hash(state), &body, self.begun_at.plus(LIFETIME_MS)).await?)
    }

    /// The flow of this state and browser; it is used up, whatever comes of it.
    ///
    /// # Errors
    /// `NotUnderWay`, `OtherBrowser`.
    pub async fn take(store: &Store, state: &str, browser: Option<&str>, now: Millis) -> Result<Self, OidcError> {
        let body = store.take_oidc_flow(&hash(state), now).await?.ok_or(OidcError::NotUnderWay)?;
        // Written by another version of this program, perhaps: begin again.
        let flow: Self = serde_json::from_str(&body).map_err(|_| OidcError::NotUnderWay)?;
        if browser.is_none_or(|browser| hash(browser) != flow.browser) {
            return Err(OidcError::OtherBrowser);
        }
        Ok(flow)
    }
}

/// The cookie by which a browser is known again when the provider sends it back. Lax: it comes from another site.
#[derive(Clone, Copy, Debug)]
pub struct FlowCookie {
    secure: bool,
}

impl FlowCookie {
    /// `__Host-` keeps other hosts of the domain from setting it; browsers take that prefix over https only.
    pub fn new(public_url: &str) -> Self {
        Self { secure: public_url.starts_with("https://") }
    }

    fn name(self) -> &'static str {
        if self.secure { "__Host-backstep_oidc" } else { "backstep_oidc" }
    }

    /// What the browser has, if it has the form of what it was given: a second sign-in in another tab keeps it, so
    /// that the first one can still be finished.
    pub fn value(self, cookies: Option<&str>) -> Option<String> {
        let value = cookies?.split(';').find_map(|pair| pair.trim().strip_prefix(self.name())?.strip_prefix('='))?;
        let ok = value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit());
        ok.then(|| value.to_owned())
    }

    pub fn new_value() -> String {
        random()
    }

    /// The `Set-Cookie` header.
    pub fn set(self, value: &str) -> String {
        self.header(value, LIFETIME_MS / 1000)
    }

    /// The `Set-Cookie` header that ends it.
    pub fn end(self) -> String {
        self.header("", 0)
    }

    fn header(self, value: &str, seconds: i64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_for_this_host_only() {
        let cookie = FlowCookie::new("https://backstep.example");
        let value = FlowCookie::new_value();
        let header = cookie.set(&value);
        assert!(header.starts_with("__Host-backstep_oidc="), "{header}");
        for part in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Max-Age=600"] {
            assert!(header.contains(part), "{header}");
        }
        assert!(!header.contains("Domain"));
        assert_eq!(cookie.value(Some(&format!("a=1; __Host-backstep_oidc={value}"))), Some(value.clone()));
        assert_eq!(cookie.value(Some(&format!("backstep_oidc={value}"))), None);
        assert_eq!(cookie.value(Some("__Host-backstep_oidc=short")), None);
        assert_eq!(cookie.value(None), None);
        assert!(cookie.end().contains("Max-Age=0"));
        assert!(!FlowCookie::new("http://127.0.0.1:7411").set(&value).contains("Secure"));
    }
}
