//! The content-addressed store: `blobs/<aa>/<sha256>` for files, `bundles/<digest>.json` for manifests.

use std::{collections::BTreeSet, io::Read, sync::Arc};

use axum::body::Bytes;
use backstep_domain::{BundleDigest, BundleFile, Fact, Manifest};
use object_store::{ObjectStore, ObjectStoreExt, path::Path as ObjectPath};

use super::{
    Bundles,
    error::BundleError,
    manifest::{digest_of, sha256_hex},
    objects::Hold,
    receive::StagedArchive,
    shown::Shown,
    sync_folder,
    unpack::{Unpacked, unpack},
    workers::blocking,
};

impl Bundles {
    /// Checks every entry of the archive and keeps its files; the digest names the tree, however it was packed.
    ///
    /// Returns when the bundle is durable. A refused archive leaves neither scratch files nor blobs.
    pub async fn admit(&self, staged: StagedArchive) -> Result<(BundleDigest, Manifest), BundleError> {
        let (scratch, limits) = (self.scratch.clone(), self.limits.clone());
        let unpacked = blocking(move || {
            let unpacked = unpack(&staged.path, &scratch, &limits);
            drop(staged);
            unpacked
        })
        .await?;
        let unpacked = Arc::new(unpacked);
        let outcome = self.keep(&unpacked).await;
        // Thousands of files may have to go from scratch.
        blocking(move || drop(unpacked)).await;
        outcome
    }

    async fn keep(&self, unpacked: &Arc<Unpacked>) -> Result<(BundleDigest, Manifest), BundleError> {
        let manifest = unpacked.manifest.clone();
        let digest = digest_of(&manifest);
        // From here on, until all of it is there, nothing that it is made of is removed.
        let _held = self.hold().await?;
        let mut seen = BTreeSet::new();
        let once = (0..manifest.files.len()).filter(|at| seen.insert(manifest.files[*at].sha256.clone())).collect();
        let (objects, source) = (Arc::clone(&self.objects), Arc::clone(unpacked));
        self.on_each::<usize, _>(once, move |wait, at| wait.until(keep_blob(&*objects, &source, *at))).await?;
        self.sync_blob_folders(seen).await?;
        if self.manifest(&digest).await.ok().flatten().as_ref() != Some(&manifest) {
            let text = serde_json::to_vec(&manifest).map_err(|e| BundleError::storage("write a manifest", e))?;
            self.objects
                .put(&manifest_at(&digest), text.into())
                .await
                .map_err(|e| BundleError::storage("store a manifest", e))?;
        } else if let Some(objects) = &self.beside {
            // As new: no history names it yet again, and what is old and named by none is removed.
            objects.renew(&digest).map_err(|e| BundleError::storage("keep a manifest", e))?;
        }
        Ok((digest, manifest))
    }

    async fn hold(&self) -> Result<Option<Hold>, BundleError> {
        let Some(objects) = self.beside.clone() else { return Ok(None) };
        let held = blocking(move || objects.share()).await;
        held.map(Some).map_err(|e| BundleError::storage("lock the object store", e))
    }

    /// A blob that was already there may come from a process killed before its folder was synced.
    async fn sync_blob_folders(&self, digests: BTreeSet<String>) -> Result<(), BundleError> {
        let Some(objects) = self.local.clone() else { return Ok(()) };
        let mut folders: BTreeSet<_> = digests.iter().map(|hex| objects.join("blobs").join(&hex[..2])).collect();
        folders.extend([objects.join("blobs"), objects]);
        let sync = |source| BundleError::storage("sync the blob folders", source);
        self.on_each(folders.into_iter().collect(), move |_, folder| sync_folder(folder).map_err(sync)).await
    }

    /// The files of a bundle; `None` if it is not here, or not yet complete.
    pub async fn manifest(&self, digest: &BundleDigest) -> Result<Option<Manifest>, BundleError> {
        let failed = |e| BundleError::storage("read a manifest", e);
        let text = match self.objects.get(&manifest_at(digest)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(e) => return Err(failed(e)),
            Ok(found) => found.bytes().await.map_err(failed)?,
        };
        match serde_json::from_slice::<Manifest>(&text) {
            Ok(manifest) if digest_of(&manifest) == *digest => Ok(Some(manifest)),
            _ => Err(BundleError::NotIntact { path: Shown::new("its list of files") }),
        }
    }

    /// A file's content, compared with its sha256.
    pub async fn blob(&self, file: &BundleFile) -> Result<Bytes, BundleError> {
        verified_blob(&*self.objects, file).await
    }

    /// The content of one file of a bundle, if it is not larger than `most` bytes.
    pub async fn read_file(&self, digest: &BundleDigest, path: &str, most: u64) -> Result<Bytes, BundleError> {
        let manifest = self.manifest(digest).await?.ok_or_else(|| BundleError::Missing(digest.clone()))?;
        let file = find(&manifest, path).ok_or_else(|| BundleError::NoSuchFile { path: Shown::new(path) })?;
        if file.size > most {
            return Err(BundleError::FileTooLarge { path: Shown::new(path), limit: most });
        }
        self.blob(file).await
    }

    /// Whether the bundle is here with every file as it should be: all of them are read and hashed. `Unknown` if the
    /// store does not answer.
    pub async fn intact(&self, digest: &BundleDigest) -> Fact {
        let check = async {
            let manifest = self.manifest(digest).await?.ok_or_else(|| BundleError::Missing(digest.clone()))?;
            let objects = Arc::clone(&self.objects);
            self.on_each(manifest.files, move |wait, file| wait.until(verified_blob(&*objects, file)).map(drop)).await
        };
        match check.await {
            Ok(()) => Fact::Yes,
            Err(BundleError::Missing(_) | BundleError::NotIntact { .. }) => Fact::No,
            Err(error) => {
                tracing::warn!(bundle = %digest, error = &error as &dyn std::error::Error, "bundle not checked");
                Fact::Unknown
            }
        }
    }
}

pub(super) fn find<'a>(manifest: &'a Manifest, path: &str) -> Option<&'a BundleFile> {
    let at = manifest.files.binary_search_by(|file| file.path.as_bytes().cmp(path.as_bytes())).ok()?;
    manifest.files.get(at)
}

/// Reads a blob; `NotIntact` if it is missing, or not what its name says.
pub(super) async fn verified_blob(objects: &dyn ObjectStore, file: &BundleFile) -> Result<Bytes, BundleError> {
    let failed = |e| BundleError::storage("read a file of a bundle", e);
    let not_intact = || BundleError::NotIntact { path: Shown::new(&file.path) };
    let found = match objects.get(&blob_at(&file.sha256)).await {
        Err(object_store::Error::NotFound { .. }) => return Err(not_intact()),
        other => other.map_err(failed)?,
    };
    // Before reading: what was put in a blob's place may be larger than memory.
    if found.meta.size != file.size {
        return Err(not_intact());
    }
    let bytes = found.bytes().await.map_err(failed)?;
    if sha256_hex(&bytes) == file.sha256 { Ok(bytes) } else { Err(not_intact()) }
}

/// Writes a blob unless it is there and intact; a damaged one is mended this way.
async fn keep_blob(objects: &dyn ObjectStore, source: &Unpacked, at: usize) -> Result<(), BundleError> {
    let failed = |e| BundleError::storage("read the upload in scratch", e);
    let file = &source.manifest.files[at];
    match verified_blob(objects, file).await {
        Ok(_) => return Ok(()),
        Err(BundleError::NotIntact { .. }) => {}
        Err(e) => return Err(e),
    }
    let mut bytes = Vec::with_capacity(file.size as usize);
    source.dir.open(&source.names[at]).map_err(failed)?.read_to_end(&mut bytes).map_err(failed)?;
    if sha256_hex(&bytes) != file.sha256 {
        return Err(BundleError::storage("read the upload in scratch", "a file changed in scratch"));
    }
    objects.put(&blob_at(&file.sha256), bytes.into()).await.map_err(|e| BundleError::storage("store a file", e))?;
    Ok(())
}

pub(super) fn blob_at(sha256: &str) -> ObjectPath {
    ObjectPath::from_iter(["blobs", &sha256[..2], sha256])
}

pub(super) fn manifest_at(digest: &BundleDigest) -> ObjectPath {
    ObjectPath::from_iter(["bundles".to_owned(), format!("{}.json", digest.hex())])
}
