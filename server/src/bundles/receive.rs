//! Receiving an archive: from a stream to a file, counted and hashed on the way.

use std::{fmt, fs::File, io::Read, str::FromStr};

use axum::body::Bytes;
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tempfile::TempPath;
use tokio::io::AsyncWriteExt;

use super::{Bundles, UPLOAD_PREFIX, error::BundleError, format};

/// The sha256 of `dags.tar.gz` itself, which says that it arrived whole; not the name of the bundle in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveDigest(String);

impl ArchiveDigest {
    pub(super) fn finish(hasher: Sha256) -> Self {
        Self(hex::encode(hasher.finalize()))
    }

    /// The 64 hexadecimal digits, in lower case.
    pub fn hex(&self) -> &str {
        &self.0
    }
}

impl FromStr for ArchiveDigest {
    type Err = BundleError;
    fn from_str(text: &str) -> Result<Self, BundleError> {
        let hex = text.strip_prefix("sha256:").unwrap_or(text);
        let ok = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        if ok { Ok(Self(hex.to_ascii_lowercase())) } else { Err(BundleError::NoDigest) }
    }
}

impl fmt::Display for ArchiveDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

/// A received archive of the announced digest, in a file of scratch that goes away with this value. Nothing in it is
/// trusted yet.
#[derive(Debug)]
pub struct StagedArchive {
    pub(super) path: TempPath,
    pub digest: ArchiveDigest,
    /// Packed bytes.
    pub bytes: u64,
}

impl Bundles {
    /// Streams `dags.tar.gz` to scratch, never more than a piece of it in memory, and compares its digest.
    ///
    /// Errors: broken off, larger than the limit, not gzip, another digest than `expected`; nothing stays behind.
    pub async fn receive<S, E>(&self, stream: S, expected: Option<&ArchiveDigest>) -> Result<StagedArchive, BundleError>
    where
        S: Stream<Item = Result<Bytes, E>>,
    {
        let failed = |source| BundleError::storage("write the upload to scratch", source);
        let (file, path) =
            tempfile::Builder::new().prefix(UPLOAD_PREFIX).tempfile_in(&self.scratch).map_err(failed)?.into_parts();
        let mut file = tokio::io::BufWriter::with_capacity(256 * 1024, tokio::fs::File::from_std(file));
        let (mut hasher, mut bytes) = (Sha256::new(), 0_u64);
        let mut stream = std::pin::pin!(stream);
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|_| BundleError::BrokenOff { received: bytes })?;
            bytes += piece.len() as u64;
            if bytes > self.limits.packed_bytes {
                return Err(BundleError::PackedTooLarge { limit: self.limits.packed_bytes });
            }
            hasher.update(&piece);
            file.write_all(&piece).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        let digest = ArchiveDigest::finish(hasher);
        if let Some(expected) = expected.filter(|expected| **expected != digest) {
            return Err(BundleError::WrongDigest { expected: expected.clone(), actual: digest });
        }
        let staged = StagedArchive { path, digest, bytes };
        staged.check_type()?;
        Ok(staged)
    }
}

impl StagedArchive {
    fn check_type(&self) -> Result<(), BundleError> {
        let failed = |source| BundleError::storage("read the upload in scratch", source);
        let mut start = Vec::new();
        let file = File::open(&self.path).map_err(failed)?;
        file.take(format::SNIFFED_BYTES as u64).read_to_end(&mut start).map_err(failed)?;
        format::check_is_gzip(&start).map_err(|found| BundleError::WrongType { found })
    }
}
