//! The link `current`: read, and switched by one rename.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use backstep_domain::BundleDigest;

use super::{Observed, StepLog, TEMPORARY, TargetError, failed, root::Root, sync_folder};

/// Where `current` points, as it is written in the link.
pub(super) struct Current(Option<PathBuf>);

impl Current {
    /// The DAG bundle that is read, if the link is one that Backstep wrote.
    pub fn bundle(&self) -> Option<BundleDigest> {
        let name = self.0.as_deref()?.strip_prefix("versions").ok()?;
        name.to_str().filter(|name| name.len() == 64)?.parse().ok()
    }

    fn words(&self) -> String {
        match (&self.0, self.bundle()) {
            (_, Some(bundle)) => format!("current points to versions/{}", bundle.short()),
            (Some(other), None) => format!("current points to {}", other.display()),
            (None, _) => "there is no link `current` yet".to_owned(),
        }
    }
}

pub(super) fn read(root: &Root) -> Result<Current, TargetError> {
    let current = root.current();
    match fs::read_link(&current) {
        Ok(to) => Ok(Current(Some(to))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Current(None)),
        Err(e) => Err(failed("read", &current, &e)),
    }
}

pub(super) fn observe(root: &Root, bundle: &BundleDigest) -> Result<Observed, TargetError> {
    let current = read(root)?;
    let there = root.versions().join(bundle.hex()).is_dir();
    let mut detail = current.words();
    let points_there = current.bundle().as_ref() == Some(bundle);
    if points_there && !there {
        detail.push_str(", which is missing");
    }
    Ok(Observed { done: points_there && there, detail })
}

/// A link under another name, renamed over `current`: a reader sees the old one or the new one and never none.
pub(super) fn switch(root: &Root, bundle: &BundleDigest, log: &StepLog) -> Result<(), TargetError> {
    root.check_writable(root.path())?;
    let current = root.current();
    log.line(format!("Before: {}", read(root)?.words()));
    remove_leftovers(root.path());
    // A name of its own for each attempt: a link is made only where nothing is, so a late worker cannot take this one's.
    let made = tempfile::Builder::new()
        .prefix(&format!("{TEMPORARY}current-"))
        .make_in(root.path(), |name| symlink(Path::new("versions").join(bundle.hex()), name))
        .map_err(|e| failed("given a new link", root.path(), &e))?;
    let name = made.into_temp_path();
    name.persist(&current).map_err(|e| failed("switched", &current, &e.error))?;
    sync_folder(root.path())?;
    log.line(format!("Now: {}", read(root)?.words()));
    Ok(())
}

/// Links that a killed server left under their temporary names.
fn remove_leftovers(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(&format!("{TEMPORARY}current-"));
        if ours && entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
            // What stays is a stray link that nothing reads; the next switch tries again.
            let _ = fs::remove_file(entry.path());
        }
    }
}
