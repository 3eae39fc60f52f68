//! Settings of a Deployment, and the record of their changes.

use backstep_domain::{Deployment, SettingChange};

use super::{database::Database, given::*};
use crate::store::{Store, StoreError};

on_each_database!(
    changes_are_listed_newest_first,
    only_the_last_hundred_changes_are_listed,
    a_new_name_is_what_lists_and_searches_see,
    a_name_that_another_has_is_refused_and_nothing_is_recorded,
    without_commit_nothing_is_changed
);

fn change(n: usize) -> SettingChange {
    let at = START;
    SettingChange { setting: "Name".to_owned(), old: n.to_string(), new: (n + 1).to_string(), at, by: author("Ada") }
}

async fn update(store: &Store, new: &Deployment, changes: &[SettingChange]) -> Result<(), StoreError> {
    let mut tx = store.lock_deployment(&new.id).await?;
    tx.update_deployment(new, changes).await?;
    tx.commit().await
}

/// Of one moment too: they are in the order in which they were made.
async fn changes_are_listed_newest_first(db: &Database) {
    let store = db.open().await;
    let (prod, other) = (prod(&store).await, another(&store, "other").await);
    update(&store, &prod, &[change(1), change(2)]).await.unwrap();
    update(&store, &other, &[change(7)]).await.unwrap();
    update(&store, &prod, &[change(3)]).await.unwrap();
    assert_eq!(store.setting_changes(&prod.id).await.unwrap(), [change(3), change(2), change(1)]);
    assert_eq!(store.setting_changes(&other.id).await.unwrap(), [change(7)]);
}

async fn only_the_last_hundred_changes_are_listed(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let changes: Vec<_> = (1..=105).map(change).collect();
    update(&store, &prod, &changes).await.unwrap();
    let newest_first: Vec<_> = (6..=105).rev().map(change).collect();
    assert_eq!(store.setting_changes(&prod.id).await.unwrap(), newest_first);
}

async fn a_new_name_is_what_lists_and_searches_see(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let renamed = Deployment { name: "Umsätze".to_owned(), rollback_enabled: false, ..prod.clone() };
    update(&store, &renamed, &[]).await.unwrap();
    assert_eq!(store.deployment(&prod.id).await.unwrap(), renamed);
    assert_eq!(store.deployments(Some("UMSÄTZE")).await.unwrap(), [renamed]);
    assert_eq!(store.deployments(Some("prod")).await.unwrap(), []);
    // Its old name is free.
    another(&store, "prod-again").await;
    update(&store, &Deployment { name: "prod".to_owned(), ..deployment("prod-again") }, &[]).await.unwrap();
}

async fn a_name_that_another_has_is_refused_and_nothing_is_recorded(db: &Database) {
    let store = db.open().await;
    let (prod, other) = (prod(&store).await, another(&store, "other").await);
    let before = store.contents().await;
    let error = update(&store, &Deployment { name: prod.name, ..other }, &[change(1)]).await.unwrap_err();
    assert!(matches!(error, StoreError::Taken("name")), "{error}");
    assert_eq!(store.contents().await, before);
}

async fn without_commit_nothing_is_changed(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let before = store.contents().await;
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.update_deployment(&Deployment { name: "renamed".to_owned(), ..prod.clone() }, &[change(1)]).await.unwrap();
    tx.insert_deploy(&superseded(&prod, 1)).await.unwrap();
    drop(tx);
    assert_eq!(store.contents().await, before);
    // The lock went with it.
    update(&store, &prod, &[change(1)]).await.unwrap();
}
