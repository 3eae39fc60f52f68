//! Packing a folder: the same refusals as the server's, before the upload.

use std::{fs, os::unix::fs::symlink, path::Path};

use crate::bundles::{Limits, pack};

/// Paths and contents.
type Files<'a> = &'a [(&'a str, &'a str)];

fn tree(files: Files<'_>) -> tempfile::TempDir {
    let dir = tempfile::TempDir::new().unwrap();
    write(dir.path(), files);
    dir
}

fn write(root: &Path, files: Files<'_>) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn refusal(dir: &Path, limits: &Limits) -> String {
    pack(dir, limits).unwrap_err().to_string()
}

#[test]
fn the_same_bytes_whenever_and_wherever() {
    let files = [("z.py", "1"), ("a/b.py", "2"), ("a.py", "3"), (".airflowignore", "x")];
    let one = tree(&files);
    let mut reversed = files;
    reversed.reverse();
    let two = tree(&reversed);
    write(two.path(), &[(".git/HEAD", "ref"), ("a/__pycache__/b.pyc", "c"), ("old.pyc", "c")]);
    fs::File::open(two.path().join("z.py")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    let (one, two) = (pack(one.path(), &Limits::default()).unwrap(), pack(two.path(), &Limits::default()).unwrap());
    assert_eq!(one.digest, two.digest);
    assert_eq!(one.bytes, fs::metadata(one.file.path()).unwrap().len());
    let paths: Vec<_> = two.manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, [".airflowignore", "a.py", "a/b.py", "z.py"]);
}

#[test]
fn links_are_named_and_not_followed() {
    let dir = tree(&[("a.py", "1"), ("sub/b.py", "2"), (".git/HEAD", "x")]);
    // Inside what is left out, nobody minds.
    symlink("/etc", dir.path().join(".git/link")).unwrap();
    pack(dir.path(), &Limits::default()).unwrap();
    for (name, target) in [("link.py", "a.py"), ("sub/etc", "/etc"), ("gone", "nowhere")] {
        symlink(target, dir.path().join(name)).unwrap();
        let message = refusal(dir.path(), &Limits::default());
        assert!(message.contains(&format!("`{name}` is a symbolic link")), "{message}");
        fs::remove_file(dir.path().join(name)).unwrap();
    }
}

#[test]
fn what_the_server_would_refuse() {
    let default = Limits::default();
    let cases: [(Files<'_>, Limits, &str); 8] = [
        (&[("a.py", ""), ("A.py", "")], default.clone(), "same name"),
        (&[("a\nb.py", "")], default.clone(), "`a\\nb.py` contains a control"),
        (&[("aux.py", "")], default.clone(), "reserves"),
        (&[("a.py", ""), ("b.py", "")], Limits { files: 1, ..default.clone() }, "more than 1 files"),
        (&[("a.py", "1234")], Limits { file_bytes: 3, ..default.clone() }, "`a.py` is larger than 3 bytes"),
        (&[("a.py", "12"), ("b.py", "34")], Limits { unpacked_bytes: 3, ..default.clone() }, "together"),
        (&[("a/b/c.py", "")], Limits { depth: 2, ..default.clone() }, "folders deep"),
        (&[("a.py", "1234")], Limits { packed_bytes: 20, ..default.clone() }, "archive is larger"),
    ];
    for (files, limits, reason) in cases {
        let message = refusal(tree(files).path(), &limits);
        assert!(message.contains(reason), "{message:?} does not say {reason:?}");
    }
}

#[test]
fn folders_that_are_none_or_empty() {
    let dir = tree(&[("only/__pycache__/a.pyc", "")]);
    assert!(refusal(dir.path(), &Limits::default()).contains("no files"));
    assert!(refusal(&dir.path().join("gone"), &Limits::default()).contains("does not exist"));
    let file = dir.path().join("only/__pycache__/a.pyc");
    assert!(refusal(&file, &Limits::default()).contains("is a file, not a folder"));
}

#[test]
fn a_pipe_is_not_read() {
    let dir = tree(&[("a.py", "")]);
    let made = std::process::Command::new("mkfifo").arg(dir.path().join("pipe")).status().unwrap();
    assert!(made.success());
    assert!(refusal(dir.path(), &Limits::default()).contains("`pipe` is a device, pipe or socket"));
}
