//! One tree is one bundle, whatever its archive looked like, and comes out again as it went in.

use std::{collections::BTreeMap, fs};

use proptest::prelude::*;

use super::{Fixture, archive::*, files_below};
use crate::bundles::{canonical, digest_of, pack};

/// Files by path; every name starts with another letter for files and folders, so that none is both.
fn trees() -> impl Strategy<Value = BTreeMap<String, Vec<u8>>> {
    let path = "(d[a-z0-9_é]{1,6}/){0,3}f[a-z0-9_ü-]{1,8}\\.(py|sql|yaml)";
    let content = prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..1500),
        1 => Just(Vec::new()),
        1 => Just(b"from airflow import DAG\n".to_vec()),
    ];
    prop::collection::btree_map(path, content, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn packed_received_admitted_and_written_out_it_is_the_same(tree in trees()) {
        let here = Fixture::new();
        let source = here.data.path().join("source");
        for (path, content) in &tree {
            let path = source.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let packed = pack(&source, here.bundles.limits()).unwrap();
        let dest = here.data.path().join("dest");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let digest = runtime.block_on(async {
            let (digest, _) = here.upload(&fs::read(packed.file.path()).unwrap()).await.unwrap();
            here.bundles.materialize(&digest, &dest).await.unwrap();
            digest
        });
        prop_assert_eq!(&digest, &packed.bundle);
        prop_assert_eq!(files_below(&dest), files_below(&source));
        for (path, content) in &tree {
            prop_assert_eq!(&fs::read(dest.join(path)).unwrap(), content);
        }
    }

    #[test]
    fn order_time_mode_format_and_compression_do_not_count(tree in trees(), seed in any::<u64>(), level in 0..10_u32) {
        let here = Fixture::new();
        let plain: Vec<_> = tree.iter().map(|(path, data)| entry(b'0', path, data)).collect();
        let mut other: Vec<_> = tree.iter().enumerate().map(|(at, (path, data))| {
            changed(b'0', format!("./{path}"), data, |h| {
                h[100..108].copy_from_slice(b"0000755\0");
                h[136..148].copy_from_slice(format!("{:011o}\0", (seed >> 32) + at as u64).as_bytes());
            })
        }).collect();
        let turn = (seed % other.len() as u64) as usize;
        other.rotate_left(turn);
        other.reverse();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let (one, two) = runtime.block_on(async {
            let one = here.upload(&targz(&plain)).await.unwrap();
            let objects = here.objects();
            let two = here.upload(&gzip_at(&tar(&other), level)).await.unwrap();
            assert_eq!(objects, here.objects(), "the second upload stored something");
            (one, two)
        });
        prop_assert_eq!(one, two);
    }
}

#[tokio::test]
async fn every_part_of_the_tree_counts() {
    let here = Fixture::new();
    let base: [(&str, &[u8]); 2] = [("a.py", b"1"), ("b.py", b"2")];
    let others: [&[(&str, &[u8])]; 4] = [
        &[("a.py", b"1")],
        &[("a.py", b"1"), ("c.py", b"2")],
        &[("a.py", b"1"), ("b.py", b"3")],
        &[("a.py", b"2"), ("b.py", b"1")],
    ];
    let (digest, manifest) = here.upload_files(&base).await;
    assert_eq!(digest, digest_of(&manifest));
    for other in others {
        assert_ne!(here.upload_files(other).await.0, digest);
    }
}

/// The digest is recorded in histories: its rule may never change.
#[tokio::test]
async fn the_canonical_form_is_fixed() {
    let here = Fixture::new();
    let (digest, manifest) = here.upload_files(&[("b.py", b""), ("a/b.py", b"x"), ("a.py", b"y")]).await;
    insta::assert_snapshot!(canonical(&manifest), @r#"
    a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa  1  a.py
    2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  1  a/b.py
    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  0  b.py
    "#);
    insta::assert_snapshot!(digest, @"sha256:42026903f0b7572d8ac5d830fbca6e6f656a2a93b2234303f4dd3270dcf3d7fb");
}
