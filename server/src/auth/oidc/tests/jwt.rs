//! ID tokens, right and wrong.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, Mac};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey,
    core::{CoreEdDsaPrivateSigningKey, CoreJsonWebKey, CoreJwsSigningAlgorithm},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};

/// A key pair that is the same in every run.
pub struct Key {
    id: &'static str,
    seed: u8,
}

/// The provider's.
pub const ITS: Key = Key { id: "its-key", seed: 7 };
/// The one it changes to.
pub const NEXT: Key = Key { id: "next-key", seed: 8 };
/// An attacker's, under the name of the provider's.
pub const FORGED: Key = Key { id: "its-key", seed: 9 };

impl Key {
    fn signing(&self) -> CoreEdDsaPrivateSigningKey {
        // The fixed part of a PKCS #8 document with an Ed25519 key (RFC 8410), then its 32 bytes.
        let mut der = hex::decode("302e020100300506032b657004220420").unwrap();
        der.extend([self.seed; 32]);
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            base64::prelude::BASE64_STANDARD.encode(der)
        );
        CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(self.id.to_owned()))).unwrap()
    }

    pub fn public(&self) -> CoreJsonWebKey {
        self.signing().as_verification_key()
    }

    pub fn header(&self) -> Value {
        json!({"alg": "EdDSA", "kid": self.id})
    }
}

pub fn part(json: &Value) -> String {
    BASE64.encode(json.to_string())
}

/// A token signed with a key, whatever its header says.
pub fn signed(key: &Key, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", part(header), part(claims));
    let signature = key.signing().sign(&CoreJwsSigningAlgorithm::EdDsa, message.as_bytes()).unwrap();
    format!("{message}.{}", BASE64.encode(signature))
}

/// A token "signed" with a shared secret.
pub fn with_secret(secret: &[u8], claims: &Value) -> String {
    let message = format!("{}.{}", part(&json!({"alg": "HS256"})), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", BASE64.encode(mac.finalize().into_bytes()))
}

/// What a token with EdDSA says of the access token beside it.
pub fn at_hash(access_token: &str) -> String {
    BASE64.encode(&Sha512::digest(access_token)[..32])
}

/// What PKCE sends ahead.
pub fn challenge(verifier: &str) -> String {
    BASE64.encode(Sha256::digest(verifier))
}
