//! The operator's token, from the environment: for the first steps and for emergencies.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Only its hash is kept, so that no log or error can show it.
#[derive(Clone)]
pub struct AdminToken([u8; 32]);

/// Shorter than this can be guessed.
const SHORTEST: usize = 24;

/// A token that does not protect anything.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "BACKSTEP_ADMIN_TOKEN is shorter than {SHORTEST} characters. Make one with `openssl rand -hex 32` and start again."
)]
pub struct WeakToken;

impl AdminToken {
    pub fn new(token: &str) -> Result<Self, WeakToken> {
        if token.chars().count() < SHORTEST { Err(WeakToken) } else { Ok(Self(Sha256::digest(token).into())) }
    }

    /// By which a later start knows whether it is the same token.
    pub fn hash(&self) -> String {
        hex::encode(self.0)
    }

    /// Compares in constant time.
    pub fn matches(&self, token: &str) -> bool {
        let other: [u8; 32] = Sha256::digest(token).into();
        self.0.ct_eq(&other).into()
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_token_matches() {
        let token = AdminToken::new("a-token-of-enough-characters").unwrap();
        assert!(token.matches("a-token-of-enough-characters"));
        assert!(!token.matches("a-token-of-enough-character"));
        assert!(!token.matches(""));
        assert!(!format!("{token:?}").contains("enough"));
    }

    #[test]
    fn a_short_token_is_refused() {
        assert_eq!(AdminToken::new("short").unwrap_err(), WeakToken);
    }
}
