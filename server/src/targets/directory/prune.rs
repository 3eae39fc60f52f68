//! Removing the DAG bundles that the rollback window does not keep any more.

use std::{collections::BTreeSet, fs};

use backstep_domain::BundleDigest;

use super::{TEMPORARY, TargetError, failed, link, root::Root, stage::remove_leftovers, sync_folder};

/// Each is renamed before it is removed, so that a kill in between leaves no half of a bundle under its name.
pub(super) fn prune(root: &Root, keep: &BTreeSet<BundleDigest>) -> Result<u32, TargetError> {
    let versions = root.versions();
    if !versions.is_dir() {
        return Ok(0);
    }
    let current = link::read(root)?.bundle();
    let mut removed = 0;
    for entry in fs::read_dir(&versions).map_err(|e| failed("read", &versions, &e))?.flatten() {
        let name = entry.file_name();
        // What has another name is not ours to remove.
        let Some(bundle) = name.to_str().filter(|n| n.len() == 64).and_then(|n| n.parse::<BundleDigest>().ok()) else {
            continue;
        };
        if keep.contains(&bundle) || current.as_ref() == Some(&bundle) {
            continue;
        }
        let aside = versions.join(format!("{TEMPORARY}{}-pruned", bundle.hex()));
        fs::rename(entry.path(), &aside).map_err(|e| failed("removed", &entry.path(), &e))?;
        removed += 1;
    }
    if removed > 0 {
        sync_folder(&versions)?;
        remove_leftovers(&versions);
    }
    Ok(removed)
}
