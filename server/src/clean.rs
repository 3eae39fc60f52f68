//! Removing DAG bundles that nothing needs any more: by the rule of the rollback window, also beside a running server. Rows
//! of a history stay.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::ErrorKind,
    path::Path,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use backstep_domain::{BundleDigest, Millis, Policy};
use serde::Serialize;

use crate::{
    bundles::Objects,
    retained::Retained,
    store::{NamedBy, Store},
    verify::is_old,
};

/// How long uploads and backups that are under way are waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was removed, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cleaned {
    pub dry_run: bool,
    pub bundles: Vec<Removed>,
    /// Files that are of no DAG bundle.
    pub spare_files: usize,
    /// Their bytes.
    pub spare_bytes: u64,
    /// All together.
    pub bytes: u64,
    /// DAG bundles that stay.
    pub kept: usize,
}

/// A DAG bundle that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    pub bundle: BundleDigest,
    pub why: Why,
    /// The deploys that had it.
    pub deploys: Vec<NamedBy>,
    /// What is free afterwards: files that another bundle has too stay.
    pub bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Every deploy that had it is outside of the rollback window, and none of them runs or waits.
    OutsideWindow,
    /// It came with an upload that nobody finalized.
    NeverFinalized,
    /// Nothing names it.
    Orphaned,
}

/// Removes, or with `dry_run` only says what it would.
///
/// # Errors
/// If the database or the files cannot be read, or if uploads or a backup are under way for longer than a minute.
pub async fn clean(store: &Store, objects: &Objects, policy: &Policy, now: Millis, dry_run: bool) -> Result<Cleaned> {
    let named = store.deploys_by_bundle().await.context("the database")?;
    let uploads = store.bundles_of_uploads(Millis(i64::MIN)).await.context("the database")?;
    // What comes into a history from here on is young: whoever keeps a bundle again makes it so.
    let retained = Retained::of(store, policy, now).await.context("the database")?;
    let (objects, uploads) = (objects.clone(), uploads.into_iter().collect());
    let work = move || -> Result<Cleaned> {
        let _alone = match dry_run {
            true => None,
            false => Some(alone(&objects)?),
        };
        Work { objects: &objects, retained: &retained, named: &named, uploads: &uploads, now, dry_run }.run()
    };
    tokio::task::spawn_blocking(work).await.context("the removal broke off")?
}

fn alone(objects: &Objects) -> Result<crate::bundles::Hold> {
    match objects.alone(PATIENCE).context("the DAG bundles cannot be locked")? {
        Some(hold) => Ok(hold),
        None => {
            bail!("uploads or a backup are under way for longer than a minute; nothing was removed, try again later")
        }
    }
}

struct Work<'a> {
    objects: &'a Objects,
    retained: &'a Retained,
    named: &'a BTreeMap<BundleDigest, Vec<NamedBy>>,
    uploads: &'a BTreeSet<BundleDigest>,
    now: Millis,
    dry_run: bool,
}

impl Work<'_> {
    /// Lists first, so that a bundle is either whole or not there; then the files that no list names any more.
    fn run(&self) -> Result<Cleaned> {
        let mut cleaned = Cleaned { dry_run: self.dry_run, ..Cleaned::default() };
        let (mut used, mut going) = (BTreeSet::new(), Vec::new());
        let mut unreadable = None;
        for listed in self.objects.bundles().context("the DAG bundles")? {
            let files = match self.objects.manifest(&listed.name) {
                Ok(manifest) => manifest.unwrap_or_default().files,
                Err(error) if error.kind() == ErrorKind::InvalidData => {
                    if !self.goes(&listed.name) || !is_old(&listed, self.now) {
                        unreadable = Some(listed.name.clone());
                    }
                    Vec::new()
                }
                Err(error) => return Err(error).context("the DAG bundles"),
            };
            if self.goes(&listed.name) && is_old(&listed, self.now) {
                going.push((listed.name, listed.size, files));
            } else {
                cleaned.kept += 1;
                used.extend(files.into_iter().map(|file| file.sha256));
            }
        }
        let blobs = self.objects.blobs().context("the DAG bundles")?;
        let mut sizes: BTreeMap<_, _> = blobs.iter().map(|blob| (blob.name.as_str(), blob.size)).collect();
        sizes.retain(|name, _| !used.contains(*name));
        for (bundle, list, files) in going {
            let freed: u64 = files.iter().filter_map(|file| sizes.remove(file.sha256.as_str())).sum();
            let deploys = self.named.get(&bundle).cloned().unwrap_or_default();
            if !self.dry_run {
                remove(&self.objects.manifest_at(&bundle))?;
            }
            cleaned.bytes += list + freed;
            cleaned.bundles.push(Removed { why: self.why(&bundle), deploys, bytes: list + freed, bundle });
        }
        if !self.dry_run && !cleaned.bundles.is_empty() {
            self.objects.sync_bundles().context("the folder of DAG bundles")?;
        }
        if let Some(bundle) = unreadable {
            // Which files it needs is not known, so all of them stay.
            tracing::warn!(%bundle, "the list of a DAG bundle that is kept was changed; no file was removed");
            return Ok(cleaned);
        }
        for blob in blobs.iter().filter(|blob| !used.contains(&blob.name)) {
            let spare = sizes.contains_key(blob.name.as_str());
            if spare && !is_old(blob, self.now) {
                continue;
            }
            if spare {
                cleaned.spare_files += 1;
                cleaned.spare_bytes += blob.size;
                cleaned.bytes += blob.size;
            }
            if !self.dry_run {
                remove(&self.objects.blob_at(&blob.name))?;
            }
        }
        Ok(cleaned)
    }

    fn goes(&self, bundle: &BundleDigest) -> bool {
        !self.retained.has(bundle)
    }

    fn why(&self, bundle: &BundleDigest) -> Why {
        if self.named.contains_key(bundle) {
            Why::OutsideWindow
        } else if self.uploads.contains(bundle) {
            Why::NeverFinalized
        } else {
            Why::Orphaned
        }
    }
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.with_context(|| format!("{} cannot be removed", path.display())),
    }
}

#[cfg(test)]
mod tests;
