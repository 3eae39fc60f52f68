//! The tree that an archive describes, watched while it grows: every name once, on every file system.

use std::collections::{HashMap, hash_map::Entry};

use unicode_normalization::UnicodeNormalization;

use super::{error::BundleError, limits::Limits, paths::BundlePath, shown::Shown};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

/// Refuses names that are taken, names that differ only in case or Unicode form, and too many of them.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    limits: &'a Limits,
    /// By folded path: the path as it was first written, and what it is.
    names: HashMap<String, (String, Kind)>,
    files: usize,
    folders: usize,
    bytes: u64,
}

impl<'a> Tree<'a> {
    pub fn new(limits: &'a Limits) -> Self {
        Self { limits, names: HashMap::new(), files: 0, folders: 0, bytes: 0 }
    }

    pub fn add_folder(&mut self, path: &BundlePath) -> Result<(), BundleError> {
        self.add(path, Kind::Folder)
    }

    pub fn add_file(&mut self, path: &BundlePath, size: u64) -> Result<(), BundleError> {
        let limits = self.limits;
        if size > limits.file_bytes {
            return Err(BundleError::FileTooLarge { path: Shown::new(path.as_str()), limit: limits.file_bytes });
        }
        self.add(path, Kind::File)?;
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > limits.unpacked_bytes {
            return Err(BundleError::UnpackedTooLarge { limit: limits.unpacked_bytes });
        }
        Ok(())
    }

    fn add(&mut self, path: &BundlePath, kind: Kind) -> Result<(), BundleError> {
        for folder in path.folders() {
            self.name(folder, Kind::Folder, true)?;
        }
        self.name(path.as_str(), kind, false)
    }

    fn name(&mut self, path: &str, kind: Kind, implied: bool) -> Result<(), BundleError> {
        match self.names.entry(folded(path)) {
            Entry::Occupied(taken) => {
                let (other, other_kind) = taken.get();
                if other != path {
                    return Err(BundleError::Collision { path: Shown::new(path), other: Shown::new(other) });
                }
                match (*other_kind, kind) {
                    (Kind::Folder, Kind::Folder) => Ok(()),
                    (Kind::File, Kind::File) if !implied => Err(BundleError::Duplicate { path: Shown::new(path) }),
                    _ => Err(BundleError::FileAndFolder { path: Shown::new(path) }),
                }
            }
            Entry::Vacant(free) => {
                free.insert((path.to_owned(), kind));
                match kind {
                    Kind::File => self.files += 1,
                    Kind::Folder => self.folders += 1,
                }
                if self.files > self.limits.files {
                    return Err(BundleError::TooManyFiles { limit: self.limits.files });
                }
                if self.folders > self.limits.files {
                    return Err(BundleError::TooManyFolders { limit: self.limits.files });
                }
                Ok(())
            }
        }
    }
}

/// What a case-insensitive, normalising file system (macOS, Windows) makes of a path. Upper before lower case, so that
/// `ß` and `SS`, or the two forms of sigma, meet.
fn folded(path: &str) -> String {
    path.nfd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}
