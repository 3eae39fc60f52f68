//! What happens to a deploy is appended, and what is read of it is what the events come to.

use backstep_domain::{Deploy, DeployId, DeployStatus};
use serde_json::Value;

use super::{database::Database, given::*};
use crate::store::{RolloutEnd, Store};

on_each_database!(
    an_edit_of_the_description_is_appended,
    a_mark_is_appended_and_cleared,
    a_deploy_that_waits_is_moved,
    what_is_read_is_what_the_events_come_to,
    nothing_is_appended_for_what_is_not_there
);

async fn events(store: &Store, id: &str, kind: &str) -> Vec<String> {
    let which = format!("deploy_id = '{id}' and kind = '{kind}'");
    store.texts(&format!("select at || ' ' || body from deploy_events where {which} order by id")).await
}

async fn an_edit_of_the_description_is_appended(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    insert(&store, &[superseded(&prod, 1), superseded(&prod, 2)]).await;
    for (n, text) in [(1, "First edit"), (2, "")] {
        let mut tx = store.lock_deployment(&prod.id).await.unwrap();
        tx.describe(&DeployId::new("prod-1"), text, &author("Bob"), START.plus(n)).await.unwrap();
        tx.commit().await.unwrap();
        let expected = Deploy { description: text.to_owned(), ..superseded(&prod, 1) };
        assert_eq!(store.deploy(&prod.id, number(1)).await.unwrap(), expected);
    }
    let by = r#""by":{"id":"demo:bob","name":"Bob"}"#;
    let expected = [
        format!(r#"{} {{{by},"description":"First edit"}}"#, START.plus(1).0),
        format!(r#"{} {{{by},"description":""}}"#, START.plus(2).0),
    ];
    assert_eq!(events(&store, "prod-1", "description").await, expected);
    let recorded = store.texts("select description from deploys order by number").await;
    assert_eq!(recorded, ["Deploy 1", "Deploy 2"], "the row says what it was at first");
    assert_eq!(store.deploy(&prod.id, number(2)).await.unwrap(), superseded(&prod, 2));
}

async fn a_mark_is_appended_and_cleared(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    insert(&store, &[superseded(&prod, 1), superseded(&prod, 2)]).await;
    for (n, rejected) in [(1, true), (2, false), (3, true)] {
        let mut tx = store.lock_deployment(&prod.id).await.unwrap();
        tx.set_rejected(&DeployId::new("prod-1"), rejected, &author("Bob"), START.plus(n)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.deploy(&prod.id, number(1)).await.unwrap(), Deploy { rejected, ..superseded(&prod, 1) });
    }
    let told = events(&store, "prod-1", "rejected").await;
    let marks: Vec<_> = told.iter().map(|event| event.contains(r#""rejected":true"#)).collect();
    assert_eq!(marks, [true, false, true]);
    assert!(told.iter().all(|event| event.contains(r#""name":"Bob""#)), "{told:?}");
    assert!(!store.deploy(&prod.id, number(2)).await.unwrap().rejected);
}

async fn a_deploy_that_waits_is_moved(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let queued = queue(&store, &prod, 1).await;
    let moves = [
        (DeployStatus::Held, Some("#2 goes first"), None),
        (DeployStatus::Queued, None, None),
        (DeployStatus::Cancelled, Some("#3 came"), Some(START.plus(7))),
    ];
    for (status, reason, ended_at) in moves {
        let mut tx = store.lock_deployment(&prod.id).await.unwrap();
        tx.set_status(&queued.id, status, reason, START.plus(7)).await.unwrap();
        tx.commit().await.unwrap();
        let expected = Deploy { status, status_reason: reason.map(str::to_owned), ended_at, ..queued.clone() };
        assert_eq!(store.deploy(&prod.id, number(1)).await.unwrap(), expected);
    }
    assert_eq!(events(&store, "prod-1", "status").await.len(), 4);
}

async fn what_is_read_is_what_the_events_come_to(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    roll_out(&store, &prod, 1).await;
    let queued = queue(&store, &prod, 2).await;
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.set_status(&queued.id, DeployStatus::Held, Some("wait"), START).await.unwrap();
    tx.describe(&queued.id, "Held back", &author("Bob"), START).await.unwrap();
    tx.set_rejected(&queued.id, true, &author("Bob"), START).await.unwrap();
    tx.set_status(&queued.id, DeployStatus::Queued, None, START).await.unwrap();
    tx.commit().await.unwrap();
    assert_replayed(&store, &queued).await;
    let claim = claim(&store, "one").await;
    assert_replayed(&store, &queued).await;
    store.rebase(&claim, &revision(9), START).await.unwrap();
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.set_rejected(&queued.id, false, &author("Ada"), START).await.unwrap();
    tx.commit().await.unwrap();
    assert_replayed(&store, &queued).await;
    store.finish_rollout(&claim, RolloutEnd::Failed { reason: "it broke".to_owned() }, START).await.unwrap();
    assert_replayed(&store, &queued).await;
}

/// The row as it was recorded, and every event applied to it.
async fn assert_replayed(store: &Store, recorded: &Deploy) {
    let now = store.deploy_by_id(&recorded.id).await.unwrap();
    let mut replayed = recorded.clone();
    let bodies = format!("select body from deploy_events where deploy_id = '{}' order by id", recorded.id);
    for body in store.texts(&bodies).await {
        let event: Value = serde_json::from_str(&body).unwrap();
        let read = |field: &str| event.get(field).cloned();
        if let Some(status) = read("status") {
            replayed.status = serde_json::from_value(status).unwrap();
            replayed.status_reason = read("reason").and_then(|reason| reason.as_str().map(str::to_owned));
        }
        if let Some(description) = read("description") {
            replayed.description = serde_json::from_value(description).unwrap();
        }
        if let Some(rejected) = read("rejected") {
            replayed.rejected = serde_json::from_value(rejected).unwrap();
        }
        if let Some(revision) = read("revision") {
            replayed.revision = serde_json::from_value(revision).unwrap();
        }
    }
    (replayed.started_at, replayed.ended_at) = (now.started_at, now.ended_at);
    assert_eq!(now, replayed);
}

async fn nothing_is_appended_for_what_is_not_there(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let before = store.contents().await;
    let (none, by) = (DeployId::new("none"), author("Bob"));
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    assert!(tx.describe(&none, "text", &by, START).await.is_err());
    drop(tx);
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    assert!(tx.set_rejected(&none, true, &by, START).await.is_err());
    drop(tx);
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    assert!(tx.set_status(&none, DeployStatus::Held, None, START).await.is_err());
    drop(tx);
    assert_eq!(store.contents().await, before);
}
