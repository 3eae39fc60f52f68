//! Uploads: what a deploy is before it has a number.

use backstep_domain::{DeployId, Deployment, HOUR, HistoryFilter, Millis, Upload};
use futures::future::join_all;

use super::{database::Database, given::*};
use crate::store::{Store, StoreError};

on_each_database!(
    an_upload_reads_back_as_it_was_written,
    a_bundle_can_be_sent_again_until_it_is_finalized,
    an_upload_is_not_in_the_history,
    old_uploads_are_closed,
    a_closed_upload_stays_closed,
    an_upload_is_finalized_once,
    of_those_who_finalize_at_once_one_does,
    without_commit_it_is_not_finalized
);

async fn opened(store: &Store, of: &Deployment, id: &str) -> Upload {
    let new = upload(of, id);
    store.create_upload(&new, None).await.unwrap();
    new
}

async fn finalize(store: &Store, upload: &Upload) -> Result<(), StoreError> {
    let mut tx = store.lock_deployment(&upload.deployment).await?;
    tx.finalize_upload(&upload.id).await?;
    tx.commit().await
}

fn assert_wrong_state(result: Result<(), StoreError>) {
    assert!(matches!(result, Err(StoreError::WrongState(_))), "{result:?}");
}

async fn an_upload_reads_back_as_it_was_written(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let git = backstep_domain::Git { commit_sha: "c0ffee".to_owned(), ..Default::default() };
    let new = Upload {
        runtime: Some("3.1-12".parse().unwrap()),
        heads: Some([("alembic_version".to_owned(), "abc".to_owned())].into()),
        git: Some(git),
        adoption: true,
        ..upload(&prod, "u")
    };
    store.create_upload(&new, None).await.unwrap();
    assert_eq!(store.upload(&new.id).await.unwrap(), new);
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    assert_eq!(tx.upload(&new.id).await.unwrap(), new);
}

async fn a_bundle_can_be_sent_again_until_it_is_finalized(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let (new, other) = (opened(&store, &prod, "u").await, opened(&store, &prod, "other").await);
    for n in [1, 2] {
        store.set_upload_bundle(&new.id, &bundle(n)).await.unwrap();
        assert_eq!(store.upload(&new.id).await.unwrap(), Upload { bundle: Some(bundle(n)), ..new.clone() });
    }
    assert_eq!(store.upload(&other.id).await.unwrap(), other);
    finalize(&store, &new).await.unwrap();
    assert_wrong_state(store.set_upload_bundle(&new.id, &bundle(3)).await);
    assert_eq!(store.upload(&new.id).await.unwrap().bundle, Some(bundle(2)));
    assert_wrong_state(store.set_upload_bundle(&DeployId::new("none"), &bundle(3)).await);
}

/// It gets a number when it is finalized and not before, so those that never are leave no gap.
async fn an_upload_is_not_in_the_history(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    for id in ["a", "b", "c"] {
        opened(&store, &prod, id).await;
    }
    assert_eq!(history(&store, &prod, &HistoryFilter::default()).await, []);
    assert_eq!(store.present(&prod.id).await.unwrap().newest, None);
    assert!(matches!(store.deploy_by_id(&DeployId::new("a")).await, Err(StoreError::NotFound)));
    queue(&store, &prod, 1).await;
    assert_eq!(store.present(&prod.id).await.unwrap().newest, Some(number(1)));
}

async fn old_uploads_are_closed(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let at = |ms: i64| START.plus(ms);
    for (id, created_at) in [("old", at(-1)), ("done", at(-2)), ("exact", at(0)), ("young", at(1))] {
        store.create_upload(&Upload { created_at, ..upload(&prod, id) }, None).await.unwrap();
    }
    finalize(&store, &upload(&prod, "done")).await.unwrap();
    assert_eq!(store.close_uploads_before(START).await.unwrap(), 1);
    let closed = async |id: &str| store.upload(&DeployId::new(id)).await.unwrap().closed;
    assert_eq!(closed("old").await.as_deref(), Some("it was not finalized within an hour"));
    assert_eq!(closed("done").await.as_deref(), Some("it was finalized already"));
    assert_eq!(closed("exact").await, None);
    assert_eq!(closed("young").await, None);
    assert_eq!(store.close_uploads_before(START).await.unwrap(), 0, "each is closed once");
    assert_eq!(store.close_uploads_before(Millis(START.0 + HOUR)).await.unwrap(), 2);
}

async fn a_closed_upload_stays_closed(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let new = opened(&store, &prod, "u").await;
    store.close_uploads_before(START.plus(1)).await.unwrap();
    let before = store.contents().await;
    assert_wrong_state(finalize(&store, &new).await);
    assert_wrong_state(store.set_upload_bundle(&new.id, &bundle(1)).await);
    assert_eq!(store.contents().await, before);
}

async fn an_upload_is_finalized_once(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let new = opened(&store, &prod, "u").await;
    finalize(&store, &new).await.unwrap();
    assert_wrong_state(finalize(&store, &new).await);
    assert_eq!(store.upload(&new.id).await.unwrap().closed.as_deref(), Some("it was finalized already"));
    assert_wrong_state(finalize(&store, &upload(&prod, "none")).await);
}

async fn of_those_who_finalize_at_once_one_does(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let new = opened(&store, &prod, "u").await;
    let other = db.open_beside(&store).await;
    let results = join_all((0..12).map(|n| finalize(if n % 2 == 0 { &store } else { &other }, &new))).await;
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
    results.into_iter().filter(Result::is_err).for_each(assert_wrong_state);
}

async fn without_commit_it_is_not_finalized(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let new = opened(&store, &prod, "u").await;
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.finalize_upload(&new.id).await.unwrap();
    drop(tx);
    assert_eq!(store.upload(&new.id).await.unwrap(), new);
    finalize(&store, &new).await.unwrap();
}
