//! Writing a bundle out as the folder that Airflow reads.

use std::{collections::BTreeSet, fs, io, io::Write, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use backstep_domain::{BundleDigest, BundleFile, Manifest};
use cap_std::{ambient_authority, fs::Dir};
use object_store::ObjectStore;

use super::{
    Bundles,
    error::BundleError,
    paths::BundlePath,
    shown::Shown,
    store::verified_blob,
    sync_folder,
    workers::{Wait, blocking},
};

const FILE_MODE: u32 = 0o644;
const FOLDER_MODE: u32 = 0o755;

impl Bundles {
    /// Writes the whole tree into `dest`, an empty folder or none yet: files 0644, folders 0755, each compared with its
    /// sha256 before it is written, all of it on disk when this returns. On an error `dest` holds a part of the tree; it
    /// is the caller's to remove.
    pub async fn materialize(&self, digest: &BundleDigest, dest: &Path) -> Result<(), BundleError> {
        let manifest = self.manifest(digest).await?.ok_or_else(|| BundleError::Missing(digest.clone()))?;
        let folders = folders_of(&manifest, &self.limits)?;
        let (made, at) = (folders.clone(), dest.to_owned());
        let dir = Arc::new(blocking(move || make_folders(&at, &made)).await?);

        let (objects, into) = (Arc::clone(&self.objects), Arc::clone(&dir));
        self.on_each(manifest.files, move |wait, file| write_file(wait, &*objects, &into, file)).await?;

        let failed = |source| BundleError::storage("sync the folders of a bundle", source);
        let mut to_sync: Vec<_> = folders.iter().map(|folder| dest.join(folder)).collect();
        to_sync.push(dest.to_owned());
        to_sync.extend(dest.parent().filter(|p| !p.as_os_str().is_empty()).map(Path::to_owned));
        self.on_each(to_sync, move |_, folder| sync_folder(folder).map_err(failed)).await
    }
}

/// Every folder of the tree, an outer one before what is in it. The paths are checked again: the store is not trusted.
fn folders_of(manifest: &Manifest, limits: &super::Limits) -> Result<BTreeSet<String>, BundleError> {
    // The limits may have been lowered since the bundle was admitted: only what is wrong in itself counts here.
    let loose = super::Limits { depth: usize::MAX, path_bytes: usize::MAX, name_bytes: usize::MAX, ..limits.clone() };
    let mut folders = BTreeSet::new();
    for file in &manifest.files {
        match BundlePath::parse(file.path.as_bytes(), false, &loose) {
            Ok(Some(path)) => folders.extend(path.folders().map(str::to_owned)),
            _ => return Err(BundleError::NotIntact { path: Shown::new(&file.path) }),
        }
    }
    Ok(folders)
}

fn make_folders(dest: &Path, folders: &BTreeSet<String>) -> Result<Dir, BundleError> {
    let failed = |source| BundleError::storage("make the folders of a bundle", source);
    match fs::create_dir(dest) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        other => other.map_err(failed)?,
    }
    let not_empty = || BundleError::NotEmpty { path: Shown::new(dest.as_os_str().as_encoded_bytes()) };
    if !fs::symlink_metadata(dest).map_err(failed)?.is_dir() || fs::read_dir(dest).map_err(failed)?.next().is_some() {
        return Err(not_empty());
    }
    let dir = Dir::open_ambient_dir(dest, ambient_authority()).map_err(failed)?;
    // The mode of `create` is cut by the umask; Airflow runs as another user and must be able to read.
    let mode = || cap_std::fs::Permissions::from_std(fs::Permissions::from_mode(FOLDER_MODE));
    dir.set_permissions(".", mode()).map_err(failed)?;
    for folder in folders {
        dir.create_dir(folder).map_err(failed)?;
        dir.set_permissions(folder, mode()).map_err(failed)?;
    }
    Ok(dir)
}

fn write_file(wait: &Wait, objects: &dyn ObjectStore, dir: &Dir, file: &BundleFile) -> Result<(), BundleError> {
    let failed = |source| BundleError::storage("write a file of a bundle", source);
    let bytes = wait.until(verified_blob(objects, file))?;
    let mut options = cap_std::fs::OpenOptions::new();
    let mut out = dir.open_with(&file.path, options.write(true).create_new(true)).map_err(failed)?.into_std();
    out.write_all(&bytes).map_err(failed)?;
    out.set_permissions(fs::Permissions::from_mode(FILE_MODE)).map_err(failed)?;
    // Measured with 2,000 files of 6 kB on ext4: one `syncfs` for all is at best a quarter faster than this on eight
    // threads, but waits for everything else that is being written to the disk.
    out.sync_all().map_err(failed)
}
