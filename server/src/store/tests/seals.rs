//! The chain grows seal by seal, whoever writes and whoever seals.

use std::time::Duration;

use backstep_domain::*;

use super::{audit::entry, database::Database};
use crate::{
    audit::{Trusted, verify},
    store::{Snapshot, audit::append},
};

on_each_database!(
    the_chain_is_what_anybody_can_compute,
    writers_and_sealers_at_once_make_one_chain,
    a_place_is_taken_once_and_in_order,
    what_is_not_committed_is_not_sealed;
    postgres only: an_entry_that_becomes_visible_late_is_sealed_late
);

/// Everything is sealed, once, without gaps, and nothing is wrong.
async fn is_sound(db: &Database, entries: u64) {
    let mut snapshot = Snapshot::open(&db.url).await.unwrap();
    let far = Millis(i64::MAX);
    let report = verify(&mut snapshot, &[], &Trusted::default(), far).await.unwrap();
    assert_eq!((report.sealed_entries, report.flaws), (entries, vec![]));
}

async fn the_chain_is_what_anybody_can_compute(db: &Database) {
    let store = db.open().await;
    assert_eq!((store.seal().await.unwrap(), store.sealed_up_to().await.unwrap()), (0, None));
    let mut hash = ChainHash::START;
    for n in 1..=3 {
        store.audit(&entry(n)).await.unwrap();
        assert_eq!(store.seal().await.unwrap(), 1);
        let id = store.audit_page(&AuditFilter::default(), None, 1).await.unwrap()[0].id;
        hash = ChainHash::seal(&hash, n, id, &serde_json::to_string(&entry(n)).unwrap());
        let head = SealedUpTo { seq: n, hash, at: Some(entry(n).at) };
        assert_eq!(store.sealed_up_to().await.unwrap(), Some(head));
    }
    assert_eq!(store.seal().await.unwrap(), 0);
    is_sound(db, 3).await;
}

async fn writers_and_sealers_at_once_make_one_chain(db: &Database) {
    const WRITERS: u64 = 4;
    const EACH: u64 = 60;
    let store = db.open().await;
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = db.open_beside(&store).await;
        tasks.spawn(async move {
            for n in 0..EACH {
                // Some transactions are slower than others, so that ids and commits are in different orders.
                let mut tx = store.pool.begin().await.unwrap();
                append(&mut tx, &entry(writer * EACH + n + 1)).await.unwrap();
                tokio::time::sleep(Duration::from_millis((writer + n) % 4)).await;
                tx.commit().await.unwrap();
            }
        });
    }
    let mut sealers = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let store = db.open_beside(&store).await;
        sealers.spawn(async move {
            loop {
                if let Err(error) = store.seal().await {
                    return error;
                }
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    assert!(sealers.try_join_next().is_none(), "a sealer failed");
    sealers.shutdown().await;
    store.seal().await.unwrap();
    is_sound(db, WRITERS * EACH).await;
    assert_eq!(store.sealed_up_to().await.unwrap().unwrap().seq, WRITERS * EACH);
}

async fn a_place_is_taken_once_and_in_order(db: &Database) {
    let store = db.open().await;
    store.audit(&entry(1)).await.unwrap();
    store.seal().await.unwrap();
    store.audit(&entry(2)).await.unwrap();
    let id = store.integer("select max(id) from audit").await;
    for seq in [0, 1, 3] {
        let seal = format!("insert into audit_seals (seq, audit_id, hash) values ({seq}, {id}, '')");
        store.execute(&seal).await.expect_err("only place 2 is free");
    }
    store
        .execute("insert into audit_seals (seq, audit_id, hash) values (2, 4711, '')")
        .await
        .expect_err("no such entry");
    store
        .execute("insert into audit_seals (seq, audit_id, hash) select 2, audit_id, '' from audit_seals")
        .await
        .expect_err("it has its seal");
    assert_eq!(store.seal().await.unwrap(), 1);
    is_sound(db, 2).await;
}

async fn what_is_not_committed_is_not_sealed(db: &Database) {
    let store = db.open().await;
    let mut tx = store.pool.begin().await.unwrap();
    append(&mut tx, &entry(1)).await.unwrap();
    drop(tx);
    store.audit(&entry(2)).await.unwrap();
    assert_eq!(store.seal().await.unwrap(), 1);
    is_sound(db, 1).await;
}

async fn an_entry_that_becomes_visible_late_is_sealed_late(db: &Database) {
    let store = db.open().await;
    let mut slow = store.pool.begin().await.unwrap();
    append(&mut slow, &entry(1)).await.unwrap();
    store.audit(&entry(2)).await.unwrap();
    assert_eq!(store.seal().await.unwrap(), 1);
    slow.commit().await.unwrap();
    assert_eq!(store.seal().await.unwrap(), 1);
    let page = store.audit_page(&AuditFilter::default(), None, 10).await.unwrap();
    let places: Vec<_> = page.into_iter().map(|r| (r.entry.detail, r.seal)).collect();
    assert_eq!(places, [(entry(2).detail, Some(1)), (entry(1).detail, Some(2))]);
    is_sound(db, 2).await;
}
