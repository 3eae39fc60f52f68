//! Comparing a folder with the bundle that it should hold.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use backstep_domain::{BundleFile, Manifest};

use super::{TargetError, failed};
use crate::bundles::sha256_of;

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    NamesAndSizes,
    /// Every file is read and hashed too.
    Contents,
}

/// The first difference that was found, in words; `None` if there is none.
///
/// Python's bytecode (`__pycache__`, `*.pyc`) does not count: Airflow writes it, and it is in no bundle.
pub(super) fn difference(folder: &Path, manifest: &Manifest, depth: Depth) -> Result<Option<String>, TargetError> {
    match fs::symlink_metadata(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Some("not there yet".to_owned())),
        Err(e) => return Err(failed("read", folder, &e)),
        Ok(found) if !found.is_dir() => return Ok(Some(format!("is {}, not a folder", super::root::kind_of(&found)))),
        Ok(_) => {}
    }
    let mut expected: BTreeMap<&[u8], &BundleFile> = manifest.files.iter().map(|f| (f.path.as_bytes(), f)).collect();
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        let path = folder.join(&inner);
        for entry in fs::read_dir(&path).map_err(|e| failed("read", &path, &e))? {
            let entry = entry.map_err(|e| failed("read", &path, &e))?;
            let name = inner.join(entry.file_name());
            if is_bytecode(&name) {
                continue;
            }
            let found = entry.metadata().map_err(|e| failed("read", &entry.path(), &e))?;
            if found.is_dir() {
                folders.push(name);
                continue;
            }
            let Some(file) = expected.remove(name.as_os_str().as_bytes()).filter(|_| found.is_file()) else {
                return Ok(Some(format!("{} is not part of the bundle", name.display())));
            };
            if found.len() != file.size {
                return Ok(Some(format!("{} has {} bytes instead of {}", file.path, found.len(), file.size)));
            }
            if depth == Depth::Contents {
                let actual = sha256_of(&entry.path()).map_err(|e| failed("read", &entry.path(), &e))?;
                if actual != file.sha256 {
                    return Ok(Some(format!("{} has another content", file.path)));
                }
            }
        }
    }
    Ok(expected.into_values().next().map(|file| format!("{} is missing", file.path)))
}

fn is_bytecode(name: &Path) -> bool {
    name.file_name().is_some_and(|n| n == "__pycache__") || name.extension().is_some_and(|e| e == "pyc")
}
