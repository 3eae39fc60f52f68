//! Rollouts are claimed: by one worker each, for as long as its lease lasts.

use std::collections::BTreeSet;

use backstep_domain::{Deploy, DeployId, DeployStatus, HOUR, Millis, StepKind};
use futures::future::join_all;

use super::{database::Database, given::*};
use crate::store::{Claim, Store};

on_each_database!(
    a_queued_deploy_is_claimed,
    of_workers_who_claim_at_once_one_gets_it,
    workers_share_what_is_queued,
    the_oldest_is_first,
    what_is_queued_waits_for_what_is_running,
    a_lease_that_lasts_keeps_others_away,
    a_lease_that_ended_is_taken_over,
    of_workers_who_take_over_at_once_one_does,
    a_renewed_lease_lasts,
    what_was_left_goes_before_what_is_new,
    what_others_hold_can_be_freed_at_once,
    a_rollout_that_is_over_is_not_claimed,
    a_request_to_cancel_reaches_the_worker,
    asked_to_stop_it_begins_no_step,
    past_its_point_of_no_return_it_is_not_asked_to_stop
);

async fn take(store: &Store, owner: &str, now: Millis) -> Option<Claim> {
    store.claim_rollout(owner, now, LEASE).await.unwrap()
}

async fn a_queued_deploy_is_claimed(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    assert_eq!(take(&store, "one", START).await, None);
    let queued = queue(&store, &prod, 1).await;
    let claim = take(&store, "one", START.plus(5)).await.unwrap();
    let running = Deploy { status: DeployStatus::Running, started_at: Some(START.plus(5)), ..queued };
    let mine = Claim {
        deploy: running.clone(),
        workspace: prod.workspace.clone(),
        owner: "one".to_owned(),
        epoch: 1,
        resumed: false,
    };
    assert_eq!(claim, mine);
    assert_eq!(store.deploy(&prod.id, number(1)).await.unwrap(), running);
    assert_eq!(take(&store, "one", START.plus(5)).await, None, "its own is not there to be claimed either");
}

async fn of_workers_who_claim_at_once_one_gets_it(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let other = db.open_beside(&store).await;
    for n in 1..=10 {
        queue(&store, &prod, n).await;
        let tasks = (0..8).map(|worker| {
            let store = if worker % 2 == 0 { store.clone() } else { other.clone() };
            tokio::spawn(async move { take(&store, &format!("worker-{worker}"), START).await })
        });
        let claims: Vec<_> = join_all(tasks).await.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(claims.len(), 1, "{claims:?}");
        succeed(&store, &claims[0], START).await;
    }
}

async fn workers_share_what_is_queued(db: &Database) {
    let store = db.open().await;
    for n in 0..12 {
        let of = another(&store, &format!("prod-{n}")).await;
        queue(&store, &of, 1).await;
    }
    let other = db.open_beside(&store).await;
    let tasks = (0..4).map(|worker| {
        let store = if worker % 2 == 0 { store.clone() } else { other.clone() };
        tokio::spawn(async move {
            let mut own = Vec::new();
            while let Some(claim) = take(&store, &format!("worker-{worker}"), START).await {
                own.push(claim.deploy.id);
            }
            own
        })
    });
    let mut claimed: Vec<DeployId> = join_all(tasks).await.into_iter().flat_map(Result::unwrap).collect();
    // A worker may have come away empty while others held the last ones for a moment.
    while let Some(claim) = take(&store, "last", START).await {
        claimed.push(claim.deploy.id);
    }
    assert_eq!(claimed.len(), 12);
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>().len(), 12, "none twice");
}

async fn the_oldest_is_first(db: &Database) {
    let store = db.open().await;
    for (name, created) in [("b", 2), ("a", 3), ("c", 1)] {
        let of = another(&store, name).await;
        insert(&store, &[Deploy { created_at: START.plus(created), ..deploy(&of, 1) }]).await;
    }
    let mut order = Vec::new();
    while let Some(claim) = take(&store, "one", START).await {
        order.push(claim.deploy.id.to_string());
    }
    assert_eq!(order, ["c-1", "b-1", "a-1"]);
}

async fn what_is_queued_waits_for_what_is_running(db: &Database) {
    let store = db.open().await;
    let (prod, other) = (prod(&store).await, another(&store, "other").await);
    queue(&store, &prod, 1).await;
    let first = take(&store, "one", START).await.unwrap();
    queue(&store, &prod, 2).await;
    assert_eq!(take(&store, "two", START).await, None);
    queue(&store, &other, 1).await;
    assert_eq!(take(&store, "two", START).await.unwrap().deploy.deployment, other.id, "others do not wait");
    succeed(&store, &first, START).await;
    assert_eq!(take(&store, "two", START).await.unwrap().deploy.number, number(2));
}

async fn a_lease_that_lasts_keeps_others_away(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    queue(&store, &prod, 1).await;
    take(&store, "one", START).await.unwrap();
    for now in [START, START.plus(LEASE - 1)] {
        assert_eq!(take(&store, "two", now).await, None);
    }
    assert!(take(&store, "two", START.plus(LEASE)).await.is_some());
}

/// Each worker's epoch is higher than that of the one before.
async fn a_lease_that_ended_is_taken_over(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    queue(&store, &prod, 1).await;
    let first = take(&store, "one", START).await.unwrap();
    let mut now = START;
    for (owner, epoch) in [("two", 2), ("three", 3), ("one", 4)] {
        now = now.plus(LEASE);
        let next = take(&store, owner, now).await.unwrap();
        let expected = Claim { owner: owner.to_owned(), epoch, resumed: true, ..first.clone() };
        assert_eq!(next, expected, "the deploy is still the one that started then");
    }
    assert_eq!(take(&store, "two", now.plus(LEASE - 1)).await, None);
    let events = store.texts("select body from deploy_events where kind = 'status' order by id").await;
    assert_eq!(events.len(), 2, "queued and running; taking over is no new status: {events:?}");
}

async fn of_workers_who_take_over_at_once_one_does(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let other = db.open_beside(&store).await;
    queue(&store, &prod, 1).await;
    take(&store, "one", START).await.unwrap();
    for round in 1..=8 {
        let now = START.plus(round * LEASE);
        let tasks = (0..8).map(|worker| {
            let store = if worker % 2 == 0 { store.clone() } else { other.clone() };
            tokio::spawn(async move { take(&store, &format!("worker-{worker}"), now).await })
        });
        let claims: Vec<_> = join_all(tasks).await.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(claims.len(), 1, "{claims:?}");
        assert_eq!(claims[0].epoch, round + 1);
    }
}

async fn a_renewed_lease_lasts(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    queue(&store, &prod, 1).await;
    let claim = take(&store, "one", START).await.unwrap();
    store.renew(&claim, START.plus(HOUR)).await.unwrap();
    assert_eq!(take(&store, "two", START.plus(HOUR - 1)).await, None);
    // Renewing it to now gives it back, as a server does that stops.
    store.renew(&claim, START.plus(1)).await.unwrap();
    assert!(take(&store, "two", START.plus(1)).await.unwrap().resumed);
}

async fn what_was_left_goes_before_what_is_new(db: &Database) {
    let store = db.open().await;
    let (prod, other) = (prod(&store).await, another(&store, "other").await);
    queue(&store, &prod, 2 - 1).await;
    take(&store, "one", START).await.unwrap();
    insert(&store, &[Deploy { created_at: Millis(0), ..deploy(&other, 1) }]).await;
    let later = START.plus(LEASE);
    assert_eq!(take(&store, "two", later).await.unwrap().deploy.deployment, prod.id);
    assert_eq!(take(&store, "two", later).await.unwrap().deploy.deployment, other.id);
}

async fn what_others_hold_can_be_freed_at_once(db: &Database) {
    let store = db.open().await;
    assert_eq!(store.is_exclusive(), db.file.is_some(), "only with SQLite nobody else can be alive");
    let (prod, other, done) = (prod(&store).await, another(&store, "other").await, another(&store, "done").await);
    roll_out(&store, &done, 1).await;
    queue(&store, &prod, 1).await;
    take(&store, "dead", START).await.unwrap();
    queue(&store, &other, 1).await;
    let own = take(&store, "new", START).await.unwrap();
    store.expire_leases_of_others("new").await.unwrap();
    let freed = take(&store, "new", START).await.unwrap();
    assert_eq!((freed.deploy.deployment, freed.epoch), (prod.id, 2));
    assert_eq!(take(&store, "new", START).await, None, "neither its own nor what is over");
    store.renew(&own, START.plus(HOUR)).await.unwrap();
}

async fn a_rollout_that_is_over_is_not_claimed(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    roll_out(&store, &prod, 1).await;
    let before = store.contents().await;
    assert_eq!(take(&store, "two", START.plus(1000 * LEASE)).await, None);
    assert_eq!(store.contents().await, before);
}

async fn a_request_to_cancel_reaches_the_worker(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    queue(&store, &prod, 1).await;
    let claim = take(&store, "one", START).await.unwrap();
    assert_eq!(store.cancel_requested(&claim.deploy.id).await.unwrap(), None);
    let request = async |reason: &str| {
        let mut tx = store.lock_deployment(&prod.id).await.unwrap();
        tx.request_cancel(&claim.deploy.id, reason).await.unwrap();
        tx.commit().await.unwrap();
    };
    request("#2 goes first").await;
    assert_eq!(store.cancel_requested(&claim.deploy.id).await.unwrap().as_deref(), Some("#2 goes first"));
    assert_eq!(store.deploy(&prod.id, number(1)).await.unwrap().status, DeployStatus::Running, "it is only asked for");
    // Whoever takes over is asked too.
    let next = take(&store, "two", START.plus(LEASE)).await.unwrap();
    assert_eq!(store.cancel_requested(&next.deploy.id).await.unwrap().as_deref(), Some("#2 goes first"));
    succeed(&store, &next, START).await;
    let before = store.contents().await;
    request("too late").await;
    assert_eq!(store.contents().await, before);
}

async fn stop(store: &Store, claim: &Claim, reason: &str) -> bool {
    let mut tx = store.lock_deployment(&claim.deploy.deployment).await.unwrap();
    let asked = tx.request_cancel(&claim.deploy.id, reason).await.unwrap();
    tx.commit().await.unwrap();
    asked
}

async fn asked_to_stop_it_begins_no_step(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    queue(&store, &prod, 1).await;
    let claim = take(&store, "one", START).await.unwrap();
    store.plan_steps(&claim, &[StepKind::StageDags, StepKind::SwitchDags]).await.unwrap();
    assert_eq!(store.start_step(&claim, 0, START).await.unwrap(), None);
    assert!(stop(&store, &claim, "by hand").await);
    assert!(stop(&store, &claim, "again").await, "to ask twice is no error");
    let before = store.contents().await;
    assert_eq!(store.start_step(&claim, 1, START).await.unwrap().as_deref(), Some("by hand"));
    assert_eq!(store.contents().await, before);
}

async fn past_its_point_of_no_return_it_is_not_asked_to_stop(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    queue(&store, &prod, 1).await;
    let claim = take(&store, "one", START).await.unwrap();
    store.plan_steps(&claim, &[StepKind::SwitchImage, StepKind::SwitchDags]).await.unwrap();
    assert_eq!(store.start_step(&claim, 0, START).await.unwrap(), None);
    assert!(!stop(&store, &claim, "too late").await);
    assert_eq!(store.cancel_requested(&claim.deploy.id).await.unwrap(), None);
    assert_eq!(store.start_step(&claim, 1, START).await.unwrap(), None);
}
