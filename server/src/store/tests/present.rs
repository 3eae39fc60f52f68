//! What a Deployment is doing now.

use backstep_domain::*;

use super::{database::Database, given::*, long_history::*};
use crate::store::{Present, RolloutEnd, Store};

on_each_database!(
    of_an_empty_history_there_is_nothing,
    it_follows_a_deploy_through_its_rollout,
    the_deploy_before_the_live_one_is_the_one_that_was_live_last,
    a_failed_rollout_leaves_what_was_live,
    the_last_good_deploy_is_the_one_of_the_rule,
    it_is_of_one_moment,
    within_the_lock_it_is_the_same
);

async fn present(store: &Store, of: &Deployment) -> Present {
    store.present(&of.id).await.unwrap()
}

fn numbers(present: &Present) -> [Option<u32>; 5] {
    let of = |deploy: &Option<Deploy>| deploy.as_ref().map(|d| d.number.get());
    let number = |number: Option<DeployNumber>| number.map(DeployNumber::get);
    [of(&present.live), of(&present.running), of(&present.queued), number(present.before_live), number(present.newest)]
}

async fn of_an_empty_history_there_is_nothing(db: &Database) {
    let store = db.open().await;
    let (prod, other) = (prod(&store).await, another(&store, "other").await);
    roll_out(&store, &other, 1).await;
    assert_eq!(present(&store, &prod).await, Present::default());
    assert_eq!(present(&store, &deployment("not in the store")).await, Present::default());
}

/// Live, running, queued, live before, newest.
async fn it_follows_a_deploy_through_its_rollout(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    queue(&store, &prod, 1).await;
    assert_eq!(numbers(&present(&store, &prod).await), [None, None, Some(1), None, Some(1)]);
    let first = claim(&store, "one").await;
    assert_eq!(numbers(&present(&store, &prod).await), [None, Some(1), None, None, Some(1)]);
    succeed(&store, &first, START).await;
    assert_eq!(numbers(&present(&store, &prod).await), [Some(1), None, None, None, Some(1)]);
    queue(&store, &prod, 2).await;
    let second = claim(&store, "one").await;
    queue(&store, &prod, 3).await;
    assert_eq!(numbers(&present(&store, &prod).await), [Some(1), Some(2), Some(3), None, Some(3)]);
    succeed(&store, &second, START.plus(1)).await;
    let now = present(&store, &prod).await;
    assert_eq!(numbers(&now), [Some(2), None, Some(3), Some(1), Some(3)]);
    assert_eq!(now.live.as_ref(), Some(&store.deploy(&prod.id, number(2)).await.unwrap()));
}

/// Not the one with the highest number: a held deploy may go live after a newer one.
async fn the_deploy_before_the_live_one_is_the_one_that_was_live_last(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    roll_out(&store, &prod, 1).await;
    insert(&store, &[Deploy { status: DeployStatus::Held, ..deploy(&prod, 2) }]).await;
    roll_out(&store, &prod, 3).await;
    assert_eq!(present(&store, &prod).await.before_live, Some(number(1)));
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.set_status(&DeployId::new("prod-2"), DeployStatus::Queued, None, START).await.unwrap();
    tx.commit().await.unwrap();
    let released = claim(&store, "one").await;
    succeed(&store, &released, START.plus(3 * HOUR + MINUTE)).await;
    assert_eq!(numbers(&present(&store, &prod).await), [Some(2), None, None, Some(3), Some(3)]);
    roll_out(&store, &prod, 4).await;
    assert_eq!(present(&store, &prod).await.before_live, Some(number(2)), "though 3 is newer");
}

async fn a_failed_rollout_leaves_what_was_live(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    let live = roll_out(&store, &prod, 1).await;
    for (n, end) in [
        (2, RolloutEnd::Failed { reason: "it broke".to_owned() }),
        (3, RolloutEnd::Cancelled { reason: "a rollback goes first".to_owned() }),
    ] {
        queue(&store, &prod, n).await;
        let claim = claim(&store, "one").await;
        store.finish_rollout(&claim, end, START.plus(DAY)).await.unwrap();
        let now = present(&store, &prod).await;
        assert_eq!(numbers(&now), [Some(1), None, None, None, Some(n)]);
        assert_eq!(now.live.as_ref(), Some(&live));
    }
}

/// The eligible deploys that the store lists are enough for the rule to answer as from the whole history.
async fn the_last_good_deploy_is_the_one_of_the_rule(db: &Database) {
    let store = db.open().await;
    for seed in 0..6 {
        let of = another(&store, &format!("seed-{seed}")).await;
        let deploys = long_history(&of, 60, seed);
        insert(&store, &deploys).await;
        let now = deploys.last().unwrap().created_at.plus(40 * DAY);
        let seen = Seen { deploys: &deploys, policy: Policy::default(), now };
        let present = present(&store, &of).await;
        assert_eq!(present.live.as_ref().map(|d| d.number), seen.live());
        assert_eq!(present.before_live, seen.before_live());
        let live = present.live.expect("something is live");

        let eligible = HistoryFilter { eligible_only: true, ..HistoryFilter::default() };
        let mut listed = store.history(&of.id, &eligible, &seen.eligible_when(), Some(live.number), 100).await.unwrap();
        listed.insert(0, live);
        let mut whole = deploys.clone();
        whole.reverse();
        let rule = last_good(&whole, seen.before_live(), &seen.policy, now);
        assert!(rule.is_some());
        assert_eq!(last_good(&listed, present.before_live, &seen.policy, now), rule, "seed {seed}");
    }
}

/// Also while rollouts end: a deploy is never both live and the one that was live before.
async fn it_is_of_one_moment(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    roll_out(&store, &prod, 1).await;
    let writer = tokio::spawn({
        let (store, prod) = (store.clone(), prod.clone());
        async move {
            for n in 2..=40 {
                roll_out(&store, &prod, n).await;
            }
        }
    });
    let mut looks = 0;
    while !writer.is_finished() {
        let now = present(&store, &prod).await;
        let [live, running, queued, before, newest] = numbers(&now);
        let live = live.expect("one is always live");
        assert_eq!(before.unwrap_or(0), live - 1, "{:?}", numbers(&now));
        let coming = running.or(queued);
        assert!(coming.is_none_or(|coming| coming == live + 1), "{:?}", numbers(&now));
        assert_eq!(newest, coming.or(Some(live)), "{:?}", numbers(&now));
        looks += 1;
    }
    writer.await.unwrap();
    assert!(looks > 20, "{looks}");
}

async fn within_the_lock_it_is_the_same(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    insert(&store, &long_history(&prod, 50, 2)).await;
    let outside = present(&store, &prod).await;
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    assert_eq!(tx.present().await.unwrap(), outside);
    assert!(outside.held > 0 && outside.running.is_some() && outside.queued.is_some());
    let held = tx.held().await.unwrap();
    assert_eq!(held.len(), outside.held as usize);
    assert!(held.is_sorted_by_key(|d| d.number) && held.iter().all(|d| d.status == DeployStatus::Held));
}
