//! Holds, and the record of them.

use backstep_domain::{Deploy, DeployStatus, Hold};

use super::{database::Database, given::*};

on_each_database!(
    a_hold_is_set_and_released,
    a_new_hold_takes_the_place_of_the_old_one,
    each_is_recorded_in_order,
    a_hold_is_of_one_deployment,
    held_deploys_are_counted_and_listed
);

const EVENTS: &str = "select deployment_id || ' ' || at || ' ' || kind || ' ' || body from hold_events order by id";

fn hold(n: i64) -> Hold {
    Hold {
        since: START.plus(n),
        by: author("Ada"),
        why: format!("reason {n}"),
        rollback: Some(number(7)),
        until: Some(START.plus(n + 100)),
    }
}

async fn a_hold_is_set_and_released(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.set_hold(&hold(1)).await.unwrap();
    assert_eq!(tx.present().await.unwrap().hold, Some(hold(1)));
    assert_eq!(store.present(&prod.id).await.unwrap().hold, None, "not before it is committed");
    tx.commit().await.unwrap();
    assert_eq!(store.present(&prod.id).await.unwrap().hold, Some(hold(1)));
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.release_hold(&author("Bob"), START.plus(2)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.present(&prod.id).await.unwrap().hold, None);
}

async fn a_new_hold_takes_the_place_of_the_old_one(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    for n in [1, 2] {
        let mut tx = store.lock_deployment(&prod.id).await.unwrap();
        tx.set_hold(&hold(n)).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(store.present(&prod.id).await.unwrap().hold, Some(hold(2)));
    assert_eq!(store.integer("select count(*) from holds").await, 1);
    assert_eq!(store.integer("select count(*) from hold_events").await, 2);
}

async fn each_is_recorded_in_order(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.set_hold(&hold(1)).await.unwrap();
    tx.release_hold(&author("Bob"), START.plus(1)).await.unwrap();
    tx.set_hold(&hold(1)).await.unwrap();
    tx.commit().await.unwrap();
    let (id, at, set) = (&prod.id, START.plus(1).0, serde_json::to_string(&hold(1)).unwrap());
    let released = r#"{"by":{"id":"demo:bob","name":"Bob"}}"#;
    assert_eq!(
        store.texts(EVENTS).await,
        [format!("{id} {at} set {set}"), format!("{id} {at} released {released}"), format!("{id} {at} set {set}"),]
    );
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.release_hold(&author("Bob"), START.plus(2)).await.unwrap();
    drop(tx);
    assert_eq!(store.texts(EVENTS).await.len(), 3, "what was not committed did not happen");
}

async fn a_hold_is_of_one_deployment(db: &Database) {
    let store = db.open().await;
    let (prod, other) = (prod(&store).await, another(&store, "other").await);
    for (of, n) in [(&prod, 1), (&other, 2)] {
        let mut tx = store.lock_deployment(&of.id).await.unwrap();
        tx.set_hold(&hold(n)).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.release_hold(&author("Bob"), START.plus(2)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.present(&prod.id).await.unwrap().hold, None);
    assert_eq!(store.present(&other.id).await.unwrap().hold, Some(hold(2)));
}

async fn held_deploys_are_counted_and_listed(db: &Database) {
    let store = db.open().await;
    let (prod, other) = (prod(&store).await, another(&store, "other").await);
    let held = |of, n| Deploy { status: DeployStatus::Held, status_reason: Some("held".to_owned()), ..deploy(of, n) };
    insert(&store, &[held(&prod, 1), superseded(&prod, 2), held(&prod, 3)]).await;
    insert(&store, &[held(&other, 1)]).await;
    assert_eq!(store.present(&prod.id).await.unwrap().held, 2);
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    assert_eq!(tx.held().await.unwrap(), [held(&prod, 1), held(&prod, 3)]);
    drop(tx);
    assert_eq!(store.claim_rollout("one", START, LEASE).await.unwrap(), None, "a held deploy is not rolled out");
}
