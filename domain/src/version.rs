//! Runtime and Airflow versions: two formats of the one, the order of both.

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An Airflow version, `2.11.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AirflowVersion {
    pub major: u16,
    pub minor: u16,
    pub patch: u16,
}

impl AirflowVersion {
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }
}

/// A Runtime version in one of its two formats.
///
/// `11.8.0` is the old one, `3.1-2` the new one (Airflow 3.1, second Runtime of it). Every new-format version is newer
/// than every old-format one, so `3.0.0` (Airflow 2.1.1) is older than `3.0-1` (Airflow 3.0). Source of the rule:
/// astro-cli, `airflow_versions/runtime_versions.go`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RuntimeVersion {
    /// `MAJOR.MINOR.PATCH[-PRE]`
    Old { major: u16, minor: u16, patch: u16, pre: Option<String> },
    /// `AIRFLOW_MAJOR.AIRFLOW_MINOR-PATCH[-PRE]`
    New { major: u16, minor: u16, patch: u16, pre: Option<String> },
}

impl RuntimeVersion {
    fn key(&self) -> (bool, u16, u16, u16) {
        match self {
            Self::Old { major, minor, patch, .. } => (false, *major, *minor, *patch),
            Self::New { major, minor, patch, .. } => (true, *major, *minor, *patch),
        }
    }

    fn pre(&self) -> Option<&str> {
        match self {
            Self::Old { pre, .. } | Self::New { pre, .. } => pre.as_deref(),
        }
    }
}

impl Ord for RuntimeVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key()).then_with(|| match (self.pre(), other.pre()) {
            (None, None) => Ordering::Equal,
            // As in semantic versioning, a pre-release comes before its release.
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => compare_pre_release(a, b),
        })
    }
}

impl PartialOrd for RuntimeVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Semantic versioning 2.0.0, rule 11.4: numbers by value and below words, words by ASCII, more fields above fewer.
fn compare_pre_release(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => x.cmp(y),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Text that is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadVersion {
    #[error("`{0}` is no Runtime version; write it as 11.8.0 or 3.1-2")]
    Runtime(String),
    #[error("`{0}` is no Airflow version; write it as 2.11.2")]
    Airflow(String),
}

/// A number without sign or leading zeros, so that each version has one spelling.
fn number(text: &str) -> Option<u16> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

fn pre_release(text: &str) -> Option<String> {
    let ok = !text.is_empty()
        && text.len() <= 64
        && text.split('.').all(|f| {
            let plain = f.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            let numeric = f.bytes().all(|b| b.is_ascii_digit());
            !f.is_empty() && plain && (!numeric || number(f).is_some())
        });
    ok.then(|| text.to_owned())
}

impl FromStr for AirflowVersion {
    type Err = BadVersion;
    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let fields: Option<Vec<u16>> = text.split('.').map(number).collect();
        match fields.as_deref() {
            Some(&[major, minor, patch]) => Ok(Self { major, minor, patch }),
            _ => Err(BadVersion::Airflow(text.to_owned())),
        }
    }
}

impl FromStr for RuntimeVersion {
    type Err = BadVersion;
    fn from_str(text: &str) -> Result<Self, BadVersion> {
        parse_runtime(text).ok_or_else(|| BadVersion::Runtime(text.to_owned()))
    }
}

fn parse_runtime(text: &str) -> Option<RuntimeVersion> {
    let (numbers, rest) = match text.split_once('-') {
        Some((numbers, rest)) => (numbers, Some(rest)),
        None => (text, None),
    };
    let fields: Vec<u16> = numbers.split('.').map(number).collect::<Option<_>>()?;
    match fields[..] {
        [major, minor, patch] => {
            let pre = rest.map(|r| pre_release(r).ok_or(())).transpose().ok()?;
            Some(RuntimeVersion::Old { major, minor, patch, pre })
        }
        [major, minor] => {
            // `3.1-2`, `3.1-2-alpha1` and `3.1-2.alpha1` are all written in the wild; the last is shown as the second.
            let rest = rest?;
            let (patch, pre) = match rest.find(['-', '.']) {
                Some(at) => (&rest[..at], Some(pre_release(&rest[at + 1..])?)),
                None => (rest, None),
            };
            Some(RuntimeVersion::New { major, minor, patch: number(patch)?, pre })
        }
        _ => None,
    }
}

impl fmt::Display for AirflowVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl fmt::Display for RuntimeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Old { major, minor, patch, .. } => write!(f, "{major}.{minor}.{patch}")?,
            Self::New { major, minor, patch, .. } => write!(f, "{major}.{minor}-{patch}")?,
        }
        self.pre().map_or(Ok(()), |pre| write!(f, "-{pre}"))
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = BadVersion;
            fn try_from(text: String) -> Result<Self, BadVersion> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(version: $name) -> String {
                version.to_string()
            }
        }
    };
}
as_text!(AirflowVersion);
as_text!(RuntimeVersion);

#[cfg(test)]
mod tests;
