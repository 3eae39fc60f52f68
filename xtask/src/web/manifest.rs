//! `manifest.json`: which hashed file stands for which logical name. The format is described in [`super`].

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::assets::Asset;

/// The manifest's name in the site's folder.
pub const FILE: &str = "manifest.json";

/// Logical name to path below the site's folder.
#[derive(Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Manifest(BTreeMap<String, String>);

impl Manifest {
    /// Reads the manifest of a built site.
    pub fn read(folder: &Path) -> Result<Self> {
        let text = fs::read_to_string(folder.join(FILE)).context("the site has no manifest")?;
        serde_json::from_str(&text).context("the site's manifest cannot be read")
    }

    /// Writes it; the last file of a site.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("a map of strings is always JSON")?;
        fs::write(folder.join(FILE), text + "\n").context("could not write the site's manifest")
    }

    /// Adds a file.
    pub fn insert(&mut self, asset: &Asset) {
        self.0.insert(asset.logical.clone(), asset.path.clone());
    }

    /// All entries, by logical name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(logical, path)| (logical.as_str(), path.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_flat_object() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = Manifest([("app.js".to_owned(), "pkg/backstep-00.js".to_owned())].into());
        manifest.write(folder.path()).unwrap();
        assert_eq!(
            fs::read_to_string(folder.path().join(FILE)).unwrap(),
            "{\n  \"app.js\": \"pkg/backstep-00.js\"\n}\n"
        );
        assert_eq!(Manifest::read(folder.path()).unwrap(), manifest);
    }

    #[test]
    fn a_folder_without_one_is_no_site() {
        assert!(Manifest::read(Path::new("/nonexistent")).is_err());
    }
}
