//! Names of indexes: `backstep.%{release}.%Y.%m.%d`.

use std::{fmt, str::FromStr};

use backstep_domain::Millis;

use crate::http::api::dto::Time;

/// Longest name that Elasticsearch takes, in bytes.
const LONGEST: usize = 255;

/// What an index is called, by the day and the Deployment that a line is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexPattern {
    parts: Vec<Part>,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Release,
    Year,
    Month,
    Day,
}

/// A pattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIndex {
    #[error(
        "`{0}` is no part of an index name; there are %{{release}}, %Y, %m and %d, and %% for a percent sign is not one"
    )]
    Unknown(String),
    #[error(
        "`{0}` cannot be in the name of an index: it is of lower-case letters, digits, and . _ - + inside, and begins with a \
         letter or a digit"
    )]
    Letters(String),
}

impl FromStr for IndexPattern {
    type Err = BadIndex;

    fn from_str(text: &str) -> Result<Self, BadIndex> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (part, length) = match rest.find('%') {
                Some(0) => parameter(rest)?,
                end => {
                    let literal = &rest[..end.unwrap_or(rest.len())];
                    (Part::Text(literal.to_owned()), literal.len())
                }
            };
            parts.push(part);
            rest = &rest[length..];
        }
        let pattern = Self { parts, text: text.to_owned() };
        let sample = pattern.name(Millis(0), "release");
        let sign = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if sample.len() > LONGEST / 2
            || !sample.starts_with(sign)
            || !sample.chars().all(|c| sign(c) || "._-+".contains(c))
        {
            return Err(BadIndex::Letters(text.to_owned()));
        }
        Ok(pattern)
    }
}

fn parameter(text: &str) -> Result<(Part, usize), BadIndex> {
    const KNOWN: [(&str, Part); 4] =
        [("%{release}", Part::Release), ("%Y", Part::Year), ("%m", Part::Month), ("%d", Part::Day)];
    let found = KNOWN.into_iter().find(|(name, _)| text.starts_with(name));
    let unknown = || BadIndex::Unknown(text.chars().take(12).collect());
    found.map(|(name, part)| (part, name.len())).ok_or_else(unknown)
}

impl IndexPattern {
    /// The index of a line of that time (the day in UTC) and of that release, which [`release`] made.
    pub fn name(&self, at: Millis, release: &str) -> String {
        // 2026-03-01T12:00:00.000Z
        let day = Time(at).to_string();
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Release => release.to_owned(),
            Part::Year => day[..4].to_owned(),
            Part::Month => day[5..7].to_owned(),
            Part::Day => day[8..10].to_owned(),
        };
        self.parts.iter().map(part).collect()
    }
}

impl fmt::Display for IndexPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The name of a Deployment as it can be in the name of an index: `Prod EU` is `prod-eu`. `none` if nothing is left of it.
pub fn release(name: &str) -> String {
    /// Leaves room for the rest of the index's name.
    const MOST: usize = 100;
    let mut release = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() || c == '_' {
            release.push(c);
        } else if !release.is_empty() && !release.ends_with('-') {
            release.push('-');
        }
    }
    release.truncate(MOST);
    let release = release.trim_end_matches('-');
    if release.is_empty() { "none".to_owned() } else { release.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(pattern: &str, deployment: &str) -> String {
        // 2026-05-28T20:26:40Z
        pattern.parse::<IndexPattern>().unwrap().name(Millis(1_780_000_000_000), &release(deployment))
    }

    #[test]
    fn an_index_is_named_by_release_and_day() {
        assert_eq!(name("backstep.%{release}.%Y.%m.%d", "Prod EU"), "backstep.prod-eu.2026.05.28");
        assert_eq!(name("vector.%{release}.%Y.%m.%d", "quasar_1"), "vector.quasar_1.2026.05.28");
        assert_eq!(name("fluentd.%{release}.%Y.%m.%d", "--Größe!?"), "fluentd.gr-e.2026.05.28");
        assert_eq!(name("logs-backstep-default", "prod"), "logs-backstep-default");
        assert_eq!(name("b.%{release}", "日本"), "b.none");
        assert!(name("b.%{release}", &"x".repeat(5000)).len() <= LONGEST);
    }

    #[test]
    fn what_elasticsearch_would_refuse_is_refused_at_the_start() {
        for bad in ["", "Backstep", "-a", "_a", ".a", "a b", "a*", "a/b", "a:b", "a,b", "a%", "%H", "a.%{name}", "ä"] {
            assert!(bad.parse::<IndexPattern>().is_err(), "{bad}");
        }
        assert!("x".repeat(200).parse::<IndexPattern>().is_err());
    }
}
