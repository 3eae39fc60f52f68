//! One idempotency key of one author is one effect.

use backstep_domain::{DAY, Deploy, DeployId, Deployment, DeploymentId, ProblemCode, Workspace, WorkspaceId};
use futures::future::join_all;

use super::{database::Database, given::*};
use crate::store::{Key, Remembered, Store, StoreError};

on_each_database!(
    a_key_is_remembered_with_its_effect,
    a_key_that_was_used_stops_a_second_effect,
    another_author_has_keys_of_its_own,
    of_those_who_use_a_key_at_once_one_has_its_effect,
    a_request_that_is_sent_twice_at_once_is_told_by_its_key,
    an_effect_that_failed_is_not_remembered,
    under_the_lock_a_key_goes_with_the_deploy,
    keys_are_kept_for_two_days
);

fn key(author: &str, key: &str, resource: &str) -> Key {
    let own = str::to_owned;
    Key { author: own(author), key: own(key), body_hash: format!("hash of {resource}"), resource: own(resource) }
}

async fn remembered(store: &Store, author: &str, key: &str) -> Option<Remembered> {
    store.remembered(author, key).await.unwrap()
}

fn assert_taken(result: Result<(), StoreError>, what: &str) {
    assert!(matches!(result, Err(StoreError::Taken(taken)) if taken == what), "{result:?}");
}

async fn a_key_is_remembered_with_its_effect(db: &Database) {
    let store = db.open().await;
    assert_eq!(remembered(&store, "ada", "k").await, None);
    store.create_workspace(&workspace("data"), Some(&key("ada", "k", "workspace")), None, None).await.unwrap();
    store.create_deployment(&deployment("prod"), Some(&key("ada", "l", "deployment")), None).await.unwrap();
    store.create_upload(&upload(&deployment("prod"), "u"), Some(&key("ada", "m", "upload"))).await.unwrap();
    for (name, resource) in [("k", "workspace"), ("l", "deployment"), ("m", "upload")] {
        let Key { body_hash, resource, .. } = key("ada", name, resource);
        assert_eq!(remembered(&store, "ada", name).await, Some(Remembered { body_hash, resource }));
    }
    assert_eq!(remembered(&store, "ada", "K").await, None);
}

async fn a_key_that_was_used_stops_a_second_effect(db: &Database) {
    let store = db.open().await;
    store.create_workspace(&workspace("data"), Some(&key("ada", "k", "1")), None, None).await.unwrap();
    let before = store.contents().await;
    assert_taken(store.create_workspace(&workspace("other"), Some(&key("ada", "k", "2")), None, None).await, "key");
    assert_taken(store.create_deployment(&deployment("prod"), Some(&key("ada", "k", "2")), None).await, "key");
    assert_eq!(store.contents().await, before);
    store.create_deployment(&deployment("prod"), None, None).await.unwrap();
    let before = store.contents().await;
    assert_taken(store.create_upload(&upload(&deployment("prod"), "u"), Some(&key("ada", "k", "2"))).await, "key");
    assert_eq!(store.contents().await, before);
}

async fn another_author_has_keys_of_its_own(db: &Database) {
    let store = db.open().await;
    store.create_workspace(&workspace("of ada"), Some(&key("ada", "k", "1")), None, None).await.unwrap();
    store.create_workspace(&workspace("of bob"), Some(&key("bob", "k", "2")), None, None).await.unwrap();
    assert_eq!(remembered(&store, "ada", "k").await.unwrap().resource, "1");
    assert_eq!(remembered(&store, "bob", "k").await.unwrap().resource, "2");
    assert_eq!(remembered(&store, "adak", "").await, None);
}

async fn of_those_who_use_a_key_at_once_one_has_its_effect(db: &Database) {
    let store = db.open().await;
    let other = db.open_beside(&store).await;
    let tasks = (0..12).map(|n| {
        let store = if n % 2 == 0 { store.clone() } else { other.clone() };
        tokio::spawn(async move {
            let name = format!("workspace-{n}");
            store.create_workspace(&workspace(&name), Some(&key("ada", "k", &name)), None, None).await
        })
    });
    let results: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
    results.into_iter().filter(Result::is_err).for_each(|r| assert_taken(r, "key"));
    let made = store.workspaces().await.unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!(remembered(&store, "ada", "k").await.unwrap().resource, made[0].name);
}

/// Not by the name, which is taken too: the sender is to get the answer of the first.
async fn a_request_that_is_sent_twice_at_once_is_told_by_its_key(db: &Database) {
    let store = db.open().await;
    store.create_workspace(&workspace("data"), Some(&key("ada", "k", "1")), None, None).await.unwrap();
    let again = Workspace { id: WorkspaceId::new("2"), ..workspace("data") };
    assert_taken(store.create_workspace(&again, Some(&key("ada", "k", "2")), None, None).await, "key");
    store.create_deployment(&deployment("prod"), Some(&key("ada", "l", "1")), None).await.unwrap();
    let again = Deployment { id: DeploymentId::new("2"), ..deployment("prod") };
    let error = store.create_deployment(&again, Some(&key("ada", "l", "2")), None).await.unwrap_err();
    assert_eq!(error.problem("Deployment").code, ProblemCode::InProgress);
}

async fn an_effect_that_failed_is_not_remembered(db: &Database) {
    let store = db.open().await;
    store.create_workspace(&workspace("data"), None, None, None).await.unwrap();
    let same = Workspace { id: WorkspaceId::new("2"), ..workspace("data") };
    assert_taken(store.create_workspace(&same, Some(&key("ada", "k", "2")), None, None).await, "name");
    assert_eq!(remembered(&store, "ada", "k").await, None);
    store.create_workspace(&workspace("other"), Some(&key("ada", "k", "3")), None, None).await.unwrap();
}

async fn under_the_lock_a_key_goes_with_the_deploy(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let record = async |n: u32, commit: bool| {
        let mut tx = store.lock_deployment(&prod.id).await.unwrap();
        let done = tx.remembered("ada", "k").await.unwrap();
        if done.is_none() {
            tx.insert_deploy(&Deploy { id: DeployId::new(format!("try-{n}")), ..deploy(&prod, 1) }).await.unwrap();
            tx.remember(&key("ada", "k", &format!("try-{n}")), START).await.unwrap();
        }
        if commit {
            tx.commit().await.unwrap();
        }
        done.map(|done| done.resource)
    };
    assert_eq!(record(1, false).await, None);
    assert_eq!(record(2, true).await, None, "what was not committed is not remembered");
    let results = join_all((3..11).map(|n| record(n, true))).await;
    assert!(results.iter().all(|done| done.as_deref() == Some("try-2")), "{results:?}");
    assert_eq!(store.integer("select count(*) from deploys").await, 1);
}

async fn keys_are_kept_for_two_days(db: &Database) {
    let store = db.open().await;
    let at = |ms| Workspace { created_at: START.plus(ms), ..workspace(&format!("{ms}")) };
    for ms in [0, 1] {
        let name = ms.to_string();
        store.create_workspace(&at(ms), Some(&key("ada", &name, &name)), None, None).await.unwrap();
    }
    store.sweep(START.plus(2 * DAY - 1)).await.unwrap();
    assert!(remembered(&store, "ada", "0").await.is_some());
    store.sweep(START.plus(2 * DAY)).await.unwrap();
    assert_eq!(remembered(&store, "ada", "0").await, None);
    assert!(remembered(&store, "ada", "1").await.is_some());
    assert_eq!(store.workspaces().await.unwrap().len(), 2, "what was made under a key stays");
}
