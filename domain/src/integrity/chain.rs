//! The hash of a seal.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a seal says: everything up to and with its entry (SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChainHash([u8; 32]);

/// Stands in front of what is hashed, so that no hash of something else can pass for a seal.
const PURPOSE: &[u8] = b"backstep audit seal 1\n";

impl ChainHash {
    /// Before the first seal.
    pub const START: Self = Self([0; 32]);

    /// The hash of the seal `seq`, over the entry with this id and text.
    ///
    /// Every part has a fixed length (numbers: 8 bytes, big-endian) but the text, whose length stands before it: no two
    /// different inputs are the same bytes.
    pub fn seal(before: &Self, seq: u64, entry: u64, body: &str) -> Self {
        let length = u64::try_from(body.len()).expect("a text in memory is shorter than 2^64 bytes");
        let mut hasher = Sha256::new();
        hasher.update(PURPOSE);
        hasher.update(before.0);
        hasher.update(seq.to_be_bytes());
        hasher.update(entry.to_be_bytes());
        hasher.update(length.to_be_bytes());
        hasher.update(body);
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainHash({self})")
    }
}

/// A text that is no hash of a seal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a seal's hash is 64 lower-case hexadecimal digits")]
pub struct BadChainHash;

impl FromStr for ChainHash {
    type Err = BadChainHash;
    fn from_str(text: &str) -> Result<Self, BadChainHash> {
        if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(BadChainHash);
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| BadChainHash)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for ChainHash {
    type Error = BadChainHash;
    fn try_from(text: String) -> Result<Self, BadChainHash> {
        text.parse()
    }
}

impl From<ChainHash> for String {
    fn from(hash: ChainHash) -> Self {
        hash.to_string()
    }
}
