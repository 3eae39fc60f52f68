//! Session cookies: 256 random bits for the browser, their hash in the store.

use backstep_domain::{HOUR, MINUTE};

use super::secret;

/// How long sessions last, and how their cookie goes over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// Unused for this long, a session ends; milliseconds.
    pub idle_ms: i64,
    /// A session ends after this long in any case; milliseconds.
    pub absolute_ms: i64,
    /// The server is reached by https: the cookie never goes over anything else.
    pub secure: bool,
}

impl Default for SessionRules {
    fn default() -> Self {
        Self { idle_ms: 8 * HOUR, absolute_ms: 24 * HOUR, secure: false }
    }
}

/// How often it is written down that a session is in use.
pub const SEEN_EVERY_MS: i64 = MINUTE;

impl SessionRules {
    /// `__Host-`: set by this very host, for all of it, over https only. Plain http is for loopback.
    fn name(self) -> &'static str {
        if self.secure { "__Host-backstep_session" } else { "backstep_session" }
    }

    pub fn cookie(self, token: &str) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let age = self.absolute_ms / 1000;
        format!("{}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", self.name())
    }

    /// Makes the browser forget the session.
    pub fn forgotten(self) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}", self.name())
    }

    /// The hash of the session's token in a `Cookie` header.
    pub fn hash_in(self, cookies: &str) -> Option<String> {
        let token = cookies.split(';').find_map(|pair| pair.trim().strip_prefix(self.name())?.strip_prefix('='))?;
        Some(secret::hash(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let rules = SessionRules::default();
        let abc = Some(secret::hash("abc"));
        assert_eq!(rules.hash_in("a=1; backstep_session=abc; b=2"), abc);
        assert_eq!(rules.hash_in("backstep_session=abc"), abc);
        assert_eq!(rules.hash_in("backstep_sessions=abc; xbackstep_session=1"), None);
    }

    #[test]
    fn over_https_the_cookie_is_bound_to_this_host() {
        let rules = SessionRules { secure: true, ..SessionRules::default() };
        let cookie = rules.cookie("abc");
        assert!(cookie.starts_with("__Host-backstep_session=abc; Path=/; HttpOnly; SameSite=Lax;"), "{cookie}");
        assert!(cookie.ends_with("; Secure") && !cookie.contains("Domain"), "{cookie}");
        assert_eq!(rules.hash_in("backstep_session=abc"), None);
    }
}
