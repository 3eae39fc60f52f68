//! Servers that are really killed: this test program starts itself as one.

use std::{os::unix::process::ExitStatusExt, path::Path, process::Command};

use backstep_domain::*;
use tokio_util::sync::CancellationToken;

use super::world::*;

const FOLDER: &str = "BACKSTEP_TEST_FOLDER";
const NUMBER: &str = "BACKSTEP_TEST_NUMBER";

/// Not a test by itself: the server that the test below starts. It rolls a deploy out, unless it dies before.
#[tokio::test]
async fn as_server() {
    let (Ok(folder), Ok(n)) = (std::env::var(FOLDER), std::env::var(NUMBER)) else { return };
    let (world, n) = (world_in(Path::new(&folder)).await, n.parse().unwrap());
    if world.store.deploy(&world.deployment.id, number(n)).await.is_err() {
        world.queue(n).await;
    }
    let (engine, shutdown) = (world.engine(&format!("process {}", std::process::id())), CancellationToken::new());
    let run = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { engine.run(shutdown).await }
    });
    world.over(n).await;
    shutdown.cancel();
    run.await.unwrap();
    world.store.close().await;
}

fn server(folder: &Path, n: u32, crash_at: Option<&str>) -> std::process::ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "rollout::tests::killed::as_server", "--test-threads", "1"]);
    command.env(FOLDER, folder).env(NUMBER, n.to_string()).env_remove("BACKSTEP_CRASH_AT");
    command.envs(crash_at.map(|at| ("BACKSTEP_CRASH_AT", at)));
    command.output().unwrap().status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_leaves_nothing_half_and_its_program_is_waited_for() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let world = first_world_in(folder).await;
    world.roll_out(1).await;
    let slow = world.here().join("slow");
    // One process at a time uses the data folder.
    world.store.close().await;
    drop(world);
    let places = [
        "start:after_end",
        "stage_dags:after_row",
        "stage_dags:after_act",
        "switch_image:before_act",
        "switch_image:in_act",
        "switch_image:after_act",
        "switch_dags:before_act",
        "switch_dags:after_act",
        "verify:after_row",
        "finish:before_act",
    ];
    for (n, place) in (2..).zip(places) {
        // Long enough to outlive its server, and for the next one to come while it still works.
        let seconds = if place.ends_with("in_act") { "3" } else { "0" };
        std::fs::write(&slow, seconds).unwrap();
        assert_eq!(server(folder, n, Some(place)).signal(), Some(9), "{place} was reached");
        assert!(server(folder, n, None).success(), "{place}");
        let world = world_in(folder).await;
        world.assert_runs(n);
        assert_eq!(world.acts(n), (1, 1), "{place}: the program did it once, and to its end");
        let left = std::fs::read_dir(world.here().join("dags/versions")).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(left.iter().all(|name| name.len() == 64), "{place}: {left:?}");
        world.store.close().await;
        drop(world);
    }
    let after = world_in(folder).await;
    let present = after.store.present(&after.deployment.id).await.unwrap();
    assert_eq!(present.live.unwrap().number, number(11));
    assert!(present.running.is_none() && present.queued.is_none());
    for n in 2..=11 {
        let steps = after.steps(n).await;
        assert!(
            steps.len() == 4 && steps.iter().all(|(_, status)| *status == StepStatus::Succeeded),
            "#{n}: {steps:?}"
        );
        assert!(after.log(n).await.iter().zip(1..).all(|(line, seq)| line.seq == seq), "#{n}: no gaps");
    }
}
