//! Unpacking an archive into scratch, entry by entry, every check made before anything is stored.
//!
//! Files are written under running numbers into a folder that is all the code can reach (cap-std): no path of the
//! archive touches a file system before the whole archive has been checked.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
};

use backstep_domain::{BundleFile, Manifest};
use cap_std::{ambient_authority, fs::Dir};
use flate2::bufread::GzDecoder;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::{
    UNPACK_PREFIX,
    error::BundleError,
    header::{self, Pax, Role},
    limits::Limits,
    paths::BundlePath,
    shown::Shown,
    tree::Tree,
};

/// PAX headers carry times, owners and sometimes extended attributes; more than this is not for us.
const PAX_BYTES: u64 = 64 * 1024;

/// A checked archive's files in scratch; they go away with this value.
#[derive(Debug)]
pub(super) struct Unpacked {
    pub dir: Dir,
    pub manifest: Manifest,
    /// For each file of the manifest, its name in `dir`.
    pub names: Vec<String>,
    /// Removed on drop.
    _folder: TempDir,
}

pub(super) fn unpack(archive: &Path, scratch: &Path, limits: &Limits) -> Result<Unpacked, BundleError> {
    let failed = |source| BundleError::storage("unpack the upload in scratch", source);
    let file = File::open(archive).map_err(failed)?;
    let packed = file.metadata().map_err(failed)?.len();
    let folder = tempfile::Builder::new().prefix(UNPACK_PREFIX).tempdir_in(scratch).map_err(failed)?;
    let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).map_err(failed)?;
    let mut gauge = Gauge {
        inner: GzDecoder::new(BufReader::with_capacity(128 * 1024, file)),
        read: 0,
        ratio_at: packed.saturating_mul(limits.ratio).max(Limits::RATIO_FLOOR),
        full_at: limits.tar_bytes(),
    };

    let mut unpacking =
        Unpacking { dir: &dir, limits, tree: Tree::new(limits), files: Vec::new(), pax: None, long_name: None };
    let mut archive = tar::Archive::new(&mut gauge);
    let mut count = 0;
    for entry in archive.entries().map_err(|e| broken(e, limits))?.raw(true) {
        let entry = entry.map_err(|e| match count {
            0 => not_tar(e, limits),
            _ => broken(e, limits),
        })?;
        count += 1;
        if count > limits.entries() {
            return Err(BundleError::TooManyEntries { limit: limits.entries() });
        }
        unpacking.entry(entry)?;
    }
    if unpacking.pax.is_some() || unpacking.long_name.is_some() {
        return Err(BundleError::CutOff);
    }
    let mut files = unpacking.files;
    check_end(&mut gauge, limits)?;
    if files.is_empty() {
        return Err(BundleError::Empty);
    }
    files.sort_by(|(a, _), (b, _)| a.path.as_bytes().cmp(b.path.as_bytes()));
    let (files, names) = files.into_iter().unzip();
    Ok(Unpacked { dir, manifest: Manifest { files }, names, _folder: folder })
}

struct Unpacking<'a> {
    dir: &'a Dir,
    limits: &'a Limits,
    tree: Tree<'a>,
    files: Vec<(BundleFile, String)>,
    /// Said of the entry to come.
    pax: Option<Pax>,
    long_name: Option<Vec<u8>>,
}

impl Unpacking<'_> {
    fn entry<R: Read>(&mut self, mut entry: tar::Entry<'_, R>) -> Result<(), BundleError> {
        let name = header::header_name(entry.header());
        let shown = Shown::new(&name);
        let fault = |fault| Err(BundleError::Header { path: shown.clone(), fault });
        let role = header::role(entry.header())?;
        let size = header::size(entry.header(), role)?;
        match role {
            Role::LongName => {
                if self.long_name.is_some() {
                    return fault("is the second long name for one entry");
                }
                let most = self.limits.path_bytes as u64 + 1;
                let text = self.read_extension(&mut entry, size, most, &shown)?;
                self.long_name = Some(text.strip_suffix(b"\0").unwrap_or(&text).to_vec());
                Ok(())
            }
            Role::Pax => {
                if self.pax.is_some() {
                    return fault("is the second PAX header for one entry");
                }
                let data = self.read_extension(&mut entry, size, PAX_BYTES, &shown)?;
                self.pax = Some(header::pax(&data, &shown)?);
                Ok(())
            }
            Role::PaxGlobal => {
                let data = self.read_extension(&mut entry, size, PAX_BYTES, &shown)?;
                let pax = header::pax(&data, &shown)?;
                if pax.path.is_some() || pax.size.is_some() {
                    return fault("gives one path or size to all entries");
                }
                Ok(())
            }
            Role::File | Role::Folder => {
                let pax = self.pax.take().unwrap_or_default();
                let raw = match (pax.path, self.long_name.take()) {
                    (Some(_), Some(_)) => return fault("has a PAX path and a GNU long name"),
                    (Some(path), None) | (None, Some(path)) => path,
                    (None, None) => name,
                };
                if pax.size.is_some_and(|stated| stated != size) {
                    return fault("states another size than its PAX header does");
                }
                self.member(&mut entry, &raw, role == Role::Folder, size)
            }
        }
    }

    fn member(&mut self, data: &mut impl Read, raw: &[u8], folder: bool, size: u64) -> Result<(), BundleError> {
        let path = BundlePath::parse(raw, folder, self.limits)
            .map_err(|fault| BundleError::Path { path: Shown::new(raw), fault })?;
        let Some(path) = path.filter(|path| !path.left_out()) else { return Ok(()) };
        if folder {
            return self.tree.add_folder(&path);
        }
        self.tree.add_file(&path, size)?;
        let name = self.files.len().to_string();
        let sha256 = self.write(data, &name, size)?;
        self.files.push((BundleFile { path: path.as_str().to_owned(), size, sha256 }, name));
        Ok(())
    }

    fn write(&self, data: &mut impl Read, name: &str, size: u64) -> Result<String, BundleError> {
        let failed = |source| BundleError::storage("unpack the upload in scratch", source);
        let mut options = cap_std::fs::OpenOptions::new();
        let mut file = self.dir.open_with(name, options.write(true).create_new(true)).map_err(failed)?;
        let (mut hasher, mut left, mut buffer) = (Sha256::new(), size, [0_u8; 32 * 1024]);
        while left > 0 {
            let count = data.read(&mut buffer).map_err(|e| broken(e, self.limits))?;
            if count == 0 {
                return Err(BundleError::CutOff);
            }
            hasher.update(&buffer[..count]);
            file.write_all(&buffer[..count]).map_err(failed)?;
            left -= count as u64;
        }
        Ok(hex::encode(hasher.finalize()))
    }

    fn read_extension(&self, data: &mut impl Read, size: u64, most: u64, name: &Shown) -> Result<Vec<u8>, BundleError> {
        if size > most {
            return Err(BundleError::Header { path: name.clone(), fault: "has an extension that is too long" });
        }
        let mut bytes = Vec::with_capacity(size as usize);
        data.read_to_end(&mut bytes).map_err(|e| broken(e, self.limits))?;
        if bytes.len() as u64 != size { Err(BundleError::CutOff) } else { Ok(bytes) }
    }
}

/// After the first zero block: a second one, then zeros only, then the end of the one gzip member, then nothing.
fn check_end(gauge: &mut Gauge<GzDecoder<BufReader<File>>>, limits: &Limits) -> Result<(), BundleError> {
    let (mut zeros, mut buffer) = (0, [0_u8; 32 * 1024]);
    loop {
        let count = gauge.read(&mut buffer).map_err(|e| broken(e, limits))?;
        if count == 0 {
            break;
        }
        if buffer[..count].iter().any(|b| *b != 0) {
            return Err(BundleError::Trailing { what: "entries or bytes after the end mark of the tar" });
        }
        zeros += count;
    }
    if zeros < 512 {
        return Err(BundleError::CutOff);
    }
    match gauge.inner.get_mut().fill_buf().map_err(|e| broken(e, limits))? {
        [] => Ok(()),
        [0x1f, 0x8b, ..] => Err(BundleError::Trailing { what: "a second gzip stream" }),
        _ => Err(BundleError::Trailing { what: "bytes after the gzip stream" }),
    }
}

/// Counts what comes out of the decompression, and stops it in time.
struct Gauge<R> {
    inner: R,
    read: u64,
    ratio_at: u64,
    full_at: u64,
}

#[derive(Debug, thiserror::Error)]
enum Over {
    #[error("over the ratio")]
    Ratio,
    #[error("over the size")]
    Size,
}

impl<R: Read> Read for Gauge<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read += count as u64;
        if self.read > self.full_at {
            return Err(io::Error::other(Over::Size));
        }
        if self.read > self.ratio_at {
            return Err(io::Error::other(Over::Ratio));
        }
        Ok(count)
    }
}

/// What a read error of the archive means.
fn broken(error: io::Error, limits: &Limits) -> BundleError {
    match error.get_ref().and_then(|e| e.downcast_ref::<Over>()) {
        Some(Over::Ratio) => return BundleError::Ratio { limit: limits.ratio },
        Some(Over::Size) => return BundleError::UnpackedTooLarge { limit: limits.unpacked_bytes },
        None => {}
    }
    if error.raw_os_error().is_some() {
        return BundleError::storage("read the upload in scratch", error);
    }
    // The tar crate says "unexpected EOF during skip" and "failed to read entire block", without a kind.
    let text = error.to_string();
    match error.kind() {
        io::ErrorKind::UnexpectedEof => BundleError::CutOff,
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            BundleError::Damaged { what: "the gzip stream does not match its checksum or cannot be read" }
        }
        _ if text.contains("EOF") || text.contains("entire block") => BundleError::CutOff,
        _ => BundleError::Damaged { what: "a tar header cannot be read" },
    }
}

/// The same for the first header, where most likely something else was compressed.
fn not_tar(error: io::Error, limits: &Limits) -> BundleError {
    match broken(error, limits) {
        BundleError::Damaged { what } if what.contains("tar header") => {
            BundleError::WrongType { found: "gzip-compressed, but what is in it is no tar archive" }
        }
        other => other,
    }
}
