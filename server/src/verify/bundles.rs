//! The DAG bundles on the disk, against what histories name.

use std::{collections::BTreeSet, io};

use backstep_domain::{BundleDigest, Flaw, FlawKind, Manifest, Millis};

use crate::{
    bundles::{Listed, Objects, sha256_of},
    retained::{GRACE_MS, NeededBy, Retained},
};

/// How closely files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// They are there, and as long as they should be.
    Quick,
    /// Every one is read.
    Whole,
}

/// What is wrong with the bundles, and what is odd.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub flaws: Vec<Flaw>,
    pub warnings: Vec<Flaw>,
}

/// Every bundle that is retained is there and as its name says; what nobody names and is not young is a warning.
pub fn check(
    objects: &Objects,
    retained: &Retained,
    named: &BTreeSet<BundleDigest>,
    depth: Depth,
    now: Millis,
) -> Found {
    let mut found = Found::default();
    let mut seen = BTreeSet::new();
    for (bundle, needed) in &retained.bundles {
        let wrong = match objects.manifest(bundle) {
            Ok(Some(manifest)) => files_wrong(objects, &manifest, depth, &mut seen),
            Ok(None) => Some((FlawKind::BundleMissing, "is not there".to_owned())),
            Err(error) => Some((FlawKind::BundleDamaged, error.to_string())),
        };
        let Some((kind, why)) = wrong else { continue };
        for NeededBy { deployment, numbers } in needed {
            let message = format!("The DAG bundle {} of {} of {deployment}: {why}.", bundle.short(), list(numbers));
            let newest = numbers.last().map(|number| i64::from(number.get()));
            found.flaws.push(Flaw::new(kind, message).on(deployment, newest));
        }
    }
    match orphans(objects, retained, named, now) {
        Ok(warnings) => found.warnings = warnings,
        Err(error) => {
            let message = format!("The folder of DAG bundles cannot be read: {error}.");
            found.flaws.push(Flaw::new(FlawKind::BundleDamaged, message));
        }
    }
    found
}

fn list(numbers: &BTreeSet<backstep_domain::DeployNumber>) -> String {
    const NAMED: usize = 5;
    let mut names: Vec<_> = numbers.iter().rev().take(NAMED).map(ToString::to_string).collect();
    if numbers.len() > NAMED {
        names.push(format!("{} more", numbers.len() - NAMED));
    }
    names.join(", ")
}

/// The first file that is not as it should be. `sound`: those that were found as they should be before.
fn files_wrong(
    objects: &Objects,
    manifest: &Manifest,
    depth: Depth,
    sound: &mut BTreeSet<String>,
) -> Option<(FlawKind, String)> {
    for file in &manifest.files {
        if sound.contains(&file.sha256) {
            continue;
        }
        match objects.size_of(file) {
            Ok(None) => return Some((FlawKind::BundleDamaged, format!("its file {} is not there", file.path))),
            Ok(Some(size)) if size != file.size => {
                return Some((FlawKind::BundleDamaged, format!("its file {} has another length", file.path)));
            }
            Ok(Some(_)) => {}
            Err(error) => return Some((FlawKind::BundleDamaged, format!("its file {}: {error}", file.path))),
        }
        if depth == Depth::Whole {
            match sha256_of(&objects.blob_at(&file.sha256)) {
                Ok(sha256) if sha256 == file.sha256 => {}
                Ok(_) => return Some((FlawKind::BundleDamaged, format!("its file {} was changed", file.path))),
                Err(error) => return Some((FlawKind::BundleDamaged, format!("its file {}: {error}", file.path))),
            }
        }
        sound.insert(file.sha256.clone());
    }
    None
}

fn orphans(
    objects: &Objects,
    retained: &Retained,
    named: &BTreeSet<BundleDigest>,
    now: Millis,
) -> io::Result<Vec<Flaw>> {
    let mut warnings = Vec::new();
    let mut used = BTreeSet::new();
    for bundle in objects.bundles()? {
        if let Ok(Some(manifest)) = objects.manifest(&bundle.name) {
            used.extend(manifest.files.into_iter().map(|file| file.sha256));
        }
        if is_old(&bundle, now) && !named.contains(&bundle.name) && !retained.has(&bundle.name) {
            let message = format!("No deploy and no upload names the DAG bundle {}.", bundle.name.short());
            warnings.push(Flaw::new(FlawKind::BundleOrphaned, message));
        }
    }
    let spare = objects.blobs()?.into_iter().filter(|blob| is_old(blob, now) && !used.contains(&blob.name));
    let (count, bytes) = spare.fold((0, 0), |(count, bytes), blob| (count + 1, bytes + blob.size));
    if count > 0 {
        let message = format!("{count} files ({bytes} bytes) are of no DAG bundle.");
        warnings.push(Flaw::new(FlawKind::BundleOrphaned, message));
    }
    Ok(warnings)
}

/// Older than what may still be on its way into a history.
pub fn is_old<T>(listed: &Listed<T>, now: Millis) -> bool {
    let modified = listed.modified.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_millis();
    now.since(Millis(i64::try_from(modified).unwrap_or(i64::MAX))) >= GRACE_MS
}
