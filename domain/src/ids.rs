//! Identifiers. Each is parsed at the edge and trusted from there on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; whether something stands behind it is for the store to say.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

pub(crate) use text_id;

text_id!(
    /// A Workspace (UUIDv7 as text).
    WorkspaceId
);
text_id!(
    /// A Deployment: one Airflow (UUIDv7 as text).
    DeploymentId
);
text_id!(
    /// A deploy, and the upload that it was before it had a number (UUIDv7 as text).
    DeployId
);

/// The place of a deploy in its Deployment's history: 1, 2, 3 ... without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct DeployNumber(u32);

impl DeployNumber {
    pub const FIRST: Self = Self(1);

    /// `None` for 0: numbers start at 1.
    pub fn new(number: u32) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    pub fn get(self) -> u32 {
        self.0
    }

    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for DeployNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl From<DeployNumber> for u32 {
    fn from(number: DeployNumber) -> Self {
        number.0
    }
}

impl TryFrom<u32> for DeployNumber {
    type Error = BadId;
    fn try_from(number: u32) -> Result<Self, BadId> {
        Self::new(number).ok_or(BadId::Number)
    }
}

impl FromStr for DeployNumber {
    type Err = BadId;
    /// Reads `52` and `#52`.
    fn from_str(text: &str) -> Result<Self, BadId> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        digits.parse().ok().and_then(Self::new).ok_or(BadId::Number)
    }
}

macro_rules! sha256_digest {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The 64 hexadecimal digits, without `sha256:`.
            pub fn hex(&self) -> &str {
                &self.0
            }

            /// The first 12 digits: enough for a person to tell two apart.
            pub fn short(&self) -> &str {
                &self.0[..12]
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let hex = text.strip_prefix("sha256:").unwrap_or(text);
                let ok = hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if ok { Ok(Self(hex.to_owned())) } else { Err(BadId::Digest) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(digest: $name) -> String {
                digest.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "sha256:{}", self.0)
            }
        }
    };
}

sha256_digest!(
    /// What a set of DAG files is: the sha256 of its manifest, so that two uploads of one tree are one bundle.
    BundleDigest
);
sha256_digest!(
    /// What an image is, whatever its tags say: the digest of its manifest in the registry.
    ImageDigest
);

/// Text that is no identifier of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    #[error("a deploy number is 1 or more")]
    Number,
    #[error("a digest is `sha256:` and 64 lower-case hexadecimal digits")]
    Digest,
    #[error("an image is REPOSITORY[:TAG]@sha256:DIGEST; a tag alone can move, so the digest is needed")]
    Image,
}
