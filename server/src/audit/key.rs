//! The key that checkpoints are signed with.

use std::{fmt, path::Path};

use backstep_domain::{Millis, SealedUpTo};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::{
    Checkpoint,
    checkpoint::{key_id, statement},
};
use crate::key_file::{KeyFileError, key_file};

/// An Ed25519 key pair. `ring` signs: rustls brings it along anyway, so there is no further code to trust and to renew.
pub struct CheckpointKey(Ed25519KeyPair);

impl CheckpointKey {
    /// The key of a data folder, `audit.key`; made if there is none.
    pub fn of(data: &Path) -> Result<Self, KeyFileError> {
        Ok(Self::from_seed(&key_file(&data.join(FILE))?))
    }

    /// The public key of a data folder, if it has one; nothing is made.
    pub fn public_key_in(data: &Path) -> Result<Option<String>, KeyFileError> {
        let path = data.join(FILE);
        if path.exists() { Ok(Some(Self::of(data)?.public_key())) } else { Ok(None) }
    }

    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(seed).expect("32 bytes are a seed"))
    }

    /// The public half, base64.
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.0.public_key())
    }

    /// States that the log was this up to here.
    pub fn sign(&self, head: &SealedUpTo, at: Millis) -> Checkpoint {
        let (hash, key) = (head.hash.to_string(), key_id(self.0.public_key().as_ref()));
        let signature = self.0.sign(statement(head.seq, &hash, at, &key).as_bytes());
        Checkpoint {
            seq: head.seq,
            hash,
            at,
            key,
            public_key: self.public_key(),
            signature: STANDARD.encode(signature),
        }
    }
}

const FILE: &str = "audit.key";

impl fmt::Debug for CheckpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckpointKey({})", key_id(self.0.public_key().as_ref()))
    }
}
