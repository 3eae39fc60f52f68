use std::{sync::Arc, time::Duration};

use backstep_domain::*;
use tokio::sync::Notify;

use super::{faulty::Fault, world::*};
use crate::rollout::{CrashPoint, Limits, crash::Edge};

/// Runs deploy `n` with an engine that dies at a place, then with a new one; its end.
async fn interrupted(world: &World, n: u32, place: &str, edge: Edge) -> Deploy {
    world.queue(n).await;
    let told = Arc::new(Notify::new());
    let engine = world.start("first", CrashPoint::stand_still(place, edge, told.clone()));
    tokio::time::timeout(Duration::from_secs(20), told.notified())
        .await
        .unwrap_or_else(|_| panic!("{place}:{} was never reached", edge.as_str()));
    engine.drop_dead().await;
    world.fast();
    let engine = world.start("second", CrashPoint::default());
    let deploy = world.over(n).await;
    engine.stop().await;
    deploy
}

#[tokio::test]
async fn resumes_after_every_edge_of_every_step() {
    let world = world().await;
    world.roll_out(1).await;
    let mut places = vec![("start", Edge::AfterEnd), ("finish", Edge::BeforeAct), ("switch_image", Edge::InAct)];
    for step in ["stage_dags", "switch_image", "switch_dags", "verify"] {
        let edges = Edge::ALL.into_iter().filter(|edge| *edge != Edge::InAct);
        // Verifying has nothing to act on.
        places.extend(edges.filter(|e| step != "verify" || !e.as_str().ends_with("_act")).map(|edge| (step, edge)));
    }
    let mut n = 1;
    for (place, edge) in places {
        n += 1;
        if edge == Edge::InAct {
            world.slow(5.0);
        }
        let deploy = interrupted(&world, n, place, edge).await;
        let words = format!("{place}:{}", edge.as_str());
        assert_eq!(deploy.status, DeployStatus::Succeeded, "{words}: {:?}", deploy.status_reason);
        world.assert_runs(n);
        assert!(world.steps(n).await.iter().all(|(_, status)| *status == StepStatus::Succeeded), "{words}");
        let begun = if edge == Edge::InAct { 2 } else { 1 };
        assert_eq!(world.acts(n), (begun, 1), "{words}: the program did it once");
        let present = world.store.present(&world.deployment.id).await.unwrap();
        assert_eq!(present.live.unwrap().number, number(n), "{words}");
        assert!(present.running.is_none(), "{words}");
    }
}

#[tokio::test]
async fn after_the_last_row_nothing_is_done_again() {
    let world = world().await;
    world.queue(1).await;
    let told = Arc::new(Notify::new());
    let engine = world.start("first", CrashPoint::stand_still("finish", Edge::AfterEnd, told.clone()));
    told.notified().await;
    engine.drop_dead().await;
    let lines = world.log(1).await.len();
    let engine = world.start("second", CrashPoint::default());
    tokio::time::sleep(Duration::from_millis(300)).await;
    engine.stop().await;
    assert_eq!(world.log(1).await.len(), lines);
    assert_eq!(world.acts(1), (1, 1));
}

#[tokio::test]
async fn resumes_a_fall_back() {
    let world = world().await;
    world.roll_out(1).await;
    let mut n = 1;
    for edge in [Edge::BeforeAct, Edge::AfterAct] {
        n += 1;
        *world.dags.fault.lock().unwrap() = Some((number(n), Fault::Verify, false));
        let deploy = interrupted(&world, n, "fall_back", edge).await;
        assert_eq!(deploy.status, DeployStatus::Failed, "{}", edge.as_str());
        let reason = deploy.status_reason.unwrap();
        assert!(reason.starts_with("Verify what runs failed") && reason.contains("ran before, #1"), "{reason}");
        world.assert_runs(1);
    }
}

#[tokio::test]
async fn whoever_lost_the_lease_stops_and_writes_nothing() {
    let world = world().await;
    world.roll_out(1).await;
    world.slow(30.0);
    world.queue(2).await;
    let quick = Limits { lease: Duration::from_secs(3), renewed_every: Duration::from_secs(1), ..Limits::default() };
    let first = world.start_with("first", quick, CrashPoint::default());
    while world.acts(2).0 == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.fast();
    // Its lease is taken away while its program works; the second engine must not wait for those 30 seconds.
    let second = world.start_with("second", quick, CrashPoint::default());
    let deploy = world.over(2).await;
    assert_eq!(deploy.status, DeployStatus::Succeeded, "{:?}", deploy.status_reason);
    world.assert_runs(2);
    assert_eq!(world.acts(2), (2, 1), "the first one's program was ended half-way, the second one's was not");
    assert!(world.steps(2).await.iter().all(|(_, status)| *status == StepStatus::Succeeded));
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn a_live_server_keeps_its_lease() {
    let world = world().await;
    world.slow(1.5);
    world.queue(1).await;
    let short =
        Limits { lease: Duration::from_millis(600), renewed_every: Duration::from_millis(100), ..Limits::default() };
    let first = world.start_with("first", short, CrashPoint::default());
    while world.acts(1).0 == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Longer than the lease holds: without renewing it, the claim would be free now.
    tokio::time::sleep(Duration::from_millis(900)).await;
    let claimed = world.store.claim_rollout("other", now(), 1000).await.unwrap();
    assert!(claimed.is_none(), "the lease was renewed");
    assert_eq!(world.over(1).await.status, DeployStatus::Succeeded);
    first.stop().await;
}

#[tokio::test]
async fn a_stop_finishes_the_step_and_gives_the_lease_back() {
    let world = world().await;
    world.slow(0.6);
    world.queue(1).await;
    let engine = world.start("first", CrashPoint::default());
    while world.acts(1).0 == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    engine.stop().await;
    assert_eq!(world.acts(1), (1, 1), "the step was finished");
    let steps = world.steps(1).await;
    assert_eq!(steps[1], (StepKind::SwitchImage, StepStatus::Succeeded));
    assert_eq!(steps[2], (StepKind::SwitchDags, StepStatus::Pending));
    let claim = world.store.claim_rollout("second", now(), 0).await.unwrap();
    assert!(claim.is_some_and(|claim| claim.resumed), "free at once, not after fifteen seconds");
    let engine = world.start("third", CrashPoint::default());
    assert_eq!(world.over(1).await.status, DeployStatus::Succeeded);
    engine.stop().await;
    world.assert_runs(1);
}

fn now() -> Millis {
    use crate::clock::Clock;
    crate::clock::SystemClock.now()
}
