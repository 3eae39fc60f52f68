use std::{fs, os::unix::fs::PermissionsExt};

use backstep_domain::Fact;

use super::{Fixture, archive::*, files_below};
use crate::bundles::BundleError;

#[tokio::test]
async fn a_folder_with_plain_modes() {
    let here = Fixture::new();
    let strange = changed(b'0', "a/b/run.sh", b"x", |h| h[100..108].copy_from_slice(b"0006777\0"));
    let secret = changed(b'0', "secret.py", b"y", |h| h[100..108].copy_from_slice(b"0000000\0"));
    let (digest, _) = here.upload(&targz(&[strange, secret])).await.unwrap();
    let dest = here.data.path().join("dest");
    here.bundles.materialize(&digest, &dest).await.unwrap();
    assert_eq!(files_below(&dest), ["a/", "a/b/", "a/b/run.sh", "secret.py"]);
    let mode = |path: &str| fs::metadata(dest.join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("a/b/run.sh"), mode("secret.py")), (0o644, 0o644));
    assert_eq!((mode(""), mode("a"), mode("a/b")), (0o755, 0o755, 0o755));
}

#[tokio::test]
async fn only_into_an_empty_folder() {
    let here = Fixture::new();
    let (digest, _) = here.upload_files(&[("a.py", b"1")]).await;
    let dest = here.data.path().join("dest");
    fs::create_dir(&dest).unwrap();
    here.bundles.materialize(&digest, &dest).await.unwrap();
    let again = here.bundles.materialize(&digest, &dest).await;
    assert!(matches!(again, Err(BundleError::NotEmpty { .. })), "{again:?}");
    let link = here.data.path().join("link");
    let elsewhere = here.data.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    assert!(matches!(here.bundles.materialize(&digest, &link).await, Err(BundleError::NotEmpty { .. })));
    assert!(files_below(&elsewhere).is_empty());
    let file = here.data.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(here.bundles.materialize(&digest, &file).await.is_err());
}

#[tokio::test]
async fn a_damaged_file_is_never_written_out() {
    let here = Fixture::new();
    let files: &[(&str, &[u8])] = &[("a.py", b"good"), ("b.py", b"fine")];
    let (digest, manifest) = here.upload_files(files).await;
    let sha = &manifest.files[0].sha256;
    let blob = here.data.path().join("objects/blobs").join(&sha[..2]).join(sha);
    for (damage, content) in [("other bytes", Some("evil")), ("other size", Some("longer")), ("gone", None)] {
        match content {
            Some(content) => fs::write(&blob, content).unwrap(),
            None => fs::remove_file(&blob).unwrap(),
        }
        assert_eq!(here.bundles.intact(&digest).await, Fact::No, "{damage}");
        let dest = tempfile::TempDir::new().unwrap();
        let error = here.bundles.materialize(&digest, dest.path()).await.unwrap_err();
        assert!(matches!(&error, BundleError::NotIntact { .. }), "{damage}: {error}");
        assert!(error.to_string().contains("`a.py`"), "{damage}: {error}");
        assert!(!dest.path().join("a.py").exists(), "{damage}");
        assert!(here.bundles.read_file(&digest, "a.py", 100).await.is_err(), "{damage}");
        // The same files again mend it.
        here.upload_files(files).await;
        assert_eq!(here.bundles.intact(&digest).await, Fact::Yes, "{damage}");
    }
}

/// A manifest is compared with its digest, so one that was edited in the store counts as damage.
#[tokio::test]
async fn an_edited_manifest_is_refused() {
    let here = Fixture::new();
    let (digest, _) = here.upload_files(&[("a.py", b"good")]).await;
    let at = here.data.path().join(format!("objects/bundles/{}.json", digest.hex()));
    let text = fs::read_to_string(&at).unwrap();
    fs::write(&at, text.replace("a.py", "../a.py")).unwrap();
    assert!(matches!(here.bundles.manifest(&digest).await, Err(BundleError::NotIntact { .. })));
    assert_eq!(here.bundles.intact(&digest).await, Fact::No);
    let dest = here.data.path().join("dest");
    assert!(here.bundles.materialize(&digest, &dest).await.is_err());
    assert!(!dest.exists() && !here.data.path().join("a.py").exists());
    here.upload_files(&[("a.py", b"good")]).await;
    assert_eq!(here.bundles.intact(&digest).await, Fact::Yes);
}

#[tokio::test]
async fn one_file() {
    let here = Fixture::new();
    let (digest, _) = here.upload_files(&[("a/x.py", b"print()")]).await;
    assert_eq!(here.bundles.read_file(&digest, "a/x.py", 7).await.unwrap(), "print()");
    let missing = here.bundles.read_file(&digest, "a/../a/x.py", 7).await;
    assert!(matches!(missing, Err(BundleError::NoSuchFile { .. })), "{missing:?}");
    assert!(matches!(here.bundles.read_file(&digest, "a/x.py", 6).await, Err(BundleError::FileTooLarge { .. })));
}
