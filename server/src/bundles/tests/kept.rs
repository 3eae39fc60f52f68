//! What is in the store after a failure or a kill at any point.

use std::{
    fmt,
    ops::Range,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::body::Bytes;
use backstep_domain::{Fact, ProblemCode};
use futures::stream::{self, BoxStream};
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result as StoreResult, local::LocalFileSystem, path::Path,
};
use tempfile::TempDir;

use super::{Fixture, archive::*, files_below};
use crate::bundles::{Bundles, Limits, digest_of};

/// A store that fails after some writes, and remembers the order of them.
#[derive(Debug)]
struct Failing {
    inner: LocalFileSystem,
    writes_left: AtomicUsize,
    written: Mutex<Vec<String>>,
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failing")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Failing {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> StoreResult<PutResult> {
        let left = self.writes_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_err() {
            return Err(object_store::Error::Generic { store: "failing", source: "no answer from 10.0.0.7".into() });
        }
        self.written.lock().unwrap().push(at.to_string());
        self.inner.put_opts(at, payload, options).await
    }
    async fn put_multipart_opts(&self, at: &Path, o: PutMultipartOptions) -> StoreResult<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, o).await
    }
    async fn get_opts(&self, at: &Path, options: GetOptions) -> StoreResult<GetResult> {
        self.inner.get_opts(at, options).await
    }
    async fn get_ranges(&self, at: &Path, ranges: &[Range<u64>]) -> StoreResult<Vec<Bytes>> {
        self.inner.get_ranges(at, ranges).await
    }
    fn delete_stream(&self, at: BoxStream<'static, StoreResult<Path>>) -> BoxStream<'static, StoreResult<Path>> {
        self.inner.delete_stream(at)
    }
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        self.inner.list(prefix)
    }
    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> StoreResult<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }
    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> StoreResult<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// A bundle is seen when its manifest is written, and that is after all its files: a kill between any two writes leaves
/// either a whole bundle or none.
#[tokio::test]
async fn a_half_written_bundle_is_never_there() {
    let files: [(&str, &[u8]); 6] =
        [("a", b"1"), ("b", b"2"), ("c", b"3"), ("d", b"4"), ("same as a", b"1"), ("empty", b"")];
    let archive = of_files(&files);
    let whole = Fixture::new().upload(&archive).await.unwrap();
    // Five different contents and the manifest.
    for allowed in 0..=6 {
        let data = TempDir::new().unwrap();
        let (objects, scratch): (PathBuf, PathBuf) = (data.path().join("objects"), data.path().join("scratch"));
        std::fs::create_dir(&objects).unwrap();
        std::fs::create_dir(&scratch).unwrap();
        let store = Arc::new(Failing {
            inner: LocalFileSystem::new_with_prefix(&objects).unwrap(),
            writes_left: AtomicUsize::new(allowed),
            written: Mutex::default(),
        });
        let bundles = Bundles::remote(store.clone(), scratch.clone(), Limits::default());
        let upload = async || {
            let stream = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from(archive.clone()))]);
            let staged = bundles.receive(stream, None).await.unwrap();
            bundles.admit(staged).await
        };
        let outcome = upload().await;
        assert_eq!(outcome.is_ok(), allowed == 6, "{allowed} writes allowed");
        assert!(files_below(&scratch).is_empty(), "{allowed} writes allowed");
        let there = bundles.manifest(&whole.0).await.unwrap();
        assert_eq!(there.is_some(), allowed == 6, "{allowed} writes allowed");
        assert_eq!(bundles.intact(&whole.0).await, if allowed == 6 { Fact::Yes } else { Fact::No });
        if let Err(error) = outcome {
            let problem = error.problem();
            assert_eq!(problem.code, ProblemCode::Unavailable);
            assert!(!problem.message.contains("10.0.0.7"), "internal text: {}", problem.message);
        }
        // Once more with a store that answers: what is there is not written again, and the manifest comes last.
        store.writes_left.store(100, Ordering::SeqCst);
        assert_eq!(upload().await.unwrap(), whole);
        let written = store.written.lock().unwrap().clone();
        assert_eq!(written.len(), 6, "{written:?}");
        assert!(written.last().unwrap().starts_with("bundles/"), "{written:?}");
    }
}

#[tokio::test]
async fn one_content_is_kept_once() {
    let here = Fixture::new();
    here.upload_files(&[("a/__init__.py", b""), ("b/__init__.py", b""), ("c.py", b"1")]).await;
    here.upload_files(&[("d/__init__.py", b""), ("c.py", b"1")]).await;
    let blobs: Vec<_> =
        here.objects().into_iter().filter(|path| path.starts_with("blobs/") && !path.ends_with('/')).collect();
    assert_eq!(blobs.len(), 2, "{blobs:?}");
}

#[tokio::test]
async fn uploads_of_one_tree_at_once() {
    let here = Fixture::new();
    let archive = of_files(&[("a.py", b"1"), ("b.py", b"2")]);
    let all = futures::future::join_all((0..8).map(|_| here.upload(&archive))).await;
    let digests: Vec<_> = all.into_iter().map(|one| one.unwrap().0).collect();
    assert!(digests.iter().all(|digest| *digest == digests[0]));
    assert_eq!(here.bundles.intact(&digests[0]).await, Fact::Yes);
    assert!(here.scratch().is_empty());
}

#[tokio::test]
async fn a_bundle_that_never_was() {
    let here = Fixture::new();
    let digest = digest_of(&backstep_domain::Manifest::default());
    assert_eq!(here.bundles.manifest(&digest).await.unwrap(), None);
    assert_eq!(here.bundles.intact(&digest).await, Fact::No);
}

/// What a kill leaves: an upload, a half-unpacked archive, objects without their final names.
#[tokio::test]
async fn what_a_kill_left_is_cleared_at_the_start() {
    let here = Fixture::new();
    let (digest, _) = here.upload_files(&[("a.py", b"1")]).await;
    let before = here.objects();
    let data = here.data.path();
    std::fs::write(data.join("scratch/upload-x"), "half").unwrap();
    std::fs::create_dir(data.join("scratch/unpack-x")).unwrap();
    std::fs::write(data.join("scratch/unpack-x/0"), "half").unwrap();
    std::fs::write(data.join(format!("objects/bundles/{}.json#1", "ab".repeat(32))), "{").unwrap();
    let blob = before.iter().find(|path| path.starts_with("blobs/") && !path.ends_with('/')).unwrap();
    std::fs::write(data.join("objects").join(format!("{blob}#2")), "half").unwrap();
    // Another server may be at work on it.
    let left = (here.scratch(), here.objects());
    assert_eq!((left.0.len(), left.1.len()), (3, before.len() + 2));
    here.bundles.clear_scratch(Duration::from_secs(3600)).unwrap();
    assert_eq!((here.scratch(), here.objects()), left);
    here.bundles.clear_scratch(Duration::ZERO).unwrap();
    assert!(here.scratch().is_empty());
    assert_eq!(here.objects(), before);
    assert_eq!(here.bundles.intact(&digest).await, Fact::Yes);
    // Also in a folder where nothing was ever stored.
    Fixture::new().bundles.clear_scratch(Duration::ZERO).unwrap();
}

#[tokio::test]
async fn dropping_an_upload_clears_it() {
    let here = Fixture::new();
    let stream = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from(of_files(&[("a", b"1")])))]);
    let staged = here.bundles.receive(stream, None).await.unwrap();
    assert_eq!(here.scratch().len(), 1);
    drop(staged);
    assert!(here.scratch().is_empty());
}
