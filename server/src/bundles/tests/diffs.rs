use backstep_domain::{DiffTag, FileChangeKind, FileDiff};

use super::Fixture;
use crate::bundles::{BundleError, files_between};

fn shown(diff: &FileDiff) -> String {
    let number = |n: Option<u32>| n.map_or("-".to_owned(), |n| n.to_string());
    let mut text = String::new();
    for hunk in &diff.hunks {
        text.push_str("@@\n");
        for line in hunk {
            let sign = match line.tag {
                DiffTag::Same => ' ',
                DiffTag::Added => '+',
                DiffTag::Removed => '-',
            };
            text.push_str(&format!("{:>2} {:>2} {sign}{}\n", number(line.old), number(line.new), line.text));
        }
    }
    text
}

#[tokio::test]
async fn files() {
    let here = Fixture::new();
    let (_, old) = here.upload_files(&[("a.py", b"1"), ("b/x.py", b"2"), ("c.py", b"3"), ("z.py", b"9")]).await;
    let (_, new) = here.upload_files(&[("a.py", b"1"), ("b.py", b"2"), ("c.py", b"33"), ("z.py", b"9")]).await;
    let changes: Vec<_> =
        files_between(&old, &new).into_iter().map(|c| (c.path, c.kind, c.old_size, c.new_size)).collect();
    assert_eq!(
        changes,
        [
            ("b.py".to_owned(), FileChangeKind::Added, None, Some(1)),
            ("b/x.py".to_owned(), FileChangeKind::Removed, Some(1), None),
            ("c.py".to_owned(), FileChangeKind::Changed, Some(1), Some(2)),
        ]
    );
    assert!(files_between(&old, &old).is_empty());
}

#[tokio::test]
async fn lines() {
    let here = Fixture::new();
    let numbers = |from: u32, to: u32| (from..=to).map(|n| format!("line {n}\n")).collect::<String>();
    let before = numbers(1, 30);
    let after = before.replace("line 5\n", "line five\n").replace("line 25\n", "");
    let (old, _) = here.upload_files(&[("a.py", before.as_bytes())]).await;
    let (new, _) = here.upload_files(&[("a.py", after.as_bytes())]).await;
    let diff = here.bundles.file_diff(Some(&old), Some(&new), "a.py").await.unwrap();
    assert_eq!(diff.unshown, None);
    insta::assert_snapshot!(shown(&diff), @r#"
    @@
     2  2  line 2
     3  3  line 3
     4  4  line 4
     5  - -line 5
     -  5 +line five
     6  6  line 6
     7  7  line 7
     8  8  line 8
    @@
    22 22  line 22
    23 23  line 23
    24 24  line 24
    25  - -line 25
    26 25  line 26
    27 26  line 27
    28 27  line 28
    "#);
}

#[tokio::test]
async fn added_removed_and_without_a_last_line_break() {
    let here = Fixture::new();
    let (old, _) = here.upload_files(&[("a.py", b"one\ntwo")]).await;
    let (new, _) = here.upload_files(&[("a.py", b"one\ntwo\n"), ("b.py", b"new\n")]).await;
    let diff = |old, new, path| here.bundles.file_diff(old, new, path);
    insta::assert_snapshot!(shown(&diff(Some(&old), Some(&new), "a.py").await.unwrap()), @r#"
    @@
     1  1  one
     2  - -two
     -  -  \ No newline at end of file
     -  2 +two
    "#);
    insta::assert_snapshot!(shown(&diff(Some(&old), Some(&new), "b.py").await.unwrap()), @r#"
    @@
     -  1 +new
    "#);
    insta::assert_snapshot!(shown(&diff(Some(&new), None, "b.py").await.unwrap()), @r#"
    @@
     1  - -new
    "#);
    assert!(diff(Some(&old), Some(&old), "a.py").await.unwrap().hunks.is_empty());
    assert!(matches!(diff(Some(&old), Some(&new), "c.py").await, Err(BundleError::NoSuchFile { .. })));
    let gone = "00".repeat(32).parse().unwrap();
    assert!(matches!(diff(Some(&gone), Some(&new), "a.py").await, Err(BundleError::Missing(_))));
}

#[tokio::test]
async fn what_is_not_shown_says_why() {
    let here = Fixture::new();
    // Incompressible, so that the archive is no bomb.
    let large: Vec<u8> = (0..260_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let (old, _) =
        here.upload_files(&[("zero", b"a\0b"), ("latin", b"caf\xe9"), ("large", &large), ("long", b"x")]).await;
    let lines = "x\n".repeat(20_001);
    let (new, _) =
        here.upload_files(&[("zero", b"a"), ("latin", b"x"), ("large", b"x"), ("long", lines.as_bytes())]).await;
    for (path, reason) in [("zero", "not text"), ("latin", "not text"), ("large", "1 MB"), ("long", "20,000 lines")] {
        let diff = here.bundles.file_diff(Some(&old), Some(&new), path).await.unwrap();
        assert!(diff.hunks.is_empty(), "{path}");
        assert!(diff.unshown.as_ref().is_some_and(|text| text.contains(reason)), "{path}: {:?}", diff.unshown);
    }
}

#[tokio::test]
async fn the_worst_case_ends_in_time() {
    let here = Fixture::new();
    // 20,000 lines in two orders that have next to nothing in common: quadratic without the deadline.
    let text = |factor: u64| (0..20_000_u64).map(|n| format!("{}\n", n * factor % 7_919)).collect::<String>();
    let (old, _) = here.upload_files(&[("a", text(31).as_bytes())]).await;
    let (new, _) = here.upload_files(&[("a", text(5_077).as_bytes())]).await;
    let started = std::time::Instant::now();
    let diff = here.bundles.file_diff(Some(&old), Some(&new), "a").await.unwrap();
    assert!(!diff.hunks.is_empty());
    assert!(started.elapsed().as_secs() < 5, "took {:?}", started.elapsed());
}
