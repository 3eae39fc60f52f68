//! How large a DAG bundle may be.

/// Limits on an uploaded archive; the same are applied when packing, so that a refusal comes before the upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of `dags.tar.gz`.
    pub packed_bytes: u64,
    /// Bytes of all files together.
    pub unpacked_bytes: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Files; and, counted apart, folders.
    pub files: usize,
    /// Parts of a path: `a/b.py` has two.
    pub depth: usize,
    /// Bytes of a path.
    pub path_bytes: usize,
    /// Bytes of one part of a path.
    pub name_bytes: usize,
    /// How many times larger the archive may become by unpacking, once it is over [`Limits::RATIO_FLOOR`].
    pub ratio: u64,
}

impl Limits {
    /// Below this many unpacked bytes the ratio says nothing: a tar of one small file is mostly padding.
    pub const RATIO_FLOOR: u64 = 1024 * 1024;

    /// Entries of the archive of any kind, extension headers and left-out files among them.
    pub(super) fn entries(&self) -> usize {
        self.files.saturating_mul(6).saturating_add(64)
    }

    /// Bytes of the tar stream: the files, and for each entry its header and padding.
    pub(super) fn tar_bytes(&self) -> u64 {
        self.unpacked_bytes.saturating_add(self.entries() as u64 * 1024)
    }
}

impl Default for Limits {
    fn default() -> Self {
        const MB: u64 = 1_000_000;
        Self {
            packed_bytes: 100 * MB,
            unpacked_bytes: 500 * MB,
            file_bytes: 10 * MB,
            files: 20_000,
            depth: 32,
            path_bytes: 1024,
            name_bytes: 255,
            ratio: 200,
        }
    }
}

/// `10 MB`, `512 kB`, `17 bytes`: a limit in words.
pub(super) fn bytes_in_words(bytes: u64) -> String {
    match bytes {
        b if b >= 1_000_000 && b % 1_000_000 == 0 => format!("{} MB", b / 1_000_000),
        b if b >= 1_000 && b % 1_000 == 0 => format!("{} kB", b / 1_000),
        b => format!("{b} bytes"),
    }
}
