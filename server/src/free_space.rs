//! How much room a folder's file system has left.

use std::{io, path::Path};

/// A file system, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeSpace {
    /// What this process may still write.
    pub free: u64,
    pub whole: u64,
    pub read_only: bool,
}

/// Below this a day's uploads, or the database's own log, may no longer fit.
pub const LOW: u64 = 512 * 1024 * 1024;

impl FreeSpace {
    /// Of the file system that a folder is on.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let stat = rustix::fs::statvfs(folder)?;
        Ok(Self {
            free: stat.f_bavail.saturating_mul(stat.f_frsize),
            whole: stat.f_blocks.saturating_mul(stat.f_frsize),
            read_only: stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
        })
    }

    /// What is wrong with it, in words; `None` if nothing is.
    pub fn complaint(self) -> Option<String> {
        if self.read_only {
            return Some("the data folder is on a file system that cannot be written to".to_owned());
        }
        let mib = self.free / (1024 * 1024);
        // A small file system that was made for this is not low while half of it is free.
        (self.free < LOW && self.free < self.whole / 2).then(|| format!("the data folder has only {mib} MiB free"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_told_and_much_is_not() {
        let of = |free, whole| FreeSpace { free, whole, read_only: false }.complaint();
        assert_eq!(of(LOW, 100 * LOW), None);
        assert_eq!(of(100 * 1024 * 1024, 100 * LOW).as_deref(), Some("the data folder has only 100 MiB free"));
        assert_eq!(of(LOW / 4, LOW / 3), None, "a small file system of its own");
        let stopped = FreeSpace { free: LOW, whole: LOW, read_only: true }.complaint();
        assert!(stopped.is_some_and(|words| words.contains("cannot be written to")));
    }

    #[test]
    fn a_folder_has_a_file_system() {
        let space = FreeSpace::of(Path::new("/")).unwrap();
        assert!(space.whole > 0 && space.free <= space.whole);
    }
}
