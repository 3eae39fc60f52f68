//! Secrets made at random: API tokens, cookies, one-time links. The store keeps their hashes only.

use backstep_domain::TokenKind;
use rand::RngCore;
use sha2::{Digest, Sha256};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 36 characters of 62 are 214 bits.
const RANDOM: usize = 36;
const CHECK: usize = 6;

/// What a token starts with; secret scanners look for `bs[pse]_[0-9A-Za-z]{42}`.
fn prefix(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Person => "bsp_",
        TokenKind::Service => "bss_",
        TokenKind::Panel => "bse_",
    }
}

/// A new API token: prefix, 36 random base62 characters, and a checksum over both.
pub fn api_token(kind: TokenKind) -> String {
    let mut token = prefix(kind).to_owned();
    let mut rng = rand::rng();
    while token.len() < prefix(kind).len() + RANDOM {
        let mut bytes = [0u8; RANDOM];
        rng.fill_bytes(&mut bytes);
        // Bytes of 248 and above would favour the first characters.
        let fair = bytes.iter().filter(|b| **b < 248).map(|b| char::from(BASE62[usize::from(b % 62)]));
        token.extend(fair.take(prefix(kind).len() + RANDOM - token.len()));
    }
    let check = checksum(&token);
    token + &check
}

/// Whether a text can be an API token: its checksum is right. Tells typing errors apart without asking the store.
pub fn is_api_token(text: &str) -> bool {
    let known = [TokenKind::Person, TokenKind::Service, TokenKind::Panel].map(prefix);
    let Some(at) = text.len().checked_sub(CHECK) else { return false };
    text.is_ascii()
        && text.len() == 4 + RANDOM + CHECK
        && known.iter().any(|p| text.starts_with(p))
        && checksum(&text[..at]) == text[at..]
}

/// CRC-32 in base62, six characters.
fn checksum(text: &str) -> String {
    let mut crc = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(crc % 62) as usize];
        crc /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

/// What a list shows of a token.
pub fn hint(token: &str) -> String {
    format!("{}...{}", &token[..4], &token[token.len() - 4..])
}

/// 256 random bits, hexadecimal: for a cookie or a link.
pub fn random() -> String {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// What the store keeps. A secret of 128 random bits or more needs no slow hash.
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_token_is_known_by_its_checksum() {
        for kind in [TokenKind::Person, TokenKind::Service, TokenKind::Panel] {
            let token = api_token(kind);
            assert_eq!(token.len(), 46);
            assert!(is_api_token(&token), "{token}");
            let last = if token.ends_with('0') { '1' } else { '0' };
            assert!(!is_api_token(&format!("{}{last}", &token[..45])));
            assert!(!is_api_token(&token[..45]));
            assert!(!hint(&token).contains(&token[4..40]));
        }
        for no in ["", "bsp_", "ghp_0123456789", &"ü".repeat(23)] {
            assert!(!is_api_token(no));
        }
    }

    #[test]
    fn secrets_do_not_repeat() {
        let many: BTreeSet<_> = (0..2000).map(|_| api_token(TokenKind::Person)).collect();
        assert_eq!(many.len(), 2000);
        let many: BTreeSet<_> = (0..2000).map(|_| random()).collect();
        assert_eq!(many.len(), 2000);
    }
}
