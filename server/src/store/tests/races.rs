//! The same race with what the schema holds and without it: none of the checks below says "0 violations" because it cannot
//! say anything else.
//!
//! The use cases decide under the Deployment's lock. Whoever races here has decided before, as a use case would that forgot
//! the lock; what is left between it and a broken history is the schema.

use std::sync::Arc;

use backstep_domain::{Deploy, DeployNumber, DeployStatus, Deployment};
use futures::future::join_all;
use tokio::sync::Barrier;

use super::{database::Database, given::*};
use crate::store::{Snapshot, Store, StoreError};

on_each_database!(
    without_its_index_two_deploys_are_queued_at_once,
    without_its_index_two_deploys_run_at_once,
    without_its_trigger_a_number_is_left_out,
    without_its_trigger_a_deploy_is_rewritten
);

const RACERS: usize = 8;

/// What `backstep verify` says of the histories.
async fn violations(db: &Database) -> Vec<String> {
    let (_, flaws) = Snapshot::open(&db.url).await.unwrap().histories().await.unwrap();
    flaws.into_iter().map(|flaw| flaw.message).collect()
}

/// Everybody sees that nothing has this status, and then records a deploy that has it.
async fn race(db: &Database, store: &Store, of: &Deployment, status: DeployStatus) -> Vec<String> {
    let (beside, start) = (db.open_beside(store).await, Arc::new(Barrier::new(RACERS)));
    let racers = (0..RACERS).map(|racer| {
        let store = if racer % 2 == 0 { store.clone() } else { beside.clone() };
        let (of, start) = (of.clone(), start.clone());
        tokio::spawn(async move {
            let seen = store.present(&of.id).await.unwrap();
            assert!(seen.queued.is_none() && seen.running.is_none());
            start.wait().await;
            let mut tx = store.lock_deployment(&of.id).await?;
            let next = tx.present().await?.newest.map_or(DeployNumber::FIRST, |newest| newest.next());
            tx.insert_deploy(&Deploy { status, ..deploy(&of, next.get()) }).await?;
            tx.commit().await
        })
    });
    let outcomes: Vec<Result<(), StoreError>> = join_all(racers).await.into_iter().map(Result::unwrap).collect();
    assert!(outcomes.iter().any(Result::is_ok), "somebody gets through: {outcomes:?}");
    violations(db).await
}

async fn with_and_without(db: &Database, index: &str, status: DeployStatus) {
    let store = db.open().await;
    let (held, broken) = (prod(&store).await, another(&store, "without").await);
    assert_eq!(race(db, &store, &held, status).await, Vec::<String>::new());
    store.execute(&format!("drop index {index}")).await.unwrap();
    let said = [format!("without has {RACERS} deploys that are {status} at once; there is at most one.")];
    assert_eq!(race(db, &store, &broken, status).await, said);
}

async fn without_its_index_two_deploys_are_queued_at_once(db: &Database) {
    with_and_without(db, "at_most_one_queued", DeployStatus::Queued).await;
}

async fn without_its_index_two_deploys_run_at_once(db: &Database) {
    with_and_without(db, "at_most_one_running", DeployStatus::Running).await;
}

/// Two have agreed on the next two numbers, and the first one gives up.
async fn left_out(db: &Database, store: &Store, of: &Deployment) -> Vec<String> {
    insert(store, &[superseded(of, 1)]).await;
    let mut gives_up = store.lock_deployment(&of.id).await.unwrap();
    gives_up.insert_deploy(&superseded(of, 2)).await.unwrap();
    drop(gives_up);
    let mut goes_on = store.lock_deployment(&of.id).await.unwrap();
    if goes_on.insert_deploy(&superseded(of, 3)).await.is_ok() {
        goes_on.commit().await.unwrap();
    }
    violations(db).await
}

async fn without_its_trigger_a_number_is_left_out(db: &Database) {
    let store = db.open().await;
    let (held, broken) = (prod(&store).await, another(&store, "without").await);
    assert_eq!(left_out(db, &store, &held).await, Vec::<String>::new());
    store.drop_triggers("deploys").await;
    let said = ["without has 2 deploys, but the newest is #3: deploys were removed or put in."];
    assert_eq!(left_out(db, &store, &broken).await, said);
}

/// Somebody with a database client rewrites and removes old deploys while new ones are recorded; those that are not what they
/// were.
async fn rewritten(db: &Database, store: &Store, of: &Deployment) -> Vec<String> {
    let row = format!(
        "select number || ' ' || id || ' ' || revision || ' ' || description || ' ' || created_at || ' ' || author_id from \
         deploys where deployment_id = '{}' order by number",
        of.id
    );
    insert(store, &(1..=4).map(|n| superseded(of, n)).collect::<Vec<_>>()).await;
    let (before, beside) = (store.texts(&row).await, db.open_beside(store).await);
    let rewrites = (1..=4).map(|n| {
        let set = ["description = 'not what it was'", "revision = '{}'", "author_id = 'nobody'", "created_at = 0"];
        let sql = format!("update deploys set {} where deployment_id = '{}' and number = {n}", set[n - 1], of.id);
        let beside = beside.clone();
        async move { beside.execute(&sql).await.is_ok() }
    });
    let records = async {
        for n in 5..=8 {
            insert(store, &[superseded(of, n)]).await;
        }
    };
    tokio::join!(join_all(rewrites), records);
    let after = store.texts(&row).await;
    assert_eq!(after.len(), 8, "all that was recorded is there");
    before.into_iter().filter(|row| !after.contains(row)).collect()
}

async fn without_its_trigger_a_deploy_is_rewritten(db: &Database) {
    let store = db.open().await;
    let (held, broken) = (prod(&store).await, another(&store, "without").await);
    assert_eq!(rewritten(db, &store, &held).await, Vec::<String>::new());
    store.drop_triggers("deploys").await;
    assert_eq!(rewritten(db, &store, &broken).await.len(), 4);
}
