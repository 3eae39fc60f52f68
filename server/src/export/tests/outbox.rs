//! What is in the outbox, and when.

use backstep_domain::Millis;

use super::world::*;
use crate::store::{
    Settled, Trouble,
    tests::{database::Database, given::*, on_each_database},
};

on_each_database!(
    without_an_export_nothing_is_kept,
    a_line_that_was_not_written_is_not_exported,
    a_renamed_deployment_keeps_its_index,
    who_lost_the_export_changes_nothing,
    above_the_cap_the_oldest_are_dropped_and_counted,
    what_was_put_off_keeps_its_place,
    what_is_rejected_is_kept_for_a_look_and_no_more,
    what_cannot_be_read_is_in_nobodys_way,
);

async fn without_an_export_nothing_is_kept(db: &Database) {
    let store = db.open().await;
    let claim = rollout(&store, "prod").await;
    write(&store, &claim, 1, 50).await;
    store.seal().await.unwrap();
    assert_eq!(status(&store).await.waiting, 0);
    store.set_export(Some(("a", "b"))).await.unwrap();
    write(&store, &claim, 51, 60).await;
    assert_eq!(status(&store).await.waiting, 10);
    store.set_export(None).await.unwrap();
    write(&store, &claim, 61, 70).await;
    assert_eq!(status(&store).await.waiting, 10);
}

async fn a_line_that_was_not_written_is_not_exported(db: &Database) {
    let store = exporting(db).await;
    let claim = rollout(&store, "prod").await;
    let before = status(&store).await.waiting;
    succeed(&store, &claim, START).await;
    let after = status(&store).await.waiting;
    // Fenced: the transaction wrote a line, or would have, and was rolled back.
    store.log_lines(&claim, 0, &[(START, "late".to_owned())]).await.unwrap_err();
    assert_eq!((after - before, status(&store).await.waiting), (1, after));
}

async fn a_renamed_deployment_keeps_its_index(db: &Database) {
    let store = exporting(db).await;
    let claim = rollout(&store, "prod").await;
    write(&store, &claim, 1, 1).await;
    store.execute("update deployments set name = 'renamed'").await.unwrap();
    let mut releases = Vec::new();
    let take = |row: crate::store::Outgoing| {
        releases.push(row.release);
        std::ops::ControlFlow::Continue(())
    };
    store.outgoing(Millis(i64::MAX), 10, take).await.unwrap();
    assert_eq!(releases, ["prod"; 3]);
}

async fn who_lost_the_export_changes_nothing(db: &Database) {
    let store = exporting(db).await;
    rollout(&store, "prod").await;
    let one = store.claim_export("one", Millis(0), Millis(100)).await.unwrap().unwrap();
    if !store.is_exclusive() {
        assert_eq!(store.claim_export("two", Millis(99), Millis(200)).await.unwrap(), None);
    }
    let two = store.claim_export("two", Millis(100), Millis(200)).await.unwrap().unwrap();
    let before = store.contents().await;
    let settled = Settled { done: vec![1, 2], troubles: Vec::new() };
    assert!(store.settle_export(&one, &settled, START).await.is_err());
    assert!(store.renew_export(&one, Millis(900)).await.is_err());
    assert!(store.export_failed(&one, "late", START).await.is_err());
    assert_eq!(store.contents().await, before);
    store.settle_export(&two, &settled, START).await.unwrap();
    assert_eq!((status(&store).await.waiting, status(&store).await.sent), (0, 2));
    // Settled again, as after an answer that came twice: counted once.
    store.settle_export(&two, &settled, START).await.unwrap();
    assert_eq!(status(&store).await.sent, 2);
}

async fn above_the_cap_the_oldest_are_dropped_and_counted(db: &Database) {
    let store = exporting(db).await;
    let claim = rollout(&store, "prod").await;
    write(&store, &claim, 1, 48).await;
    let lease = store.claim_export("one", Millis(0), Millis(100)).await.unwrap().unwrap();
    assert_eq!(store.trim_outbox(&lease, 50, START).await.unwrap(), 0);
    write(&store, &claim, 49, 58).await;
    assert_eq!(store.trim_outbox(&lease, 50, START).await.unwrap(), 10);
    let found = status(&store).await;
    assert_eq!((found.waiting, found.dropped), (50, 10));
    assert!(found.last_error.unwrap().contains("10 lines were dropped"));
    let oldest = store.texts("select cast(min(seq) as text) from export_outbox where kind = 'line'").await;
    assert_eq!(oldest, ["9"]);
}

async fn due(store: &crate::store::Store, now: i64) -> Vec<String> {
    let mut found = Vec::new();
    let take = |row: crate::store::Outgoing| {
        found.push(row.document);
        std::ops::ControlFlow::Continue(())
    };
    store.outgoing(Millis(now), 100, take).await.unwrap();
    found.retain(|document| !document.contains("status"));
    found
}

async fn what_was_put_off_keeps_its_place(db: &Database) {
    let store = exporting(db).await;
    let (a, b) = (rollout(&store, "a").await, rollout(&store, "b").await);
    write(&store, &a, 1, 3).await;
    write(&store, &b, 1, 2).await;
    let id = |stream: &str, seq: u32| {
        format!("select id from export_outbox where kind = 'line' and stream = '{stream}' and seq = {seq}")
    };
    let second = store.integer(&id("a-1", 2)).await;
    let lease = store.claim_export("one", Millis(0), Millis(100)).await.unwrap().unwrap();
    let first = store.integer(&id("a-1", 1)).await;
    let third = store.integer(&id("a-1", 3)).await;
    write(&store, &a, 4, 4).await;
    let busy =
        |id, again| Trouble { id, error: "429".to_owned(), again: Some(Millis(again)), document: id.to_string() };
    let settled = Settled { done: vec![first], troubles: vec![busy(second, 500), busy(third, 300)] };
    store.settle_export(&lease, &settled, Millis(100)).await.unwrap();
    // What comes after it waits, also what may be tried again earlier; another rollout does not.
    assert_eq!(due(&store, 499).await, ["b-1:0:1", "b-1:0:2"]);
    // They go without what comes after them, so that nothing is there before one that is refused again.
    assert_eq!(due(&store, 500).await, ["a-1:0:2", "a-1:0:3", "b-1:0:1", "b-1:0:2"]);
    let settled = Settled { done: vec![second, third], troubles: Vec::new() };
    store.settle_export(&lease, &settled, Millis(501)).await.unwrap();
    assert_eq!(due(&store, 502).await, ["b-1:0:1", "b-1:0:2", "a-1:0:4"]);
}

async fn what_is_rejected_is_kept_for_a_look_and_no_more(db: &Database) {
    let store = exporting(db).await;
    let claim = rollout(&store, "prod").await;
    write(&store, &claim, 1, 1100).await;
    let lease = store.claim_export("one", Millis(0), Millis(100)).await.unwrap().unwrap();
    let ids = store.texts("select cast(id as text) from export_outbox order by export_outbox.id").await;
    let troubles = ids.iter().map(|id| Trouble {
        id: id.parse().unwrap(),
        error: format!("\0{}", "x".repeat(3000)),
        again: None,
        document: id.clone(),
    });
    let settled = Settled { done: Vec::new(), troubles: troubles.collect() };
    store.settle_export(&lease, &settled, START).await.unwrap();
    let found = status(&store).await;
    assert_eq!((found.rejected, found.waiting, found.newest_rejected.len()), (1102, 0, 20));
    assert_eq!(found.newest_rejected[0].document, *ids.last().unwrap());
    assert!(found.last_error.unwrap().chars().count() <= 501);
    assert_eq!(store.integer("select count(*) from export_rejected").await, 1000);
}

async fn what_cannot_be_read_is_in_nobodys_way(db: &Database) {
    let store = exporting(db).await;
    let sql = "insert into export_outbox (kind, stream, seq, at, release) values ('line', 'none', 1, 0, ''), ('audit', \
               'audit', 99, 0, ''), ('status', 'none', 99, 0, '')";
    store.execute(sql).await.unwrap();
    rollout(&store, "prod").await;
    let elastic = super::elastic::Elastic::new(Default::default());
    let exporter = Running::start(&store, "one", settings(&elastic.start().await, ""));
    let found = drained(&store).await;
    exporter.stop().await;
    assert_eq!((found.sent, found.rejected), (2, 3));
    assert!(found.newest_rejected[0].error.contains("not in the store"));
}
