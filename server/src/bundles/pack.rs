//! Packing a folder as `dags.tar.gz`: the same bytes for the same tree, whoever packs it and when.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use backstep_domain::{BundleDigest, BundleFile, Manifest};
use flate2::{Compression, GzBuilder, write::GzEncoder};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{
    error::BundleError,
    limits::Limits,
    manifest::{digest_of, sha256_hex},
    paths::{BundlePath, name_left_out},
    receive::ArchiveDigest,
    shown::Shown,
    tree::Tree,
};

/// A packed folder.
#[derive(Debug)]
pub struct Packed {
    /// `dags.tar.gz`, at its start; removed with this value.
    pub file: NamedTempFile,
    /// Of the archive, to be sent along with it.
    pub digest: ArchiveDigest,
    /// Bytes of the archive.
    pub bytes: u64,
    /// The name that the bundle will have.
    pub bundle: BundleDigest,
    pub manifest: Manifest,
}

/// Packs `dir` without `.git`, `__pycache__` and `*.pyc`. Nothing is followed: a link inside is an error that names it.
/// Everything the server would refuse is refused here already. Blocks.
pub fn pack(dir: &Path, limits: &Limits) -> Result<Packed, BundleError> {
    let found = find_files(dir, limits)?;
    let written = |source| BundleError::storage("write the archive to a temporary file", source);
    let out = Hashing { file: NamedTempFile::new().map_err(written)?, hasher: Sha256::new(), bytes: 0 };
    // 255: no operating system named, so that the archive is the same on all.
    let gzip = GzBuilder::new().mtime(0).operating_system(255).write(out, Compression::default());
    let mut tar = tar::Builder::new(gzip);
    let mut files = Vec::with_capacity(found.len());
    for file in found {
        files.push(append(&mut tar, &file)?);
    }
    let out = tar.into_inner().and_then(GzEncoder::finish).map_err(written)?;
    let Hashing { mut file, hasher, bytes } = out;
    if bytes > limits.packed_bytes {
        return Err(BundleError::PackedTooLarge { limit: limits.packed_bytes });
    }
    file.rewind().map_err(written)?;
    let manifest = Manifest { files };
    Ok(Packed { file, digest: ArchiveDigest::finish(hasher), bytes, bundle: digest_of(&manifest), manifest })
}

struct Found {
    path: BundlePath,
    from: PathBuf,
    size: u64,
}

/// All files of the folder, sorted by the bytes of their paths.
fn find_files(dir: &Path, limits: &Limits) -> Result<Vec<Found>, BundleError> {
    let mut tree = Tree::new(limits);
    let (mut found, mut folders) = (Vec::new(), vec![(dir.to_owned(), String::new())]);
    while let Some((folder, prefix)) = folders.pop() {
        let unread = |source: io::Error| unreadable(&folder, &source);
        for entry in fs::read_dir(&folder).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let name = entry.file_name();
            if name_left_out(&name.to_string_lossy()) {
                continue;
            }
            let raw = [prefix.as_bytes(), name.as_encoded_bytes()].concat();
            let path = BundlePath::parse(&raw, false, limits)
                .and_then(|path| path.ok_or(super::paths::PathFault::Empty))
                .map_err(|fault| BundleError::Path { path: Shown::new(&raw), fault })?;
            let meta = entry.metadata().map_err(unread)?;
            if meta.is_dir() {
                tree.add_folder(&path)?;
                folders.push((entry.path(), format!("{}/", path.as_str())));
            } else {
                only_files(&meta, &path)?;
                tree.add_file(&path, meta.len())?;
                found.push(Found { path, from: entry.path(), size: meta.len() });
            }
        }
    }
    if found.is_empty() {
        return Err(BundleError::Empty);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn unreadable(path: &Path, source: &io::Error) -> BundleError {
    let reason = match source.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::NotADirectory => "it is a file, not a folder".to_owned(),
        io::ErrorKind::PermissionDenied => "you may not read it".to_owned(),
        _ => source.to_string(),
    };
    BundleError::Unreadable { path: Shown::new(path.as_os_str().as_encoded_bytes()), reason }
}

fn only_files(meta: &fs::Metadata, path: &BundlePath) -> Result<(), BundleError> {
    let (kind, advice) = match meta.file_type() {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_symlink() => ("a symbolic link", "Put the file or folder itself in its place."),
        _ => ("a device, pipe or socket", "Leave it out."),
    };
    Err(BundleError::Kind { path: Shown::new(path.as_str()), kind, advice })
}

fn append(tar: &mut tar::Builder<impl Write>, found: &Found) -> Result<BundleFile, BundleError> {
    let moving = || BundleError::Moving { path: Shown::new(found.path.as_str()) };
    let mut content = Vec::with_capacity(found.size as usize);
    // One byte more than announced, to see a file that grew; never all of one that grows without end.
    let plain_file = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let open = File::options().read(true).custom_flags(plain_file.bits().cast_signed()).open(&found.from);
    let read = open.and_then(|file| file.take(found.size + 1).read_to_end(&mut content));
    read.map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => moving(),
        _ => unreadable(&found.from, &e),
    })?;
    if content.len() as u64 != found.size {
        return Err(moving());
    }
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o644);
    header.set_size(found.size);
    tar.append_data(&mut header, found.path.as_str(), content.as_slice())
        .map_err(|e| BundleError::storage("write the archive to a temporary file", e))?;
    Ok(BundleFile { path: found.path.as_str().to_owned(), size: found.size, sha256: sha256_hex(&content) })
}

/// Hashes and counts what is written.
struct Hashing {
    file: NamedTempFile,
    hasher: Sha256,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let count = self.file.write(data)?;
        self.hasher.update(&data[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
