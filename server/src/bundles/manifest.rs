//! The canonical form of a bundle's manifest, and the digest that names the bundle.

use std::{fmt::Write, fs::File, io, path::Path};

use backstep_domain::{BundleDigest, Manifest};
use sha2::{Digest, Sha256};

/// One line a file, `SHA256  SIZE  PATH`, sorted by the path's bytes. Paths hold no line breaks, so it reads one way only.
pub fn canonical(manifest: &Manifest) -> String {
    let mut files: Vec<_> = manifest.files.iter().collect();
    files.sort_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
    files.iter().fold(String::new(), |mut text, file| {
        writeln!(text, "{}  {}  {}", file.sha256, file.size, file.path).expect("writing to a String does not fail");
        text
    })
}

/// The bundle's name: the sha256 of the canonical manifest.
pub fn digest_of(manifest: &Manifest) -> BundleDigest {
    sha256_hex(canonical(manifest).as_bytes()).parse().expect("a sha256 is 64 hexadecimal digits")
}

/// The sha256 of a file, hexadecimal; it is read piece by piece.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hex::encode(hasher.finalize()))
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
