//! What good archives look like, and what becomes of them.

use std::process::Command;

use super::{Fixture, archive::*};

fn paths(manifest: &backstep_domain::Manifest) -> Vec<&str> {
    manifest.files.iter().map(|file| file.path.as_str()).collect()
}

#[tokio::test]
async fn leading_dots_folders_and_left_out_files() {
    let here = Fixture::new();
    let archive = targz(&[
        folder("./"),
        file("./b.py"),
        file("a/x.py"),
        folder("a/"),
        folder("empty/"),
        file(".airflowignore"),
        file(".gitignore"),
        file(".git/HEAD"),
        file("sub/.git"),
        file("a/__pycache__/x.cpython-312.pyc"),
        file("a/x.pyc"),
        file("dags/__init__.py"),
    ]);
    let (_, manifest) = here.upload(&archive).await.unwrap();
    assert_eq!(paths(&manifest), [".airflowignore", ".gitignore", "a/x.py", "b.py", "dags/__init__.py"]);
    assert!(here.scratch().is_empty());
}

#[tokio::test]
async fn long_names_in_each_format_and_old_headers() {
    let here = Fixture::new();
    let long = format!("{}x.py", "folder/".repeat(20));
    let prefixed = changed(b'0', "x.py", b"", |h| h[345..348].copy_from_slice(b"pre"));
    let v7 = changed(0, "old.py", b"", |h| h[257..265].fill(0));
    let spaces = changed(b'0', "spaces.py", b"abc", |h| h[124..136].copy_from_slice(b"          3 "));
    let archive = targz(&[
        // As `git archive` writes it.
        pax(b'g', &[("comment", b"5a4f1c")]),
        pax(b'x', &[("path", long.as_bytes()), ("mtime", b"1.5"), ("size", b"8")]),
        file("short"),
        long_name(&format!("gnu/{long}")),
        file("short"),
        prefixed,
        v7,
        spaces,
    ]);
    let (_, manifest) = here.upload(&archive).await.unwrap();
    assert_eq!(paths(&manifest), [long.as_str(), &format!("gnu/{long}"), "old.py", "pre/x.py", "spaces.py"]);
}

/// The tar programs that people have: they agree with us on names and contents, in every format they write.
#[tokio::test]
async fn archives_of_gnu_tar_and_python() {
    let here = Fixture::new();
    let work = tempfile::TempDir::new().unwrap();
    let dags = work.path().join("dags");
    let deep = format!("{}/{}.py", "deeply/nested".repeat(6), "n".repeat(120));
    let tree = [("etl.py", "a"), ("team/naïve.py", "b"), (deep.as_str(), "c"), ("empty.py", "")];
    for (path, text) in tree {
        let path = dags.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut digests = Vec::new();
    for format in ["gnu", "posix", "oldgnu"] {
        let out = work.path().join("out.tar.gz");
        let format = format!("--format={format}");
        let tar = Command::new("tar").args(["-C"]).arg(&dags).args([&format, "-czf"]).arg(&out).arg(".").status();
        assert!(tar.unwrap().success());
        digests.push(here.upload(&std::fs::read(&out).unwrap()).await.unwrap());
    }
    for format in ["GNU_FORMAT", "PAX_FORMAT"] {
        let script = format!(
            "import sys, tarfile\nt = tarfile.open(sys.argv[1], 'w:gz', format=tarfile.{format})\nt.add(sys.argv[2], '.')\nt.close()"
        );
        let out = work.path().join("out.tar.gz");
        let python = Command::new("python3").args(["-c", &script]).arg(&out).arg(&dags).status();
        assert!(python.unwrap().success());
        digests.push(here.upload(&std::fs::read(&out).unwrap()).await.unwrap());
    }
    let packed = crate::bundles::pack(&dags, here.bundles.limits()).unwrap();
    for (digest, manifest) in digests {
        assert_eq!(manifest, packed.manifest);
        assert_eq!(digest, packed.bundle);
    }
}
