//! Holds and what was rejected, end to end: who is told what, and what runs in the end.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::{Place, Server, archive, dags, image};

async fn on_each_database(test: impl AsyncFn(&Place, &Server, &str)) {
    for place in [Place::new(), Place::new().on_postgres().await] {
        let server = Server::start(&place);
        let id = server.deployment().await;
        test(&place, &server, &id).await;
    }
}

fn at(id: &str, rest: &str) -> String {
    format!("/api/v1/deployments/{id}/{rest}")
}

/// Uploads image and DAGs of a version; answers where it is finalized.
async fn upload(server: &Server, id: &str, version: u32) -> String {
    let new = json!({ "type": "IMAGE_AND_DAG", "image": image(version), "runtimeVersion": "3.1-12", "airflowVersion": "3.1.8" });
    let upload = server.post(&at(id, "deploys"), new).await;
    let path = at(id, &format!("deploys/{}", upload["id"].as_str().unwrap()));
    let put = server.client.put(format!("{}{path}/dags", server.url)).bearer_auth(super::support::TOKEN);
    assert!(put.body(archive(&dags(version))).send().await.unwrap().status().is_success());
    format!("{path}/finalize")
}

async fn refused(server: &Server, path: &str, body: Value) -> Value {
    let answer = server.send(Method::POST, path, Some(body)).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    answer.json().await.unwrap()
}

async fn roll_out(server: &Server, id: &str, version: u32) {
    let deploy = server.deploy(id, version).await;
    assert_eq!(server.settled(id, deploy["number"].as_u64().unwrap()).await["status"], "DEPLOYED");
}

/// Versions 1 and 2 are rolled out, and the DAGs of 2 rolled back: #3 is live.
async fn rolled_back(server: &Server, id: &str, hold: bool) {
    for version in [1, 2] {
        roll_out(server, id, version).await;
    }
    let why = json!({ "description": "Revenue counts twice", "scope": "dags", "hold": hold });
    server.post(&at(id, "deploys/1/rollback"), why).await;
    assert_eq!(server.settled(id, 3).await["status"], "DEPLOYED");
}

async fn marked(server: &Server, id: &str) -> Vec<u64> {
    let page = server.get(&at(id, "deploys")).await;
    let rejected = page["deploys"].as_array().unwrap().iter().filter(|deploy| deploy["rejected"] == true);
    rejected.map(|deploy| deploy["number"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn ci_is_told_who_holds_why_and_since_when() {
    on_each_database(async |_, server, id| {
        rolled_back(server, id, true).await;
        let finalize = upload(server, id, 4).await;
        let answer = server.post(&finalize, json!({})).await;
        assert_eq!(answer["status"], "HELD");
        assert_eq!(answer["hold"]["why"], "Revenue counts twice");
        assert_eq!(answer["hold"]["rollback"], 3);
        assert!(answer["hold"]["by"]["fullName"].is_string() && answer["hold"]["since"].is_string(), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn what_was_rejected_is_rolled_out_again_only_if_that_is_said() {
    on_each_database(async |place, server, id| {
        rolled_back(server, id, false).await;
        assert_eq!(marked(server, id).await, [2]);
        let state = server.get(&at(id, "hold")).await;
        let parts = state["rejectedParts"].as_array().unwrap();
        assert_eq!((parts.len(), &parts[0]["part"], &parts[0]["origin"]), (1, &json!("dags"), &json!(2)));

        // The next run of CI brings the same DAGs again.
        let finalize = upload(server, id, 2).await;
        let problem = refused(server, &finalize, json!({})).await;
        assert_eq!(problem["code"], "confirm_rejected");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("the DAGs of #2") && detail.contains("Revenue counts twice"), "{detail}");
        assert_eq!(
            server.get(&at(id, "deploys")).await["deploys"].as_array().unwrap().len(),
            3,
            "nothing was recorded"
        );
        assert_eq!(place.files(), dags(1));

        let answer = server.post(&finalize, json!({ "allowRejected": true })).await;
        assert_eq!(server.settled(id, answer["number"].as_u64().unwrap()).await["status"], "DEPLOYED");
        assert_eq!(place.files(), dags(2));
        assert_eq!(marked(server, id).await, [0u64; 0], "who lets it through takes the mark off");
        assert_eq!(server.get(&at(id, "hold")).await["rejectedParts"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn undoing_a_rollback_takes_its_marks_off() {
    on_each_database(async |place, server, id| {
        rolled_back(server, id, false).await;
        let plan = server.get(&at(id, "deploys/2/plan")).await;
        let warned = |scope: &str| {
            let options = plan["plan"]["options"].as_array().unwrap();
            let option = options.iter().find(|option| option["scope"] == scope).unwrap();
            option["warnings"].as_array().unwrap().iter().any(|warning| warning["code"] == "rejected_before")
        };
        assert!(warned("dags"), "{plan}");
        server
            .post(
                &at(id, "deploys/2/rollback"),
                json!({ "description": "It was right", "scope": "dags", "hold": false }),
            )
            .await;
        assert_eq!(server.settled(id, 4).await["status"], "DEPLOYED");
        assert_eq!(place.files(), dags(2));
        // What it took back itself is marked now.
        assert_eq!(marked(server, id).await, [3, 1]);
    })
    .await;
}

#[tokio::test]
async fn a_hold_is_released_to_a_chosen_deploy_and_the_others_are_cancelled() {
    on_each_database(async |place, server, id| {
        rolled_back(server, id, true).await;
        for version in [2, 5, 6] {
            let finalize = upload(server, id, version).await;
            assert_eq!(server.post(&finalize, json!({})).await["status"], "HELD", "nobody is asked while it is held");
        }
        let release = at(id, "hold/release");
        assert_eq!(refused(server, &release, json!({ "deploy": 4 })).await["code"], "confirm_rejected");
        assert_eq!(refused(server, &release, json!({ "deploy": 3 })).await["code"], "conflict");
        for wrong in [json!({}), json!({ "to": "4" }), json!({ "to": "newest", "deploy": 5 }), json!({ "deploy": 0 })] {
            assert_eq!(
                server.send(Method::POST, &release, Some(wrong)).await.status(),
                StatusCode::UNPROCESSABLE_ENTITY
            );
        }
        assert_eq!(server.post(&release, json!({ "deploy": 5 })).await["deploy"], 5);
        assert_eq!(server.settled(id, 5).await["status"], "DEPLOYED");
        assert_eq!(place.files(), dags(5));
        for number in [4, 6] {
            assert_eq!(server.settled(id, number).await["status"], "CANCELLED");
        }
        assert!(server.get(&at(id, "hold")).await["hold"].is_null());
    })
    .await;
}

#[tokio::test]
async fn a_hold_ends_at_its_time_and_what_it_held_waits_for_somebody() {
    on_each_database(async |place, server, id| {
        roll_out(server, id, 1).await;
        let until = |seconds: i64| (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds)).to_string();
        let hold = at(id, "hold");
        for wrong in [until(-1), until(400 * 86_400)] {
            let answer = server.send(Method::POST, &hold, Some(json!({ "why": "Freeze", "until": wrong }))).await;
            assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        }
        server.post(&hold, json!({ "why": "Freeze", "until": until(3) })).await;
        let finalize = upload(server, id, 2).await;
        let answer = server.post(&finalize, json!({})).await;
        assert_eq!(answer["status"], "HELD");
        assert!(answer["hold"]["until"].is_string());
        while !server.get(&hold).await["hold"].is_null() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        roll_out(server, id, 3).await;
        assert_eq!(server.get(&at(id, "deploys/2")).await["status"], "HELD");
        server.post(&at(id, "hold/release"), json!({ "to": "newest" })).await;
        assert_eq!(server.settled(id, 2).await["status"], "DEPLOYED");
        assert_eq!(place.files(), dags(2));
        // It is over: another one can be set.
        server.post(&hold, json!({ "why": "Once more" })).await;
    })
    .await;
}
