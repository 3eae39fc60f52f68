//! A worker that lost its lease changes nothing.

use std::collections::BTreeMap;

use backstep_domain::{Deployment, StepKind, StepStatus};

use super::{database::Database, given::*};
use crate::store::{Claim, RolloutEnd, Store, StoreError};

on_each_database!(
    what_a_worker_writes_after_it_lost_the_lease_is_refused,
    what_a_worker_writes_after_the_end_is_refused,
    what_the_holder_writes_is_written,
    a_claim_of_the_future_is_refused
);

const STEPS: [StepKind; 2] = [StepKind::SwitchImage, StepKind::Verify];

/// Every way in which a worker writes.
const WRITES: [&str; 9] =
    ["renew", "rebase", "plan_steps", "start_step", "end_step", "log_lines", "succeed", "fail", "cancel"];

async fn write(store: &Store, claim: &Claim, what: &str) -> Result<(), StoreError> {
    let at = START.plus(7);
    let reason = "why".to_owned();
    match what {
        "renew" => store.renew(claim, START.plus(1_000_000)).await,
        "rebase" => store.rebase(claim, &revision(77), at).await,
        "plan_steps" => store.plan_steps(claim, &[STEPS[0], STEPS[1], StepKind::StageDags]).await,
        "start_step" => store.start_step(claim, 1, at).await.map(|_| ()),
        "end_step" => store.end_step(claim, 0, StepStatus::Failed, Some("broken"), at).await,
        "log_lines" => store.log_lines(claim, 0, &[(at, "late".to_owned())]).await,
        "succeed" => store.finish_rollout(claim, RolloutEnd::Succeeded { kept: Vec::new() }, at).await,
        "fail" => store.finish_rollout(claim, RolloutEnd::Failed { reason }, at).await,
        "cancel" => store.finish_rollout(claim, RolloutEnd::Cancelled { reason }, at).await,
        other => panic!("{other}"),
    }
}

/// Deploy 1 is live and deploy 2 is being rolled out.
async fn running(store: &Store) -> (Deployment, Claim) {
    let prod = prod(store).await;
    roll_out(store, &prod, 1).await;
    queue(store, &prod, 2).await;
    let claim = claim(store, "one").await;
    store.plan_steps(&claim, &STEPS).await.unwrap();
    store.start_step(&claim, 0, START).await.unwrap();
    store.log_lines(&claim, 0, &[(START, "line".to_owned())]).await.unwrap();
    (prod, claim)
}

async fn assert_fenced(store: &Store, claim: &Claim) {
    let before = store.contents().await;
    for what in WRITES {
        let result = write(store, claim, what).await;
        assert!(matches!(result, Err(StoreError::Fenced)), "{what}: {result:?}");
        assert_eq!(store.contents().await, before, "{what}");
    }
}

async fn what_a_worker_writes_after_it_lost_the_lease_is_refused(db: &Database) {
    let store = db.open().await;
    let (_, lost) = running(&store).await;
    let other = db.open_beside(&store).await;
    let holder = other.claim_rollout("two", START.plus(LEASE), LEASE).await.unwrap().unwrap();
    assert_fenced(&store, &lost).await;
    // Also when it is the same server that got it back: it is another claim.
    let again = store.claim_rollout("one", START.plus(2 * LEASE), LEASE).await.unwrap().unwrap();
    assert_fenced(&store, &lost).await;
    assert_fenced(&other, &holder).await;
    write(&store, &again, "succeed").await.unwrap();
}

async fn what_a_worker_writes_after_the_end_is_refused(db: &Database) {
    let store = db.open().await;
    let (prod, mut claim) = running(&store).await;
    for end in ["succeed", "fail", "cancel"] {
        write(&store, &claim, end).await.unwrap();
        assert_fenced(&store, &claim).await;
        assert!(store.present(&prod.id).await.unwrap().running.is_none());
        claim = next(&store, &prod).await;
    }
}

/// Records the next deploy, and begins to roll it out.
async fn next(store: &Store, of: &Deployment) -> Claim {
    let newest = store.present(&of.id).await.unwrap().newest.unwrap();
    queue(store, of, newest.next().get()).await;
    claim(store, "one").await
}

/// Each of the writes changes something where it is allowed, so the fence is what stops it above.
async fn what_the_holder_writes_is_written(db: &Database) {
    let store = db.open().await;
    let (prod, mut claim) = running(&store).await;
    let mut changed = BTreeMap::new();
    for what in WRITES {
        let before = store.contents().await;
        write(&store, &claim, what).await.unwrap();
        let after = store.contents().await;
        let tables: Vec<_> = after.keys().filter(|table| after[*table] != before[*table]).cloned().collect();
        changed.insert(what, tables.join(" "));
        if matches!(what, "succeed" | "fail") {
            claim = next(&store, &prod).await;
        }
    }
    let ended = "audit audit_unsealed deploy_events deploy_states rollouts";
    let expected = [
        ("renew", "rollouts"),
        ("rebase", "deploy_events deploy_states"),
        ("plan_steps", "steps"),
        ("start_step", "audit audit_unsealed steps"),
        ("end_step", "audit audit_unsealed steps"),
        ("log_lines", "step_log"),
        ("succeed", ended),
        ("fail", ended),
        ("cancel", ended),
    ];
    let expected: BTreeMap<_, _> = expected.into_iter().map(|(what, tables)| (what, tables.to_owned())).collect();
    assert_eq!(changed, expected);
}

async fn a_claim_of_the_future_is_refused(db: &Database) {
    let store = db.open().await;
    let (_, claim) = running(&store).await;
    assert_fenced(&store, &Claim { epoch: claim.epoch + 1, ..claim.clone() }).await;
    write(&store, &claim, "renew").await.unwrap();
}
