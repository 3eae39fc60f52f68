//! Replacing a file in one step: readers see the old or the new one, whole.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{MetadataExt, fchown},
    path::Path,
};

/// Writes `after` in place of a file that still has the content `before`. Mode is kept, owner where the system allows.
pub(super) fn replace(file: &Path, before: &[u8], after: &[u8]) -> Result<(), String> {
    let cannot =
        |what: &str, e: io::Error| format!("{} could not be {what}: {e}. Nothing was changed.", file.display());
    let folder = file.parent().expect("a file's whole path has a folder");
    let name = file.file_name().expect("a file has a name").to_string_lossy();
    let prefix = format!("{name}.backstep-");
    remove_leftovers(folder, &prefix);

    let found = fs::metadata(file).map_err(|e| cannot("read", e))?;
    let mut made = tempfile::Builder::new().prefix(&prefix).tempfile_in(folder).map_err(|e| cannot("rewritten", e))?;
    made.write_all(after).map_err(|e| cannot("rewritten", e))?;
    let owner = fchown(made.as_file(), Some(found.uid()), Some(found.gid()));
    if owner.is_err() {
        // Only root may give a file away; the group alone is often allowed.
        let _ = fchown(made.as_file(), None, Some(found.gid()));
    }
    made.as_file().set_permissions(found.permissions()).map_err(|e| cannot("rewritten", e))?;
    made.as_file().sync_all().map_err(|e| cannot("written to disk", e))?;

    // Somebody may have edited it meanwhile; their change must not be lost.
    if fs::read(file).map_err(|e| cannot("read", e))? != before {
        return Err(format!(
            "{} was changed by somebody else at this moment. Nothing was changed; try again.",
            file.display()
        ));
    }
    made.persist(file).map_err(|e| cannot("replaced", e.error))?;
    fs::File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|e| format!("{} was rewritten, but its folder could not be synced to disk: {e}.", file.display()))
}

/// What a killed run left: copies of a file that may hold secrets. Runs of one Deployment never overlap.
fn remove_leftovers(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix)) {
        if let Err(error) = fs::remove_file(entry.path()) {
            eprintln!("{} is left over and could not be removed: {error}", entry.path().display());
        }
    }
}
