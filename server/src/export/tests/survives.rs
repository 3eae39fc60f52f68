//! Exporters that are killed, stopped, and run beside each other.

use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{
    elastic::{Elastic, Rules},
    world::*,
};
use crate::store::tests::{database::Database, on_each_database};

on_each_database!(
    killed_in_the_middle_of_a_request_nothing_is_lost_or_twice,
    a_stop_sends_what_is_left_and_gives_the_export_up,
    a_stop_does_not_wait_for_a_cluster_that_does_not_answer,
    nothing_that_rolls_out_waits;
    postgres only: two_servers_export_one_at_a_time
);

async fn killed_in_the_middle_of_a_request_nothing_is_lost_or_twice(db: &Database) {
    const LINES: u64 = 600;
    let store = exporting(db).await;
    let elastic = Elastic::new(Rules { takes: Duration::from_millis(5), ..Rules::default() });
    let address = elastic.start().await;
    let claim = rollout(&store, "prod").await;
    let mut chance = StdRng::seed_from_u64(4711);
    let mut kills = 0;
    for n in 0..LINES / 20 {
        let exporter = Running::start(&store, &format!("exporter {n}"), settings(&address, "max_bulk_bytes = 10000"));
        write(&store, &claim, n * 20 + 1, n * 20 + 20).await;
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..40))).await;
        exporter.task.abort();
        kills += 1;
        // Whoever had it is gone; the next one need not wait for that to be noticed.
        store.execute("update export_state set lease_until = 0").await.unwrap();
    }
    let exporter = Running::start(&store, "last", settings(&address, ""));
    let status = drained(&store).await;
    exporter.stop().await;
    elastic.check();
    assert_eq!(lines_of(&elastic, "prod-1"), numbered(LINES));
    let seen = elastic.seen.lock().unwrap();
    println!("{kills} kills, {} sent, answers {:?}", status.sent, seen.statuses);
    assert!(seen.statuses.contains_key(&409), "one was killed after its lines were taken: {:?}", seen.statuses);
}

async fn a_stop_sends_what_is_left_and_gives_the_export_up(db: &Database) {
    let store = exporting(db).await;
    let elastic = Elastic::new(Rules { takes: Duration::from_millis(20), ..Rules::default() });
    let pace = crate::export::Pace { look_every: Duration::from_secs(3600), ..quick() };
    let exporter = Running::start_with(&store, "one", settings(&elastic.start().await, "max_bulk_bytes = 10000"), pace);
    until(&store, |_| true).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let claim = rollout(&store, "prod").await;
    write(&store, &claim, 1, 100).await;
    exporter.stop().await;
    assert_eq!(status(&store).await.waiting, 0);
    assert_eq!(lines_of(&elastic, "prod-1"), numbered(100));
    let free = store.integer("select lease_until from export_state").await;
    assert!(free < i64::from(u32::MAX) * 1000, "{free}");
    let now = crate::clock::Clock::now(&crate::clock::SystemClock);
    assert!(store.claim_export("two", now, now.plus(1000)).await.unwrap().is_some());
}

async fn a_stop_does_not_wait_for_a_cluster_that_does_not_answer(db: &Database) {
    let store = exporting(db).await;
    let elastic = Elastic::new(Rules { takes: Duration::from_secs(60), ..Rules::default() });
    rollout(&store, "prod").await;
    let patient = crate::export::Settings { timeout: Duration::from_secs(60), ..settings(&elastic.start().await, "") };
    let exporter = Running::start(&store, "one", patient);
    while elastic.seen.lock().unwrap().at_once == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let began = Instant::now();
    exporter.stop().await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(status(&store).await.waiting, 2, "it is sent when the next server starts");
}

async fn nothing_that_rolls_out_waits(db: &Database) {
    let store = exporting(db).await;
    let elastic = Elastic::new(Rules { takes: Duration::from_secs(60), ..Rules::default() });
    let patient = crate::export::Settings { timeout: Duration::from_secs(60), ..settings(&elastic.start().await, "") };
    let claim = rollout(&store, "prod").await;
    let exporter = Running::start(&store, "one", patient);
    while elastic.seen.lock().unwrap().at_once == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let began = Instant::now();
    write(&store, &claim, 1, 100).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    exporter.task.abort();
}

async fn two_servers_export_one_at_a_time(db: &Database) {
    const LINES: u64 = 400;
    let store = exporting(db).await;
    let beside = db.open().await;
    let elastic = Elastic::new(Rules { takes: Duration::from_millis(10), ..Rules::default() });
    let address = elastic.start().await;
    let start = |store, owner: &str| Running::start(store, owner, settings(&address, "max_bulk_bytes = 10000"));
    let (one, two) = (start(&store, "one"), start(&beside, "two"));
    let claim = rollout(&store, "prod").await;
    write(&store, &claim, 1, LINES / 2).await;
    until(&store, |status| status.sent > 20).await;
    // The one that has it is killed without a word; the other goes on when its lease has ended.
    let holder = store.texts("select owner from export_state").await.remove(0);
    let (killed, left) = if holder == "one" { (one, two) } else { (two, one) };
    killed.task.abort();
    while elastic.seen.lock().unwrap().at_once > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    write(&store, &claim, LINES / 2 + 1, LINES).await;
    drained(&store).await;
    assert_ne!(store.texts("select owner from export_state").await, [holder]);
    left.stop().await;
    elastic.check();
    assert_eq!(lines_of(&elastic, "prod-1"), numbered(LINES));
    assert_eq!(elastic.seen.lock().unwrap().most_at_once, 1);
}
