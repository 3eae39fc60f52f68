//! Container images, always pinned by digest.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{BadId, ImageDigest};

/// An image in a registry. The tag is for people; the digest is what runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageRef {
    pub repository: String,
    pub tag: Option<String>,
    pub digest: ImageDigest,
}

impl ImageRef {
    /// `repository@sha256:...`, the form that no one can move.
    pub fn pinned(&self) -> String {
        format!("{}@{}", self.repository, self.digest)
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tag {
            Some(tag) => write!(f, "{}:{tag}@{}", self.repository, self.digest),
            None => write!(f, "{}@{}", self.repository, self.digest),
        }
    }
}

impl FromStr for ImageRef {
    type Err = BadId;

    /// Reads `REPOSITORY[:TAG]@sha256:DIGEST`; a colon before the last slash is a port.
    fn from_str(text: &str) -> Result<Self, BadId> {
        let (name, digest) = text.split_once('@').ok_or(BadId::Image)?;
        let (repository, tag) = match name.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
            _ => (name, None),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
        let ok = !repository.is_empty() && repository.len() <= 255 && repository.chars().all(plain);
        let tag_ok = tag.is_none_or(|t| {
            !t.is_empty() && t.len() <= 128 && t.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        });
        if !ok || !tag_ok {
            return Err(BadId::Image);
        }
        Ok(Self { repository: repository.to_owned(), tag: tag.map(str::to_owned), digest: digest.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let digest = "a".repeat(64);
        for text in [
            format!("quay.io/acme/airflow@sha256:{digest}"),
            format!("quay.io:5000/acme/airflow:1.2-rc_1@sha256:{digest}"),
            format!("localhost:5000/airflow@sha256:{digest}"),
        ] {
            assert_eq!(text.parse::<ImageRef>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_not_pinned() {
        let digest = "a".repeat(64);
        for text in
            ["acme/airflow:1.2", "", &format!("@sha256:{digest}"), "a@sha256:12", &format!("a b@sha256:{digest}")]
        {
            assert!(text.parse::<ImageRef>().is_err(), "{text}");
        }
    }
}
