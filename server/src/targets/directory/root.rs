//! The root folder, and the refusals of what should not lie in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access};

use super::{TargetError, failed, sync_folder};

/// A root folder that is there.
#[derive(Clone, Debug)]
pub(super) struct Root(PathBuf);

impl Root {
    /// Checks the folder and what lies at the two names that are ours; changes nothing.
    pub fn open(path: &Path) -> Result<Self, TargetError> {
        let shown = path.display();
        match fs::metadata(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(TargetError::new(format!(
                    "The target's folder {shown} is missing. Create it, writable for the server, or correct `root` in the \
                     configuration; a volume may not be mounted."
                )));
            }
            Err(e) => return Err(failed("read", path, &e)),
            Ok(found) if !found.is_dir() => {
                return Err(TargetError::new(format!(
                    "The target's root {shown} is {}, not a folder. Move it away or correct `root` in the configuration.",
                    kind_of(&found)
                )));
            }
            Ok(_) => {}
        }
        let root = Self(path.to_owned());
        root.check_versions()?;
        root.check_current()?;
        Ok(root)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn versions(&self) -> PathBuf {
        self.0.join("versions")
    }

    pub fn current(&self) -> PathBuf {
        self.0.join("current")
    }

    /// Makes `versions` if it is missing, and checks that the server may write.
    pub fn prepare(&self) -> Result<PathBuf, TargetError> {
        self.check_writable(&self.0)?;
        let versions = self.versions();
        match fs::create_dir(&versions) {
            Ok(()) => sync_folder(&self.0)?,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => self.check_writable(&versions)?,
            Err(e) => return Err(failed("created", &versions, &e)),
        }
        Ok(versions)
    }

    pub fn check_writable(&self, folder: &Path) -> Result<(), TargetError> {
        access(folder, Access::WRITE_OK | Access::EXEC_OK).map_err(|e| {
            TargetError::new(format!(
                "The server may not write to {}: {}. Give its user the right to, then deploy again.",
                folder.display(),
                io::Error::from(e)
            ))
        })
    }

    fn check_versions(&self) -> Result<(), TargetError> {
        let versions = self.versions();
        match fs::symlink_metadata(&versions) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(failed("read", &versions, &e)),
            Ok(found) if found.is_dir() => Ok(()),
            Ok(found) => Err(TargetError::new(format!(
                "{} is {}, but the folder of the DAG bundles belongs there. Move it away, then deploy again.",
                versions.display(),
                kind_of(&found)
            ))),
        }
    }

    fn check_current(&self) -> Result<(), TargetError> {
        let current = self.current();
        match fs::symlink_metadata(&current) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(failed("read", &current, &e)),
            Ok(found) if found.is_symlink() => Ok(()),
            Ok(found) => Err(TargetError::new(format!(
                "{} is {}, but the link to the DAG files that Airflow reads belongs there. Move it away (Airflow reads \
                 nothing from then on until the next deploy), then deploy again.",
                current.display(),
                kind_of(&found)
            ))),
        }
    }
}

pub(super) fn kind_of(found: &fs::Metadata) -> &'static str {
    let kind = found.file_type();
    if kind.is_dir() {
        "a folder"
    } else if kind.is_file() {
        "a plain file"
    } else if kind.is_symlink() {
        "a link"
    } else {
        "neither a file nor a folder"
    }
}
