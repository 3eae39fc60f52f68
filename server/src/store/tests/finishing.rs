//! The end of a rollout: one transaction, after which another deploy is live or the same one still is.

use backstep_domain::{Deploy, DeployStatus, Deployment, HOUR, HistoryFilter, KeptSetting};

use super::{database::Database, given::*};
use crate::store::{Claim, RolloutEnd, Store};

on_each_database!(
    on_success_the_deploy_is_live_and_the_one_before_is_not,
    on_failure_it_was_never_live,
    a_rollout_that_ends_is_recorded,
    deploys_are_live_one_after_the_other,
    a_rebased_deploy_keeps_what_was_recorded,
    a_rebased_deploy_is_found_by_what_it_rolls_out
);

async fn running(store: &Store) -> (Deployment, Claim) {
    let prod = prod(store).await;
    roll_out(store, &prod, 1).await;
    queue(store, &prod, 2).await;
    let claim = claim(store, "one").await;
    (prod, claim)
}

async fn get(store: &Store, of: &Deployment, n: u32) -> Deploy {
    store.deploy(&of.id, number(n)).await.unwrap()
}

async fn on_success_the_deploy_is_live_and_the_one_before_is_not(db: &Database) {
    let store = db.open().await;
    let (prod, claim) = running(&store).await;
    let before = get(&store, &prod, 1).await;
    let kept = vec![KeptSetting { name: "AIRFLOW__CORE__X".to_owned(), hash: "ab".to_owned() }];
    let at = START.plus(2 * HOUR);
    store.finish_rollout(&claim, RolloutEnd::Succeeded { kept: kept.clone() }, at).await.unwrap();
    assert_eq!(get(&store, &prod, 1).await, Deploy { live_until: Some(at), ..before });
    let live =
        Deploy { status: DeployStatus::Succeeded, ended_at: Some(at), live_from: Some(at), kept, ..claim.deploy };
    assert_eq!(get(&store, &prod, 2).await, live);
}

async fn on_failure_it_was_never_live(db: &Database) {
    let store = db.open().await;
    let (prod, claim) = running(&store).await;
    let before = get(&store, &prod, 1).await;
    let at = START.plus(2 * HOUR);
    let reason = "Switch the image failed. prod was put back.".to_owned();
    store.finish_rollout(&claim, RolloutEnd::Failed { reason: reason.clone() }, at).await.unwrap();
    let failed =
        Deploy { status: DeployStatus::Failed, status_reason: Some(reason), ended_at: Some(at), ..claim.deploy };
    assert_eq!(get(&store, &prod, 2).await, failed);
    assert_eq!(get(&store, &prod, 1).await, before, "it goes on to be live");
    assert!(before.is_live());

    queue(&store, &prod, 3).await;
    let claim = super::given::claim(&store, "one").await;
    let reason = "#4 goes first".to_owned();
    store.finish_rollout(&claim, RolloutEnd::Cancelled { reason: reason.clone() }, at).await.unwrap();
    let cancelled =
        Deploy { status: DeployStatus::Cancelled, status_reason: Some(reason), ended_at: Some(at), ..claim.deploy };
    assert_eq!(get(&store, &prod, 3).await, cancelled);
    assert_eq!(get(&store, &prod, 1).await, before);
}

async fn a_rollout_that_ends_is_recorded(db: &Database) {
    let store = db.open().await;
    let (_, claim) = running(&store).await;
    store.finish_rollout(&claim, RolloutEnd::Failed { reason: "it broke".to_owned() }, START.plus(9)).await.unwrap();
    let events = "select at || ' ' || kind || ' ' || body from deploy_events where deploy_id = 'prod-2' order by id";
    let (created, taken, ended) = (claim.deploy.created_at.0, START.0, START.plus(9).0);
    assert_eq!(
        store.texts(events).await,
        [
            format!(r#"{created} status {{"reason":null,"status":"queued"}}"#),
            format!(r#"{taken} status {{"status":"running"}}"#),
            format!(r#"{ended} status {{"reason":"it broke","status":"failed"}}"#),
        ]
    );
    assert_eq!(store.integer("select count(*) from rollouts where done = 0").await, 0);
}

async fn deploys_are_live_one_after_the_other(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    for n in 1..=12 {
        roll_out(&store, &prod, n).await;
    }
    let deploys = store.deploys_above(&prod.id, number(1)).await.unwrap();
    for pair in deploys.windows(2) {
        assert!(pair[0].live_from < pair[0].live_until);
        assert_eq!(pair[0].live_until, pair[1].live_from);
    }
    assert_eq!(deploys.iter().filter(|d| d.is_live()).count(), 1);
    assert!(deploys.last().unwrap().is_live());
}

/// The row never changes: what is rolled out instead is appended.
async fn a_rebased_deploy_keeps_what_was_recorded(db: &Database) {
    let store = db.open().await;
    let (prod, claim) = running(&store).await;
    store.rebase(&claim, &revision(9), START.plus(3)).await.unwrap();
    assert_eq!(get(&store, &prod, 2).await, Deploy { revision: revision(9), ..claim.deploy.clone() });
    let recorded = store.texts("select revision from deploys where id = 'prod-2'").await;
    assert_eq!(recorded, [serde_json::to_string(&revision(2)).unwrap()]);
    let event = store.texts("select body from deploy_events where kind = 'revision'").await;
    let event: serde_json::Value = serde_json::from_str(&event[0]).unwrap();
    assert_eq!(event["revision"], serde_json::to_value(revision(9)).unwrap());
    // Who takes over rolls out the same.
    let next = store.claim_rollout("two", START.plus(LEASE), LEASE).await.unwrap().unwrap();
    assert_eq!(next.deploy.revision, revision(9));
}

async fn a_rebased_deploy_is_found_by_what_it_rolls_out(db: &Database) {
    let store = db.open().await;
    let (prod, claim) = running(&store).await;
    store.rebase(&claim, &revision(9), START).await.unwrap();
    let found = async |text: String| {
        let filter = HistoryFilter { text: Some(text), ..HistoryFilter::default() };
        history(&store, &prod, &filter).await.into_iter().map(|d| d.number).collect::<Vec<_>>()
    };
    assert_eq!(found("build-9".to_owned()).await, [number(2)]);
    assert_eq!(found(bundle(9).to_string()).await, [number(2)]);
    assert_eq!(found("build-2".to_owned()).await, []);
    assert_eq!(found("deploy 2".to_owned()).await, [number(2)]);
}
