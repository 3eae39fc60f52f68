//! DAG bundles: received as `dags.tar.gz`, checked, unpacked, kept content-addressed, and written out again.
//!
//! The way of an upload: [`Bundles::receive`] streams it to a file in scratch, [`Bundles::admit`] checks every entry and
//! only then writes to the object store: blobs first, the manifest last, so that a manifest that is there is complete.
//! What is stored is file contents and paths. Modes, times, owners and empty folders are not part of a bundle; `.git`,
//! `__pycache__` and `*.pyc` are left out. Two uploads of one tree are therefore one bundle.

mod diff;
mod error;
mod format;
mod header;
mod limits;
mod manifest;
mod materialize;
mod objects;
mod pack;
mod paths;
mod receive;
mod shown;
mod store;
mod tree;
mod unpack;
mod workers;

#[cfg(test)]
mod tests;

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use object_store::{ObjectStore, local::LocalFileSystem};

pub use self::{
    diff::files_between,
    error::BundleError,
    limits::Limits,
    manifest::{canonical, digest_of, sha256_of},
    objects::{Hold, Listed, Objects},
    pack::{Packed, pack},
    receive::{ArchiveDigest, StagedArchive},
};

const UPLOAD_PREFIX: &str = "upload-";
const UNPACK_PREFIX: &str = "unpack-";

/// Where DAG bundles are kept, and the folder in which uploads are checked first. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bundles {
    objects: Arc<dyn ObjectStore>,
    /// The object store's folder, if it is one on this machine.
    local: Option<PathBuf>,
    /// What others do to the same folder, who may remove what is not kept.
    beside: Option<Objects>,
    scratch: PathBuf,
    limits: Limits,
}

impl Bundles {
    /// Keeps bundles in `data_dir/objects`, with scratch in `data_dir/scratch`; both are made if missing (mode 0700).
    ///
    /// Every write is durable when it returns: the object store syncs the file before it gets its name, and its folder after.
    pub fn local(data_dir: &Path) -> Result<Self, BundleError> {
        Self::local_with(data_dir, Limits::default())
    }

    /// [`Bundles::local`] with other limits.
    pub fn local_with(data_dir: &Path, limits: Limits) -> Result<Self, BundleError> {
        let (objects, scratch) = (data_dir.join("objects"), data_dir.join("scratch"));
        for folder in [&objects, &scratch] {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|source| BundleError::storage("make the data folders", source))?;
        }
        sync_folder(data_dir).map_err(|source| BundleError::storage("sync the data folder", source))?;
        let store = LocalFileSystem::new_with_prefix(&objects)
            .map_err(|source| BundleError::storage("open the object store", source))?
            .with_fsync(true);
        let beside = Some(Objects::of(data_dir));
        Ok(Self { objects: Arc::new(store), local: Some(objects), beside, scratch, limits })
    }

    /// Keeps bundles in any object store (S3), with scratch on this machine; `scratch` must exist.
    pub fn remote(objects: Arc<dyn ObjectStore>, scratch: PathBuf, limits: Limits) -> Self {
        Self { objects, local: None, beside: None, scratch, limits }
    }

    /// The limits that uploads are held to.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Removes what a killed process left half done: uploads in scratch and unpublished files of the object store.
    ///
    /// Of what is younger than `spare` another server of this data folder may be the owner, and at work on it.
    pub fn clear_scratch(&self, spare: Duration) -> Result<(), BundleError> {
        let clear = || -> io::Result<()> {
            for entry in fs::read_dir(&self.scratch)? {
                let entry = entry?;
                if is_younger(&entry, spare) {
                    continue;
                }
                let name = entry.file_name();
                let name = name.to_string_lossy();
                if name.starts_with(UNPACK_PREFIX) {
                    fs::remove_dir_all(entry.path())?;
                } else if name.starts_with(UPLOAD_PREFIX) {
                    fs::remove_file(entry.path())?;
                }
            }
            if let Some(objects) = &self.local {
                remove_unpublished(&objects.join("bundles"), spare)?;
                for entry in read_dir_if_there(&objects.join("blobs"))? {
                    remove_unpublished(&entry?.path(), spare)?;
                }
            }
            Ok(())
        };
        clear().map_err(|source| BundleError::storage("clear scratch", source))
    }
}

/// The local object store writes to `NAME#1` and renames; a kill in between leaves that file.
fn remove_unpublished(folder: &Path, spare: Duration) -> io::Result<()> {
    for entry in read_dir_if_there(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().contains('#') && !is_younger(&entry, spare) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// What is gone by now was another server's, and that one was at work.
fn is_younger(entry: &fs::DirEntry, than: Duration) -> bool {
    match entry.metadata().and_then(|meta| meta.modified()) {
        Ok(at) => at.elapsed().unwrap_or_default() < than,
        Err(_) => !than.is_zero(),
    }
}

fn read_dir_if_there(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>> + use<>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(e) => Err(e),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}
