//! Archives over a limit: each limit is named, and the archive just within it is admitted.

use backstep_domain::ProblemCode;

use super::{Fixture, archive::*};
use crate::bundles::Limits;

/// `within` is admitted, `over` is refused for `reason`.
async fn assert_limit(limits: Limits, within: &[u8], over: &[u8], reason: &str) {
    let here = Fixture::with(limits.clone());
    let error = here.upload(over).await.unwrap_err();
    assert!(error.to_string().contains(reason), "{error}");
    assert_eq!(error.problem().code, ProblemCode::TooLarge, "{error}");
    assert!(here.scratch().is_empty(), "left {:?} in scratch", here.scratch());
    assert!(here.objects().is_empty(), "left {:?} in the store", here.objects());
    here.upload(within).await.unwrap();
    assert!(here.scratch().is_empty());
}

fn files(count: usize) -> Vec<u8> {
    targz(&(0..count).map(|n| file(format!("f{n}.py"))).collect::<Vec<_>>())
}

#[tokio::test]
async fn packed_bytes() {
    let archive = files(1);
    let limits = Limits { packed_bytes: archive.len() as u64, ..Limits::default() };
    assert_limit(limits, &archive, &files(50), "The archive is larger than").await;
}

#[tokio::test]
async fn unpacked_bytes() {
    let of = |n: usize| targz(&[entry(b'0', "a", &[7; 600]), entry(b'0', "b", &vec![7; n])]);
    let limits = Limits { unpacked_bytes: 1000, ..Limits::default() };
    assert_limit(limits, &of(400), &of(401), "larger than 1 kB together").await;
}

#[tokio::test]
async fn bytes_of_one_file() {
    let of = |n: usize| targz(&[entry(b'0', "a.csv", &vec![7; n])]);
    let limits = Limits { file_bytes: 2000, ..Limits::default() };
    assert_limit(limits, &of(2000), &of(2001), "`a.csv` is larger than 2 kB").await;
}

#[tokio::test]
async fn number_of_files() {
    assert_limit(Limits { files: 5, ..Limits::default() }, &files(5), &files(6), "more than 5 files").await;
}

#[tokio::test]
async fn number_of_folders() {
    let of = |n: usize| targz(&[file(format!("{}x.py", "d/".repeat(n)))]);
    assert_limit(Limits { files: 5, ..Limits::default() }, &of(5), &of(6), "more than 5 folders").await;
}

#[tokio::test]
async fn number_of_entries_of_any_kind() {
    let of = |n: usize| {
        let mut entries: Vec<_> = (0..n).map(|_| folder("a/")).collect();
        entries.push(file("x.py"));
        targz(&entries)
    };
    assert_limit(Limits { files: 1, ..Limits::default() }, &of(69), &of(70), "more than 70 entries").await;
}

#[tokio::test]
async fn depth() {
    let of = |n: usize| targz(&[file(format!("{}x.py", "d/".repeat(n)))]);
    assert_limit(Limits { depth: 4, ..Limits::default() }, &of(3), &of(4), "more than 4 folders deep").await;
}

#[tokio::test]
async fn length_of_a_path() {
    let of = |n: usize| {
        let path = format!("{}{}", "dir/".repeat(10), "x".repeat(n - 40));
        targz(&[pax(b'x', &[("path", path.as_bytes())]), file("x")])
    };
    assert_limit(Limits { path_bytes: 100, ..Limits::default() }, &of(100), &of(101), "longer than 100 bytes").await;
}

#[tokio::test]
async fn length_of_a_name() {
    let of = |n: usize| targz(&[long_name(&format!("a/{}", "é".repeat(n))), file("x")]);
    assert_limit(Limits::default(), &of(127), &of(128), "more than 255 bytes").await;
}

#[tokio::test]
async fn a_bomb() {
    // 8 MB of zeros pack about a thousandfold; 1 MB of them is below the floor.
    let of = |n: usize| gzip_at(&tar(&[entry(b'0', "zeros", &vec![0; n])]), 9);
    assert_limit(Limits::default(), &of(1_000_000), &of(8_000_000), "more than 200-fold").await;
}

#[tokio::test]
async fn a_bomb_of_padding_and_of_left_out_files() {
    let here = Fixture::with(Limits { unpacked_bytes: 1000, files: 10, ratio: u64::MAX, ..Limits::default() });
    for (kind, tail) in [("padding", vec![0; 500_000]), ("left out", tar(&[entry(b'0', ".git/pack", &[7; 500_000])]))] {
        let archive = gzip(&[file("a.py"), tail].concat());
        let error = here.upload(&archive).await.unwrap_err();
        assert!(error.to_string().contains("larger than 1 kB"), "{kind}: {error}");
        assert!(here.scratch().is_empty() && here.objects().is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn a_size_that_is_only_claimed_is_refused_before_it_is_read() {
    let here = Fixture::new();
    let claim = with_checksum(header(b'0', b"x", 0o777_7777_7777)).to_vec();
    let error = here.upload(&gzip(&claim)).await.unwrap_err();
    assert!(error.to_string().contains("larger than 10 MB"), "{error}");
}
