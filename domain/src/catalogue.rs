//! The Runtime catalogue: which Runtime brings which Airflow, and which ones are restricted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AirflowVersion, BadVersion, RuntimeVersion};

/// The Runtime versions that are known. Replaceable by a file in the shape of the public feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    entries: BTreeMap<RuntimeVersion, RuntimeEntry>,
}

/// What is known of one Runtime version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeEntry {
    pub airflow: AirflowVersion,
    /// Why it is restricted (yanked or deprecated); `None` if it is not.
    pub restricted: Option<String>,
}

/// The last release of each Airflow line that gets no more: a Runtime above one that has it has it too.
const LAST_OF_LINE: [AirflowVersion; 8] = [
    AirflowVersion::new(2, 3, 4),
    AirflowVersion::new(2, 4, 3),
    AirflowVersion::new(2, 5, 3),
    AirflowVersion::new(2, 6, 3),
    AirflowVersion::new(2, 7, 3),
    AirflowVersion::new(2, 8, 4),
    AirflowVersion::new(2, 9, 3),
    AirflowVersion::new(2, 10, 5),
];

impl Catalogue {
    /// The catalogue that comes with Backstep (`data/runtimes.json`).
    ///
    /// The old format's lines are from the Runtime release notes. Of the new format only X.Y-N = Airflow X.Y is
    /// certain; the few patch versions listed are those that public sources agree on.
    pub fn built_in() -> Self {
        Self::from_json(include_str!("../data/runtimes.json")).expect("the file in the repository is a feed: tested")
    }

    /// Reads a file in the shape of the public feed.
    ///
    /// # Errors
    /// Text that is no such JSON, or an entry with a version that cannot be read; the message names the entry.
    pub fn from_json(text: &str) -> Result<Self, CatalogueError> {
        let feed: feed::Feed = serde_json::from_str(text).map_err(|e| CatalogueError::Json(e.to_string()))?;
        if feed.old.is_none() && feed.new.is_none() {
            return Err(CatalogueError::NoVersions);
        }
        let mut entries = BTreeMap::new();
        for (key, version) in feed.old.into_iter().chain(feed.new).flatten() {
            let runtime = key.parse().map_err(|cause| CatalogueError::Entry { key: key.clone(), cause })?;
            let meta = version.metadata;
            match meta.airflow.parse() {
                Ok(airflow) => {
                    entries.insert(runtime, RuntimeEntry { airflow, restricted: meta.restricted() });
                }
                // Previews carry Airflow versions such as 3.2.0b1; one of them must not cost the whole catalogue.
                Err(_) if matches!(meta.channel.as_deref(), Some("alpha" | "beta")) => {}
                Err(cause) => return Err(CatalogueError::Entry { key, cause }),
            }
        }
        Ok(Self { entries })
    }

    /// Which Airflow a Runtime brings; `None` if that is not certain.
    ///
    /// A version that is not listed is certain where the listed ones on either side of it have the same Airflow,
    /// or the one below has the last release of its line.
    pub fn airflow_of(&self, runtime: &RuntimeVersion) -> Option<AirflowVersion> {
        if let Some(entry) = self.entries.get(runtime) {
            return Some(entry.airflow);
        }
        let (below, above) = self.neighbours(runtime);
        let below = below?.airflow;
        let certain = LAST_OF_LINE.contains(&below) || above.is_some_and(|entry| entry.airflow == below);
        certain.then_some(below)
    }

    /// Major and minor version of the Airflow that a Runtime brings: known of every X.Y-N, and of every listed line.
    pub fn airflow_minor_of(&self, runtime: &RuntimeVersion) -> Option<(u16, u16)> {
        if let RuntimeVersion::New { major, minor, .. } = runtime {
            return Some((*major, *minor));
        }
        let (below, above) = self.neighbours(runtime);
        let entry = self.entries.get(runtime).or(below).or(above)?;
        Some((entry.airflow.major, entry.airflow.minor))
    }

    /// Why a Runtime is restricted (yanked or deprecated); `None` if it is not, or is not known.
    ///
    /// A version between two that are restricted for one reason is restricted for it too.
    pub fn restricted(&self, runtime: &RuntimeVersion) -> Option<&str> {
        if let Some(entry) = self.entries.get(runtime) {
            return entry.restricted.as_deref();
        }
        match self.neighbours(runtime) {
            (Some(below), Some(above)) if below.restricted == above.restricted => below.restricted.as_deref(),
            _ => None,
        }
    }

    /// Every listed version with what is known of it, oldest first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = (&RuntimeVersion, &RuntimeEntry)> {
        self.entries.iter()
    }

    /// The listed versions next to one, below and above, in its line only.
    fn neighbours(&self, runtime: &RuntimeVersion) -> (Option<&RuntimeEntry>, Option<&RuntimeEntry>) {
        let in_line = |(version, entry)| same_line(version, runtime).then_some(entry);
        (
            self.entries.range(..runtime).next_back().and_then(in_line),
            self.entries.range(runtime..).next().and_then(in_line),
        )
    }
}

/// A line is one Airflow minor: the major number of the old format, X.Y of the new one.
fn same_line(a: &RuntimeVersion, b: &RuntimeVersion) -> bool {
    use RuntimeVersion::{New, Old};
    match (a, b) {
        (Old { major: a, .. }, Old { major: b, .. }) => a == b,
        (New { major: a, minor: x, .. }, New { major: b, minor: y, .. }) => (a, x) == (b, y),
        _ => false,
    }
}

/// A file that is no Runtime catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    #[error("the Runtime catalogue is not JSON in the feed's shape: {0}")]
    Json(String),
    #[error("the Runtime catalogue has neither `runtimeVersions` nor `runtimeVersionsV3`; is it the right file?")]
    NoVersions,
    #[error("the Runtime catalogue's entry `{key}` cannot be read: {cause}")]
    Entry { key: String, cause: BadVersion },
}

/// The JSON of `https://updates.astronomer.io/astronomer-runtime`, as far as it is needed.
mod feed {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::Value;

    #[derive(Deserialize)]
    pub struct Feed {
        #[serde(rename = "runtimeVersions")]
        pub old: Option<BTreeMap<String, Version>>,
        #[serde(rename = "runtimeVersionsV3")]
        pub new: Option<BTreeMap<String, Version>>,
    }

    #[derive(Deserialize)]
    pub struct Version {
        pub metadata: Metadata,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Metadata {
        #[serde(rename = "airflowVersion", default)]
        pub airflow: String,
        pub channel: Option<String>,
        /// A boolean, or its word; absent means false.
        #[serde(default)]
        yanked: Value,
        yanked_reason: Option<String>,
    }

    impl Metadata {
        pub fn restricted(self) -> Option<String> {
            let reason = self.yanked_reason.filter(|r| !r.trim().is_empty());
            if self.yanked == Value::Bool(true) || self.yanked.as_str() == Some("true") {
                return Some(reason.unwrap_or_else(|| "yanked by its publisher".to_owned()));
            }
            (self.channel.as_deref() == Some("deprecated"))
                .then(|| reason.unwrap_or_else(|| "deprecated by its publisher".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests;
