//! Files, copied so that they survive a loss of power, with what they are.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use super::Copied;

/// Copies a file of one folder to the same place in another, and reads it only once.
pub fn copy_file(from: &Path, to: &Path, path: &Path) -> Result<Copied> {
    let (source, target) = (from.join(path), to.join(path));
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
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

/// Copies a folder with all that is in it. What is being written meanwhile has another name until it is whole, and is left
/// out: nothing refers to it yet.
pub fn copy_tree(from: &Path, to: &Path, path: &Path) -> Result<Vec<Copied>> {
    let mut copied = Vec::new();
    fs::create_dir_all(to.join(path))?;
    let mut entries = fs::read_dir(from.join(path))?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (kind, path) = (entry.file_type()?, path.join(entry.file_name()));
        // The object store writes to NAME#1 first.
        let whole = !entry.file_name().to_string_lossy().contains('#');
        if kind.is_dir() {
            copied.extend(copy_tree(from, to, &path)?);
        } else if kind.is_file() && whole {
            copied.push(copy_file(from, to, &path)?);
        }
    }
    sync(&to.join(path))?;
    Ok(copied)
}

pub fn sha256_of(path: &Path) -> Result<String> {
    let mut file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let (mut hasher, mut piece) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            count => hasher.update(&piece[..count]),
        }
    }
}

/// A file or a folder, to the disk.
pub fn sync(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.with_context(|| format!("{} cannot be written to the disk", path.display()))
}
