//! A signed statement: at this time the audit log was this, up to here. Kept elsewhere, it proves what was in the log.

use backstep_domain::{ChainHash, Millis};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::http::api::dto::Time;

/// A checkpoint, as it is exported and read again: JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AuditCheckpoint)]
pub struct Checkpoint {
    /// The place of the last seal.
    pub seq: u64,
    /// Its hash: 64 hexadecimal digits.
    pub hash: String,
    /// When it was signed.
    #[serde(with = "time")]
    #[schema(value_type = Time)]
    pub at: Millis,
    /// Which key signed it: the first 16 hexadecimal digits of the SHA-256 of the public key.
    pub key: String,
    /// The Ed25519 public key: 32 bytes, base64.
    pub public_key: String,
    /// The Ed25519 signature: 64 bytes, base64.
    pub signature: String,
}

/// Why a checkpoint proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCheckpoint {
    #[error("its public key, its signature or its hash is not what it should be")]
    Unreadable,
    #[error("it names another key than the one that it carries")]
    OtherName,
    #[error("its signature does not fit: it was changed, or not made with its key")]
    Signature,
}

/// What is signed: the words name the purpose, so that no signature of something else can pass for one.
pub(super) fn statement(seq: u64, hash: &str, at: Millis, key: &str) -> String {
    format!("backstep audit checkpoint 1\nseq {seq}\nhash {hash}\nat {}\nkey {key}\n", at.0)
}

/// The short name of a public key.
pub(super) fn key_id(public_key: &[u8]) -> String {
    hex::encode(Sha256::digest(public_key))[..16].to_owned()
}

impl Checkpoint {
    /// Whether it was signed as it is with the key that it carries. Whether that key is to be trusted is another question.
    pub fn check(&self) -> Result<ChainHash, BadCheckpoint> {
        let decoded = |text: &str| STANDARD.decode(text).map_err(|_| BadCheckpoint::Unreadable);
        let (public_key, signature) = (decoded(&self.public_key)?, decoded(&self.signature)?);
        let hash = self.hash.parse().map_err(|_| BadCheckpoint::Unreadable)?;
        if key_id(&public_key) != self.key {
            return Err(BadCheckpoint::OtherName);
        }
        let said = statement(self.seq, &self.hash, self.at, &self.key);
        let key = UnparsedPublicKey::new(&ED25519, &public_key);
        key.verify(said.as_bytes(), &signature).map_err(|_| BadCheckpoint::Signature)?;
        Ok(hash)
    }
}

/// RFC 3339, like every time of the API.
mod time {
    use backstep_domain::Millis;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Time;

    pub fn serialize<S: Serializer>(at: &Millis, serializer: S) -> Result<S::Ok, S::Error> {
        Time(*at).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Millis, D::Error> {
        Time::deserialize(deserializer).map(|time| time.0)
    }
}
