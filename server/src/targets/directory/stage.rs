//! Staging: the bundle's files beside what runs, complete or not at all.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use backstep_domain::{BundleDigest, Manifest};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{StepLog, TEMPORARY, TargetError, blocking, failed, root::Root, sync_folder};
use crate::bundles::Bundles;

pub(super) async fn stage(
    root: &Root,
    bundles: &Bundles,
    bundle: &BundleDigest,
    manifest: &Manifest,
    log: &StepLog,
) -> Result<(), TargetError> {
    if manifest.files.is_empty() {
        return Err(TargetError::new(
            "The DAG bundle has no files; it would make every DAG disappear, so it is refused.",
        ));
    }
    let (opened, prefix) = (root.clone(), format!("{TEMPORARY}{}-", bundle.hex()));
    let (versions, attempt) = blocking(move || {
        let versions = opened.prepare()?;
        remove_leftovers(&versions);
        let made = tempfile::Builder::new().prefix(&prefix).tempdir_in(&versions);
        let attempt = made.map_err(|e| failed("given a new folder", &versions, &e))?;
        Ok((versions, attempt))
    })
    .await?;
    log.line(format!("Writing {} files, {} bytes", manifest.files.len(), manifest.bytes()));
    bundles.materialize(bundle, attempt.path()).await.map_err(|error| TargetError::new(error.problem().message))?;
    let (version, log) = (versions.join(bundle.hex()), log.clone());
    blocking(move || {
        publish(attempt.path(), &version, &log)?;
        sync_folder(&versions)?;
        // After an exchange this is the folder that was replaced; after a plain rename there is nothing to remove.
        drop(attempt);
        Ok(())
    })
    .await
}

/// Gives the complete folder its name. One that is there already, and was found to differ, is exchanged in one step: what
/// Airflow reads is never missing.
fn publish(attempt: &Path, version: &PathBuf, log: &StepLog) -> Result<(), TargetError> {
    if fs::symlink_metadata(version).is_err() {
        return fs::rename(attempt, version).map_err(|e| failed("given its name", version, &e));
    }
    log.line(format!("{} is there but is not what it should be; it is replaced", version.display()));
    match renameat_with(CWD, attempt, CWD, version, RenameFlags::EXCHANGE).map_err(io::Error::from) {
        Ok(()) => Ok(()),
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            // A file system that cannot exchange, such as NFS: aside first, a moment without.
            let aside = attempt.with_extension("replaced");
            fs::rename(version, &aside).map_err(|e| failed("moved aside", version, &e))?;
            fs::rename(attempt, version).map_err(|e| failed("given its name", version, &e))?;
            fs::remove_dir_all(&aside).map_err(|e| failed("removed", &aside, &e))
        }
        Err(e) => Err(failed("replaced", version, &e)),
    }
}

/// What attempts that were killed left behind. One rollout at a time works here, so nobody writes to them any more.
pub(super) fn remove_leftovers(versions: &Path) {
    let Ok(entries) = fs::read_dir(versions) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY)
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            // It takes room and nothing else; the next rollout tries again.
            tracing::warn!(path = %entry.path().display(), %error, "a leftover could not be removed");
        }
    }
}
