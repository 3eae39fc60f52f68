//! kill -9 before and after each step of a rollout: after a restart the right state, nothing lost, nothing done twice.

use std::fs;

use serde_json::json;

use super::support::{ENV, Place, Server, dags, image};

/// Each step of a rollout of image and DAGs, and each edge of a step.
const STEPS: [&str; 4] = ["stage_dags", "switch_image", "switch_dags", "verify"];
const EDGES: [&str; 4] = ["after_row", "before_act", "after_act", "after_end"];
const TIMES: u32 = 20;

/// A rollout is killed at every edge of every step, twenty times each, by the process's own hand at exactly that point.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_rollout_ends_right_after_a_restart() {
    let place = Place::new();
    let mut server = Server::start(&place);
    let id = server.deployment().await;
    let mut number = 0;
    let mut kills = 0;
    // A rollout whose effects are in place already skips `act`, so those edges need a new version each time.
    for round in 0..TIMES {
        for step in STEPS {
            for edge in EDGES {
                // Verifying has nothing to act on.
                if step == "verify" && edge.ends_with("_act") {
                    continue;
                }
                server.kill();
                server = Server::start_with(&place, &[("BACKSTEP_CRASH_AT", &format!("{step}:{edge}"))]);
                number += 1;
                let version = round * 100 + u32::try_from(number).unwrap();
                let deploy = server.deploy(&id, version).await;
                assert_eq!(deploy["number"], json!(number), "numbers have no gaps");
                assert!(server.wait_for_end(), "the crash point {step}:{edge} was reached");
                kills += 1;
                server = Server::start(&place);
                let deploy = server.settled(&id, number).await;
                assert_eq!(deploy["status"], "DEPLOYED", "{step}:{edge}: {deploy}");
                assert_eq!(place.files(), dags(version), "{step}:{edge}");
                assert_eq!(place.env(), env_with(&image(version)), "{step}:{edge}");
                assert_nothing_half(&place);
            }
        }
    }
    assert_steps_once(&server, &id, number).await;
    println!("{kills} kills, {number} deploys, 0 lost");
}

/// A deploy that never started before the kill is rolled out after the restart.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_kill() {
    let place = Place::new();
    let mut server = Server::start(&place);
    let id = server.deployment().await;
    for number in 1..=10u64 {
        let version = u32::try_from(number).unwrap();
        let deploy = server.deploy(&id, version).await;
        server.kill();
        server = Server::start(&place);
        let after = server.settled(&id, number).await;
        assert_eq!(after["id"], deploy["id"]);
        assert_eq!(after["status"], "DEPLOYED");
        assert_eq!(place.files(), dags(version));
    }
}

fn env_with(image: &str) -> String {
    let old = ENV.lines().find(|l| l.starts_with("AIRFLOW_IMAGE_NAME=")).unwrap();
    ENV.replace(old, &format!("AIRFLOW_IMAGE_NAME={image}"))
}

/// No temporary file or folder of a killed attempt is left on the targets.
fn assert_nothing_half(place: &Place) {
    let names = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(place.path(folder)).unwrap();
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    };
    let left: Vec<_> = names("dags").into_iter().chain(names("dags/versions")).filter(|n| n.contains("tmp")).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    let left: Vec<_> = names("").into_iter().filter(|n| n.contains(".env") && n != ".env").collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

/// Every deploy has each of its steps once, all succeeded.
async fn assert_steps_once(server: &Server, id: &str, newest: u64) {
    for number in 1..=newest {
        let steps = server.get(&format!("/api/v1/deployments/{id}/deploys/{number}/steps")).await;
        let steps = steps["steps"].as_array().unwrap();
        assert_eq!(steps.len(), STEPS.len(), "#{number}: {steps:?}");
        assert!(steps.iter().all(|s| s["status"] == "COMPLETED"), "#{number}: {steps:?}");
    }
}
