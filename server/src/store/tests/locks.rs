//! Who has a Deployment's lock decides on what is true until it commits: also against workers.

use std::time::Duration;

use backstep_domain::{Deploy, DeployStatus, Deployment, HistoryFilter};
use tokio::{task::JoinHandle, time::timeout};

use super::{database::Database, given::*};
use crate::store::{Store, StoreError};

on_each_database!(
    one_has_the_lock_at_a_time,
    a_queued_deploy_is_not_claimed_under_the_lock,
    a_rollout_does_not_end_under_the_lock,
    a_description_and_a_new_revision_at_once_are_both_kept,
    what_is_queued_is_moved_only_while_it_waits;
    postgres only: the_lock_of_one_deployment_is_no_other_ones, an_upload_does_not_wait_for_the_lock
);

/// What is held up is so after this; what is not may be done long before.
const A_WHILE: Duration = Duration::from_millis(400);
/// What is not held up is done by then on any machine; what is would wait for ever.
const LONG: Duration = Duration::from_secs(30);

/// What a task came to, or the task if it is still held up.
async fn soon<T>(mut task: JoinHandle<T>) -> Result<T, JoinHandle<T>> {
    match timeout(A_WHILE, &mut task).await {
        Ok(done) => Ok(done.unwrap()),
        Err(_) => Err(task),
    }
}

async fn eventually<T>(task: Result<T, JoinHandle<T>>) -> T {
    match task {
        Ok(done) => done,
        Err(task) => task.await.unwrap(),
    }
}

async fn one_has_the_lock_at_a_time(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let other = db.open_beside(&store).await;
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    let second = tokio::spawn({
        let id = prod.id.clone();
        async move { other.lock_deployment(&id).await.unwrap().present().await.unwrap() }
    });
    let second = soon(second).await;
    assert!(second.is_err(), "it waits");
    tx.insert_deploy(&deploy(&prod, 1)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(eventually(second).await.newest, Some(number(1)), "and then sees what the first wrote");
}

/// On PostgreSQL the worker passes it over; on SQLite it waits. Either way the lock's holder can still cancel it.
async fn a_queued_deploy_is_not_claimed_under_the_lock(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let queued = queue(&store, &prod, 1).await;
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    assert_eq!(tx.present().await.unwrap().queued.map(|d| d.number), Some(number(1)));
    let other = db.open_beside(&store).await;
    let claim = soon(tokio::spawn(async move { other.claim_rollout("one", START, LEASE).await })).await;
    tx.set_status(&queued.id, DeployStatus::Cancelled, Some("#2 goes first"), START).await.unwrap();
    tx.insert_deploy(&deploy(&prod, 2)).await.unwrap();
    tx.commit().await.unwrap();
    let claim = match eventually(claim).await.unwrap() {
        Some(claim) => claim,
        None => super::given::claim(&store, "one").await,
    };
    assert_eq!(claim.deploy.number, number(2));
    assert_eq!(store.deploy(&prod.id, number(1)).await.unwrap().status, DeployStatus::Cancelled);
}

/// What is live for who decides on a rollback is live until the rollback is recorded.
async fn a_rollout_does_not_end_under_the_lock(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    roll_out(&store, &prod, 1).await;
    queue(&store, &prod, 2).await;
    let claim = claim(&store, "one").await;
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    let decided_on = tx.present().await.unwrap();
    let other = db.open_beside(&store).await;
    let end = tokio::spawn(async move { succeed(&other, &claim, START.plus(1)).await });
    let end = soon(end).await;
    assert_eq!(tx.present().await.unwrap(), decided_on);
    assert!(end.is_err(), "it waits");
    tx.commit().await.unwrap();
    eventually(end).await;
    assert_eq!(store.present(&prod.id).await.unwrap().live.map(|d| d.number), Some(number(2)));
}

async fn a_description_and_a_new_revision_at_once_are_both_kept(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let queued = queue(&store, &prod, 1).await;
    let claim = claim(&store, "one").await;
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.describe(&queued.id, "A better reason", &author("Bob"), START).await.unwrap();
    let other = db.open_beside(&store).await;
    let rebase = tokio::spawn(async move { other.rebase(&claim, &revision(9), START).await.unwrap() });
    let rebase = soon(rebase).await;
    tx.commit().await.unwrap();
    eventually(rebase).await;
    let now = store.deploy(&prod.id, number(1)).await.unwrap();
    assert_eq!((now.description.as_str(), &now.revision), ("A better reason", &revision(9)));
    for text in ["better reason", "build-9", &format!("{:064x}", 9)] {
        let filter = HistoryFilter { text: Some(text.to_owned()), ..HistoryFilter::default() };
        assert_eq!(history(&store, &prod, &filter).await.len(), 1, "{text}");
    }
}

async fn what_is_queued_is_moved_only_while_it_waits(db: &Database) {
    use DeployStatus::{Cancelled, Held, Queued};
    let store = db.open().await;
    let prod = prod(&store).await;
    let mut moved = Vec::new();
    for from in DeployStatus::ALL {
        for to in DeployStatus::ALL {
            let before = store.contents().await;
            let result = try_to_move(&store, &prod, *from, *to).await;
            assert_eq!(store.contents().await, before, "it was not committed");
            match result {
                Ok(status) => {
                    assert_eq!(status, *to);
                    moved.push((*from, *to));
                }
                Err((error, status)) => {
                    assert!(matches!(error, StoreError::WrongState(_)), "{from} to {to}: {error}");
                    assert_eq!(status, *from, "nothing was written on the way to the refusal");
                }
            }
        }
    }
    assert_eq!(moved, [(Queued, Held), (Queued, Cancelled), (Held, Queued), (Held, Cancelled)]);
}

/// The status after trying, within the transaction; it is not committed.
async fn try_to_move(
    store: &Store,
    of: &Deployment,
    from: DeployStatus,
    to: DeployStatus,
) -> Result<DeployStatus, (StoreError, DeployStatus)> {
    let mut tx = store.lock_deployment(&of.id).await.unwrap();
    let waiting = Deploy { status: from, ..deploy(of, 1) };
    tx.insert_deploy(&waiting).await.unwrap();
    let result = tx.set_status(&waiting.id, to, Some("why"), START).await;
    let status = tx.deploy(number(1)).await.unwrap().status;
    result.map(|()| status).map_err(|error| (error, status))
}

async fn the_lock_of_one_deployment_is_no_other_ones(db: &Database) {
    let store = db.open().await;
    let (prod, other) = (prod(&store).await, another(&store, "other").await);
    queue(&store, &other, 1).await;
    let _tx = store.lock_deployment(&prod.id).await.unwrap();
    let claim = timeout(LONG, claim(&store, "one")).await.expect("it does not wait");
    timeout(LONG, succeed(&store, &claim, START)).await.expect("it does not wait");
    timeout(LONG, queue(&store, &other, 2)).await.expect("it does not wait");
}

/// It refers to the Deployment, which must not mean that it waits for whoever writes to it; nor the other way round.
async fn an_upload_does_not_wait_for_the_lock(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let _tx = store.lock_deployment(&prod.id).await.unwrap();
    let new = upload(&prod, "u");
    timeout(LONG, store.create_upload(&new, None)).await.expect("it does not wait").unwrap();
}
