//! The files of a data folder's bundles, for who copies, checks or removes them: also beside a server, and without making
//! anything.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use backstep_domain::{BundleDigest, BundleFile, Manifest};
use rustix::fs::{FlockOperation, Timespec, Timestamps, UTIME_NOW, flock, futimens};

use super::{manifest::digest_of, read_dir_if_there, sync_folder};

const POLL: Duration = Duration::from_millis(100);

/// `DATA/objects`, and the lock beside it.
#[derive(Clone, Debug)]
pub struct Objects {
    root: PathBuf,
    lock: PathBuf,
}

/// Whoever keeps or copies bundles shares it, whoever removes some has it alone. Free when it is dropped.
#[derive(Debug)]
pub struct Hold {
    _file: File,
}

/// A file of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    pub name: T,
    pub modified: SystemTime,
    /// Bytes.
    pub size: u64,
}

impl Objects {
    pub fn of(data: &Path) -> Self {
        Self { root: data.join("objects"), lock: data.join("objects.lock") }
    }

    /// Whether there is a data folder at all.
    pub fn has_folder(&self) -> bool {
        self.lock.parent().is_some_and(Path::is_dir)
    }

    /// While it is held nothing is removed. Waits for who removes.
    pub fn share(&self) -> io::Result<Hold> {
        let file = open(&self.lock)?;
        flock(&file, FlockOperation::LockShared)?;
        Ok(Hold { _file: file })
    }

    /// While it is held nothing is kept, copied or removed by anybody else; `None` if that cannot be had in time.
    pub fn alone(&self, patience: Duration) -> io::Result<Option<Hold>> {
        let file = open(&self.lock)?;
        let until = Instant::now() + patience;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(io::Error::from) {
                Ok(()) => return Ok(Some(Hold { _file: file })),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < until => {
                    std::thread::sleep(POLL);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Every bundle that has a list of its files.
    pub fn bundles(&self) -> io::Result<Vec<Listed<BundleDigest>>> {
        listed(&self.root.join("bundles"), |name| name.strip_suffix(".json")?.parse().ok())
    }

    /// Every file that bundles are made of, by its sha256.
    pub fn blobs(&self) -> io::Result<Vec<Listed<String>>> {
        let mut all = Vec::new();
        for folder in read_dir_if_there(&self.root.join("blobs"))? {
            let folder = folder?;
            if folder.file_type()?.is_dir() {
                all.extend(listed(&folder.path(), |name| is_sha256(name).then(|| name.to_owned()))?);
            }
        }
        Ok(all)
    }

    /// The files of a bundle; `None` if it is not here. An error of the kind `InvalidData`: it is, but not as its name says.
    pub fn manifest(&self, digest: &BundleDigest) -> io::Result<Option<Manifest>> {
        let text = match fs::read(self.manifest_at(digest)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let manifest = serde_json::from_slice::<Manifest>(&text).ok();
        let whole = manifest.filter(|m| digest_of(m) == *digest && m.files.iter().all(|file| is_sha256(&file.sha256)));
        whole.map(Some).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "its list of files was changed"))
    }

    /// Bytes of a file as they are on the disk; `None` if it is not there.
    pub fn size_of(&self, file: &BundleFile) -> io::Result<Option<u64>> {
        match fs::metadata(self.blob_at(&file.sha256)) {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a bundle as young as one that was just kept.
    pub fn renew(&self, digest: &BundleDigest) -> io::Result<()> {
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let times = Timestamps { last_access: now, last_modification: now };
        Ok(futimens(File::open(self.manifest_at(digest))?, &times)?)
    }

    /// After lists were removed, to the disk: they must not come back without their files.
    pub fn sync_bundles(&self) -> io::Result<()> {
        sync_folder(&self.root.join("bundles"))
    }

    pub fn manifest_at(&self, digest: &BundleDigest) -> PathBuf {
        self.root.join("bundles").join(format!("{}.json", digest.hex()))
    }

    pub fn blob_at(&self, sha256: &str) -> PathBuf {
        self.root.join("blobs").join(&sha256[..2]).join(sha256)
    }
}

/// What is being written has `#` in its name, and is in no list.
fn listed<T>(folder: &Path, name: impl Fn(&str) -> Option<T>) -> io::Result<Vec<Listed<T>>> {
    let mut all = Vec::new();
    for entry in read_dir_if_there(folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().and_then(&name) else { continue };
        match entry.metadata() {
            Ok(found) => all.push(Listed { name, modified: found.modified()?, size: found.len() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

fn is_sha256(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// To be locked; who may not write there, but read, can lock it too.
fn open(path: &Path) -> io::Result<File> {
    match OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(path),
        opened => opened,
    }
}
