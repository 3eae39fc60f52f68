//! Files, copied so that they survive a loss of power, with what they are.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{Read as _, Write as _},
    os::unix::fs::DirBuilderExt as _,
    path::Path,
};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use super::Copied;
use crate::bundles;

/// Makes a folder, and those above it, readable by their owner only.
pub fn make_folder(path: &Path) -> Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("{} cannot be made", path.display()))
}

/// Copies a file of one folder to the same place in another, and reads it only once.
pub fn copy_file(from: &Path, to: &Path, path: &Path) -> Result<Copied> {
    let (source, target) = (from.join(path), to.join(path));
    if let Some(folder) = target.parent() {
        make_folder(folder)?;
    }
    let mut input = File::open(&source).with_context(|| format!("{} cannot be read", source.display()))?;
    let mut output = File::create_new(&target).with_context(|| format!("{} cannot be made", target.display()))?;
    output.set_permissions(input.metadata()?.permissions())?;
    let (mut hasher, mut size, mut piece) = (Sha256::new(), 0u64, vec![0; 1 << 16]);
    loop {
        let count = input.read(&mut piece).with_context(|| format!("{} cannot be read", source.display()))?;
        if count == 0 {
            break;
        }
        hasher.update(&piece[..count]);
        output.write_all(&piece[..count]).with_context(|| format!("{} cannot be written", target.display()))?;
        size += count as u64;
    }
    output.sync_all()?;
    Ok(Copied { path: path.to_owned(), size, sha256: hex::encode(hasher.finalize()) })
}

/// Every folder that the files are in, up to `root`, to the disk.
pub fn sync_folders(root: &Path, files: &[Copied]) -> Result<()> {
    let above = |file: &Copied| file.path.ancestors().skip(1).map(Path::to_owned).collect::<Vec<_>>();
    let folders: BTreeSet<_> = files.iter().flat_map(above).collect();
    folders.iter().rev().try_for_each(|folder| sync(&root.join(folder)))
}

pub fn sha256_of(path: &Path) -> Result<String> {
    bundles::sha256_of(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// A file or a folder, to the disk.
pub fn sync(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.with_context(|| format!("{} cannot be written to the disk", path.display()))
}
