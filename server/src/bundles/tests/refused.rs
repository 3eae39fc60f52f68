//! Archives that are wrong in themselves: each is refused for its reason and leaves nothing behind.

use std::convert::Infallible;

use axum::body::Bytes;
use backstep_domain::ProblemCode;
use futures::stream;

use super::{Fixture, archive::*};
use crate::bundles::{ArchiveDigest, BundleError};

/// What kind of bad archive, its bytes, and a part of the message.
type Bad = (&'static str, Vec<u8>, &'static str);

async fn assert_refused(kinds: Vec<Bad>) {
    let here = Fixture::new();
    for (kind, archive, reason) in kinds {
        let error = match here.upload(&archive).await {
            Ok((_, manifest)) => panic!("{kind}: admitted as {manifest:?}"),
            Err(error) => error,
        };
        let message = error.to_string();
        assert!(message.contains(reason), "{kind}: says {message:?}, not {reason:?}");
        assert!(!message.chars().any(char::is_control), "{kind}: control characters in {message:?}");
        assert_eq!(error.problem().code, ProblemCode::BadBundle, "{kind}");
        assert!(here.scratch().is_empty(), "{kind}: left {:?} in scratch", here.scratch());
        assert!(here.objects().is_empty(), "{kind}: left {:?} in the store", here.objects());
    }
}

/// A good file before the bad entry: it must not be kept either.
fn after_good(entry: Vec<u8>) -> Vec<u8> {
    targz(&[file("good.py"), entry])
}

#[tokio::test]
async fn bad_paths() {
    assert_refused(vec![
        ("absolute", after_good(file("/etc/passwd")), "absolute"),
        ("absolute twice", after_good(file("//etc/passwd")), "absolute"),
        ("absolute behind ./", after_good(file(".//etc/passwd")), "`//`"),
        ("drive letter", after_good(file("C:/x.py")), "absolute"),
        ("parent", after_good(file("../x.py")), "`..`"),
        ("parent inside", after_good(file("a/../../x.py")), "`..`"),
        ("parent at the end", after_good(folder("a/..")), "`..`"),
        ("parent behind ./", after_good(file("./../x.py")), "`..`"),
        ("dot inside", after_good(file("a/./x.py")), "`.`"),
        ("empty part", after_good(file("a//x.py")), "`//`"),
        ("no name", after_good(file("")), "empty name"),
        ("top folder as a file", after_good(file(".")), "empty name"),
        ("backslash", after_good(file("..\\x.py")), "backslash"),
        ("line break", after_good(file("a\nb.py")), "control"),
        ("escape sequence", after_good(file("a\x1b[2Jb.py")), "control"),
        ("C1 control", after_good(file("a\u{9b}b.py")), "control"),
        ("right-to-left override", after_good(file("a\u{202e}yp.b")), "invisible"),
        ("zero-width space", after_good(file("a\u{200b}.py")), "invisible"),
        ("not UTF-8", after_good(file(b"caf\xe9.py")), "not UTF-8"),
        ("overlong UTF-8 slash", after_good(file(b"..\xc0\xafx.py")), "not UTF-8"),
        ("Windows device", after_good(file("a/aux.py")), "reserves"),
        ("Windows port", after_good(file("COM1")), "reserves"),
        ("dot at the end", after_good(file("a./x.py")), "dot or a space"),
        ("space at the end", after_good(file("x.py ")), "dot or a space"),
        ("file with a slash", after_good(file("a/")), "ends in `/`"),
        ("old file with a slash", after_good(entry(0, "a/", b"")), "ends in `/`"),
        ("ustar prefix", after_good(changed(b'0', "x.py", b"", |h| h[345..348].copy_from_slice(b"../"))), "`..`"),
        ("PAX path", targz(&[pax(b'x', &[("path", b"../x.py")]), file("x.py")]), "`..`"),
        ("PAX path with NUL", targz(&[pax(b'x', &[("path", b"x.py\0y")]), file("x.py")]), "NUL"),
        ("long name", targz(&[long_name("../x.py"), file("x.py")]), "`..`"),
        ("left out, but outside", after_good(file("../.git/config")), "`..`"),
    ])
    .await;
}

#[tokio::test]
async fn names_that_meet() {
    let both = |a: Vec<u8>, b: Vec<u8>| targz(&[a, b]);
    assert_refused(vec![
        ("duplicate", both(file("a.py"), file("a.py")), "twice"),
        ("duplicate behind ./", both(file("a.py"), file("./a.py")), "twice"),
        ("case", both(file("a.py"), file("A.py")), "same name"),
        ("case of a folder", both(file("a/x.py"), file("A/y.py")), "same name"),
        ("composed and decomposed", both(file("caf\u{e9}.py"), file("cafe\u{301}.py")), "same name"),
        ("marks in another order", both(file("\u{1fb4}.py"), file("\u{3b1}\u{345}\u{301}.py")), "same name"),
        ("sharp s", both(file("stra\u{df}e.py"), file("STRASSE.py")), "same name"),
        ("long s", both(file("\u{17f}.py"), file("s.py")), "same name"),
        ("Kelvin sign", both(file("\u{212a}.py"), file("k.py")), "same name"),
        ("final sigma", both(file("\u{3c2}.py"), file("\u{3c3}.py")), "same name"),
        ("file, then folder", both(file("a"), folder("a/")), "file and a folder"),
        ("file, then file below it", both(file("a"), file("a/x.py")), "file and a folder"),
        ("folder, then file", both(file("a/x.py"), file("a")), "file and a folder"),
    ])
    .await;
}

#[tokio::test]
async fn what_is_neither_file_nor_folder() {
    let link = |kind, target: &'static [u8]| {
        after_good(changed(kind, "x.py", b"", |h| h[157..157 + target.len()].copy_from_slice(target)))
    };
    assert_refused(vec![
        ("symbolic link", link(b'2', b"/etc/passwd"), "symbolic link"),
        ("symbolic link inside", link(b'2', b"good.py"), "symbolic link"),
        ("hard link", link(b'1', b"good.py"), "hard link"),
        ("long link", after_good(entry(b'K', "././@LongLink", b"/etc/passwd\0")), "link with a long name"),
        ("character device", after_good(entry(b'3', "x", b"")), "character device"),
        ("block device", after_good(entry(b'4', "x", b"")), "block device"),
        ("fifo", after_good(entry(b'6', "x", b"")), "fifo"),
        ("contiguous", after_good(entry(b'7', "x", b"")), "contiguous"),
        ("GNU sparse", after_good(entry(b'S', "x", b"")), "sparse"),
        ("PAX sparse", targz(&[pax(b'x', &[("GNU.sparse.major", b"1")]), file("x")]), "sparse"),
        ("PAX link", targz(&[pax(b'x', &[("linkpath", b"/etc")]), file("x")]), "link"),
        ("incremental", after_good(entry(b'D', "x", b"")), "incremental"),
        ("volume label", after_good(entry(b'V', "x", b"")), "multi-volume"),
        ("unknown kind", after_good(entry(b'Z', "x", b"")), "unknown kind"),
    ])
    .await;
}

#[tokio::test]
async fn headers_that_read_in_two_ways() {
    let x = || file("x.py");
    let size = |text: &'static [u8]| {
        after_good(changed(b'0', "x.py", b"abc", |h| h[124..124 + text.len()].copy_from_slice(text)))
    };
    assert_refused(vec![
        ("PAX size, larger", targz(&[pax(b'x', &[("size", b"1024")]), x()]), "another size"),
        ("PAX size, none", targz(&[pax(b'x', &[("size", b"0")]), x()]), "another size"),
        ("PAX size, negative", targz(&[pax(b'x', &[("size", b"-1")]), x()]), "no number"),
        ("PAX size, too large", targz(&[pax(b'x', &[("size", b"99999999999999999999")]), x()]), "no number"),
        ("PAX size twice", targz(&[pax(b'x', &[("size", b"8"), ("size", b"8")]), x()]), "size twice"),
        ("PAX path twice", targz(&[pax(b'x', &[("path", b"a"), ("path", b"b")]), x()]), "path twice"),
        ("PAX for all entries", targz(&[pax(b'g', &[("path", b"a")]), x()]), "all entries"),
        ("PAX charset", targz(&[pax(b'x', &[("hdrcharset", b"BINARY")]), x()]), "character set"),
        ("PAX record too short", targz(&[entry(b'x', "p", b"5 path=a\n"), x()]), "does not parse"),
        ("PAX record without end", targz(&[entry(b'x', "p", b"9999 path=a\n"), x()]), "does not parse"),
        ("PAX record no key", targz(&[entry(b'x', "p", b"4 =\n"), x()]), "does not parse"),
        ("two PAX headers", targz(&[pax(b'x', &[]), pax(b'x', &[]), x()]), "second PAX"),
        ("two long names", targz(&[long_name("a"), long_name("b"), x()]), "second long name"),
        ("both", targz(&[long_name("a"), pax(b'x', &[("path", b"b")]), x()]), "a GNU long name"),
        ("PAX too long", targz(&[entry(b'x', "p", &[b'a'; 70_000]), x()]), "too long"),
        ("long name too long", targz(&[entry(b'L', "l", &[b'a'; 2_000]), x()]), "too long"),
        ("nothing after PAX", targz(&[x(), pax(b'x', &[("path", b"a")])]), "cut off"),
        ("nothing after a long name", targz(&[x(), long_name("a")]), "cut off"),
        ("folder with data", after_good(entry(b'5', "a/", b"data")), "data follows"),
        ("size in binary", size(b"\x80\0\0\0\0\0\0\0\0\0\0\x03"), "octal"),
        ("size negative", size(b"-0000000003\0"), "cannot be read"),
        ("size of two numbers", size(b"00000003\x00777"), "unclearly"),
        ("size missing", size(b"            "), "cannot be read"),
        ("prefix in a GNU header", after_good(changed(b'0', "x", b"", gnu_with_prefix)), "prefix"),
    ])
    .await;
}

fn gnu_with_prefix(header: &mut [u8; 512]) {
    header[257..265].copy_from_slice(b"ustar  \0");
    header[345..348].copy_from_slice(b"etc");
}

#[tokio::test]
async fn cut_off_damaged_or_with_more_behind() {
    let good = tar(&[file("a.py"), file("b.py")]);
    let packed = gzip(&good);
    let mut wrong_crc = packed.clone();
    let at = wrong_crc.len() - 8;
    wrong_crc[at] ^= 1;
    let mut wrong_sum = good.clone();
    wrong_sum[1024] ^= 1;
    let noise: Vec<u8> = (0..40_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let mut wrong_data = targz(&[entry(b'0', "a", &noise)]);
    let middle = wrong_data.len() / 2;
    wrong_data[middle] ^= 0x10;
    let hidden = [good.clone(), tar(&[file("c.py")])].concat();
    let lone = [file("a.py"), vec![0; 512], file("c.py"), vec![0; 1024]].concat();
    assert_refused(vec![
        ("gzip header only", packed[..10].to_vec(), "cut off"),
        ("gzip cut in the middle", packed[..packed.len() / 2].to_vec(), "cut off"),
        ("gzip without its end", packed[..packed.len() - 8].to_vec(), "cut off"),
        ("gzip short of one byte", packed[..packed.len() - 1].to_vec(), "cut off"),
        ("tar cut in a header", gzip(&good[..1300]), "cut off"),
        ("tar cut in data", gzip(&good[..516]), "cut off"),
        ("tar cut between entries", gzip(&good[..1024]), "cut off"),
        ("tar with half its end mark", gzip(&good[..good.len() - 512]), "cut off"),
        ("wrong checksum of the gzip", wrong_crc, "does not match its checksum"),
        ("flipped bit in the data", wrong_data, "damaged"),
        ("wrong checksum of a header", gzip(&wrong_sum), "header cannot be read"),
        ("second gzip stream", [packed.clone(), packed.clone()].concat(), "second gzip stream"),
        ("zeros behind the gzip", [packed.clone(), vec![0; 512]].concat(), "after the gzip"),
        ("text behind the gzip", [packed.clone(), b"more".to_vec()].concat(), "after the gzip"),
        ("second tar behind the first", gzip(&hidden), "after the end mark"),
        ("entry behind one zero block", gzip(&lone), "after the end mark"),
    ])
    .await;
}

#[tokio::test]
async fn wrong_types() {
    assert_refused(vec![
        ("nothing", vec![], "is empty"),
        ("zip", b"PK\x03\x04rest".to_vec(), "zip"),
        ("xz", b"\xfd7zXZ\0rest".to_vec(), "xz"),
        ("bzip2", b"BZh91AY".to_vec(), "bzip2"),
        ("zstd", b"\x28\xb5\x2f\xfdrest".to_vec(), "zstd"),
        ("plain tar", tar(&[file("a.py")]), "not compressed"),
        ("plain text", b"from airflow import DAG\n".to_vec(), "plain text"),
        ("a picture", b"\x89PNG\r\n\x1a\n\0".to_vec(), "unknown type"),
        ("gzip of a text", gzip(&b"from airflow import DAG\n".repeat(100)), "no tar archive"),
        ("gzip of nothing", gzip(b""), "cut off"),
        ("gzip of a gzip", gzip(&gzip(&b"x".repeat(2000)).repeat(100)), "no tar archive"),
    ])
    .await;
}

#[tokio::test]
async fn trees_without_files() {
    assert_refused(vec![
        ("no entries", targz(&[]), "no files"),
        ("folders only", targz(&[folder("./"), folder("a/"), folder("a/b/")]), "no files"),
        ("left-out files only", targz(&[file(".git/HEAD"), file("__pycache__/a.pyc"), file("b.pyc")]), "no files"),
    ])
    .await;
}

#[tokio::test]
async fn another_digest_is_refused_before_anything_is_read() {
    let here = Fixture::new();
    let expected: ArchiveDigest = "ab".repeat(32).parse().unwrap();
    let whole = stream::iter([Ok::<_, Infallible>(Bytes::from(targz(&[file("a.py")])))]);
    let error = here.bundles.receive(whole, Some(&expected)).await.unwrap_err();
    assert!(matches!(&error, BundleError::WrongDigest { .. }), "{error}");
    assert!(error.to_string().contains(expected.hex()));
    assert_eq!(error.problem().code, ProblemCode::BadBundle);
    assert!(here.scratch().is_empty() && here.objects().is_empty());
}

#[tokio::test]
async fn a_stream_that_breaks_off_leaves_nothing() {
    let here = Fixture::new();
    let archive = targz(&[file("a.py")]);
    let pieces = stream::iter([Ok(Bytes::copy_from_slice(&archive[..50])), Err("gone")]);
    let error = here.bundles.receive(pieces, None).await.unwrap_err();
    assert!(matches!(error, BundleError::BrokenOff { received: 50 }), "{error}");
    assert!(here.scratch().is_empty());
}

#[test]
fn a_digest_in_words_is_none() {
    for text in ["", "sha256:", "abc", "md5:00", &"g".repeat(64), &"a".repeat(65)] {
        assert!(matches!(text.parse::<ArchiveDigest>(), Err(BundleError::NoDigest)), "{text}");
    }
}
