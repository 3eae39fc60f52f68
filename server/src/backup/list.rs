//! The list of a backup, and whether its files are what it says.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use backstep_domain::BundleDigest;
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};

use super::{FORMAT, LIST, copy::sha256_of};
use crate::store::{self, AuditHead};

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    pub format: u32,
    /// The version of Backstep that made it.
    pub backstep: String,
    /// The version of the database's schema.
    pub schema: i64,
    /// RFC 3339.
    pub made_at: String,
    /// Where the sealed audit log ended.
    #[serde(default)]
    pub audit: Option<AuditHead>,
    pub files: Vec<Copied>,
    /// DAG bundles that the history names, but that were not there any more, or not whole.
    #[serde(default)]
    pub missing: Vec<BundleDigest>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Relative to the backup.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Hexadecimal.
    pub sha256: String,
}

impl List {
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// The list of a backup, after every file was compared with it.
pub fn check(from: &Path, bar: &ProgressBar) -> Result<List> {
    let text =
        fs::read(from.join(LIST)).with_context(|| format!("{} is no backup: it has no {LIST}", from.display()))?;
    let list: List = serde_json::from_slice(&text).with_context(|| format!("{LIST} cannot be understood"))?;
    ensure!(list.format == FORMAT, "this backup has the format {}; this Backstep reads {FORMAT}", list.format);
    let known = store::known_schema();
    ensure!(
        list.schema <= known,
        "Backstep {} made this backup, with schema {}; this one knows {known}. Use a newer Backstep",
        list.backstep,
        list.schema
    );
    bar.set_message("Comparing with the list");
    bar.set_length(list.bytes());
    for Copied { path, size, sha256 } in &list.files {
        let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        ensure!(plain, "{LIST} names {}, which is outside of the backup", path.display());
        let file = from.join(path);
        let found = fs::metadata(&file).with_context(|| format!("{} is missing in the backup", path.display()))?;
        ensure!(
            found.len() == *size && sha256_of(&file)? == *sha256,
            "{} is not what it was when the backup was made",
            path.display()
        );
        bar.inc(*size);
    }
    Ok(list)
}
