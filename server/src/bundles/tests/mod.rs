//! Bundles from the outside: archives made by hand, byte by byte, and folders packed as the command line does it.

mod accepted;
mod archive;
mod diffs;
mod kept;
mod materialized;
mod packed;
mod refused;
mod refused_limits;
mod same_tree;

use std::{convert::Infallible, fs, path::Path};

use axum::body::Bytes;
use backstep_domain::{BundleDigest, Manifest};
use futures::stream;
use tempfile::TempDir;

use super::{BundleError, Bundles, Limits};

/// A store of its own in a folder that goes away.
struct Fixture {
    bundles: Bundles,
    data: TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let data = TempDir::new().unwrap();
        Self { bundles: Bundles::local_with(data.path(), limits).unwrap(), data }
    }

    /// The whole way of an upload, in pieces of 1,000 bytes.
    async fn upload(&self, archive: &[u8]) -> Result<(BundleDigest, Manifest), BundleError> {
        let pieces: Vec<_> = archive.chunks(1000).map(|c| Ok::<_, Infallible>(Bytes::copy_from_slice(c))).collect();
        let staged = self.bundles.receive(stream::iter(pieces), None).await?;
        self.bundles.admit(staged).await
    }

    /// Uploads files of the given paths and contents.
    async fn upload_files(&self, files: &[(&str, &[u8])]) -> (BundleDigest, Manifest) {
        self.upload(&archive::of_files(files)).await.unwrap()
    }

    fn scratch(&self) -> Vec<String> {
        files_below(&self.data.path().join("scratch"))
    }

    fn objects(&self) -> Vec<String> {
        files_below(&self.data.path().join("objects"))
    }
}

/// Paths of everything below a folder, folders with a `/` at the end, sorted.
fn files_below(root: &Path) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            let mut name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
                name.push('/');
            }
            found.push(name);
        }
    }
    found.sort();
    found
}
