//! The commands against a server that plays its part: what is sent, and how the command ends.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    body::to_bytes,
    extract::Request,
    response::{IntoResponse, Response},
};
use backstep_domain::{Problem, ProblemCode};
use clap::Parser;
use http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Cli, Command, Exit, Failure};
use crate::http::api::{ApiProblem, content_digest_value};

/// A request that arrived: method and path, headers of interest, body.
#[derive(Clone, Debug)]
struct Seen {
    what: String,
    token: Option<String>,
    key: Option<String>,
    digest: Option<String>,
    body: Vec<u8>,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

struct Played {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Played {
    fn of(&self, what: &str) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.what == what).cloned().collect()
    }
}

/// Answers every request with what `script` says to "METHOD /path".
async fn server(script: fn(&str) -> Response) -> Played {
    let seen = Arc::<Mutex<Vec<Seen>>>::default();
    let kept = seen.clone();
    let app = Router::new().fallback(move |request: Request| {
        let kept = kept.clone();
        async move {
            let headers = request.headers().clone();
            let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            let what = format!("{} {}", request.method(), request.uri().path());
            let (token, key, digest) = (header("authorization"), header("idempotency-key"), header("content-digest"));
            let body = to_bytes(request.into_body(), usize::MAX).await.unwrap().to_vec();
            kept.lock().unwrap().push(Seen { what: what.clone(), token, key, digest, body });
            script(&what)
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await });
    Played { url, seen }
}

async fn run(server: &Played, arguments: &[&str]) -> Result<Exit, Failure> {
    let all = ["backstep"].iter().chain(arguments).copied();
    let cli = Cli::try_parse_from(all.chain(["--url", &server.url, "--token", "secret", "-d", "prod"])).unwrap();
    match cli.command {
        Command::Deploy(command) => command.run().await,
        Command::Rollback(command) => command.run().await,
        Command::History(command) => command.run().await,
        other => panic!("{other:?} is not played here"),
    }
}

fn subject() -> Value {
    json!({"id": "token:ci", "subjectType": "SERVICEKEY", "fullName": "CI"})
}

fn deployments() -> Value {
    json!({"deployments": [{
        "id": "d", "workspaceId": "w", "workspaceName": "acme", "name": "prod", "description": "",
        "mechanism": "dag_deploy", "isDagDeployEnabled": true, "rollbackEnabled": true, "rollbackAllowedHere": true,
        "createdAt": "2026-03-01T12:00:00Z", "heldDeploys": 0, "permissions": [], "createdBySubject": subject(),
    }]})
}

fn deploy(status: &str) -> Value {
    json!({
        "id": "u", "deploymentId": "d", "number": 58, "type": "DAG_ONLY", "status": status, "description": "",
        "createdAt": "2026-03-01T12:00:00Z", "updatedAt": "2026-03-01T12:00:00Z", "imageRepository": "",
        "imageTag": "", "isDagDeployEnabled": true, "isAdoption": false, "rejected": false, "artifactMissing": false,
        "createdBySubject": subject(), "dagsUploadUrl": "/api/v1/deployments/d/deploys/u/dags",
    })
}

fn created(body: Value) -> Response {
    (StatusCode::CREATED, Json(body)).into_response()
}

fn ok(body: Value) -> Response {
    Json(body).into_response()
}

/// A deploy whose rollout is over at once.
fn deploys_well(what: &str) -> Response {
    match what {
        "GET /api/v1/deployments" => ok(deployments()),
        "POST /api/v1/deployments/d/deploys" => created(deploy("INITIALIZED")),
        "PUT /api/v1/deployments/d/deploys/u/dags" => {
            ok(json!({"dagTarballVersion": "sha256:abc", "files": 1, "bytes": 3}))
        }
        "POST /api/v1/deployments/d/deploys/u/finalize" => ok(deploy("QUEUED")),
        "GET /api/v1/deployments/d/deploys/u" => ok(deploy("DEPLOYED")),
        "GET /api/v1/deployments/d/deploys/u/steps" => ok(json!({"steps": []})),
        "GET /api/v1/deployments/d/deploys/u/logs" => ok(json!({"entries": [], "last": 0})),
        other => panic!("nobody should ask {other}"),
    }
}

#[tokio::test]
async fn a_deploy_is_packed_uploaded_finalized_and_followed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.py"), "x=1").unwrap();
    let server = server(deploys_well).await;
    let dags = folder.path().to_str().unwrap();
    assert_eq!(run(&server, &["deploy", "--dags", dags, "-m", "First"]).await.unwrap(), Exit::Done);

    let create = &server.of("POST /api/v1/deployments/d/deploys")[0];
    assert_eq!(
        (create.json()["type"].as_str(), create.json()["description"].as_str()),
        (Some("DAG_ONLY"), Some("First"))
    );
    assert_eq!(create.token.as_deref(), Some("Bearer secret"));
    assert!(create.key.is_some());
    let upload = &server.of("PUT /api/v1/deployments/d/deploys/u/dags")[0];
    assert!(upload.body.starts_with(&[0x1f, 0x8b]), "gzip");
    assert_eq!(upload.digest, content_digest_value(&hex::encode(Sha256::digest(&upload.body))));
    let finalize = &server.of("POST /api/v1/deployments/d/deploys/u/finalize")[0];
    assert_eq!(finalize.json(), json!({"dagTarballVersion": "sha256:abc"}));
    assert_ne!(finalize.key, create.key);
}

#[tokio::test]
async fn a_folder_that_cannot_be_packed_leaves_no_upload_behind() {
    let server = server(deploys_well).await;
    let failure = run(&server, &["deploy", "--dags", "/nowhere/at/all", "-m", "First"]).await.unwrap_err();
    assert_eq!(failure.exit, Exit::Failed);
    assert!(server.seen.lock().unwrap().is_empty());
}

fn holds(what: &str) -> Response {
    match what {
        "POST /api/v1/deployments/d/deploys/u/finalize" => ok(deploy("HELD")),
        other => deploys_well(other),
    }
}

fn fails(what: &str) -> Response {
    match what {
        "GET /api/v1/deployments/d/deploys/u" => ok(deploy("FAILED")),
        other => deploys_well(other),
    }
}

fn forbids(what: &str) -> Response {
    match what {
        "POST /api/v1/deployments/d/deploys" => ApiProblem::from(Problem::forbidden("Not you.")).into_response(),
        other => deploys_well(other),
    }
}

#[tokio::test]
async fn the_exit_code_says_how_a_deploy_ended() {
    let image = format!("acme/airflow@sha256:{}", "a".repeat(64));
    let arguments = ["deploy", "--image", &image, "-m", "First"];
    assert_eq!(run(&server(holds).await, &arguments).await.unwrap(), Exit::Held);
    assert_eq!(run(&server(fails).await, &arguments).await.unwrap(), Exit::Failed);
    assert_eq!(run(&server(forbids).await, &arguments).await.unwrap_err().exit, Exit::NotPermitted);
    let no_server = Played { url: "http://127.0.0.1:9".to_owned(), seen: Arc::default() };
    assert_eq!(run(&no_server, &arguments).await.unwrap_err().exit, Exit::Failed);
}

fn plan(whole_allowed: bool) -> Value {
    let named = |number: u32| {
        json!({"number": number, "type": "DAG_ONLY", "description": "", "createdBySubject": subject(),
        "createdAt": "2026-03-01T12:00:00Z"})
    };
    let refusals =
        if whole_allowed { json!([]) } else { json!([{"code": "permission_missing", "message": "Not you."}]) };
    let option = |scope: &str, allowed: bool, refusals: Value| {
        json!({"scope": scope, "allowed": allowed, "refusals": refusals,
        "changes": [], "undone": [], "backward": true, "warnings": [], "steps": [], "needsConfirmName": false})
    };
    json!({"deploymentName": "prod", "targetProposed": true, "plan": {
        "from": named(57), "to": named(52), "between": [], "backward": true, "fingerprint": "seen",
        "options": [option("dags", true, json!([])), option("image_and_dags", whole_allowed, refusals)],
        "proposed": if whole_allowed { "image_and_dags" } else { "dags" }, "kept": {"known": false, "settings": []},
    }})
}

fn rolls_back(what: &str) -> Response {
    match what {
        "GET /api/v1/deployments/d/plan" | "GET /api/v1/deployments/d/deploys/52/plan" => ok(plan(true)),
        "POST /api/v1/deployments/d/deploys/52/rollback" => created(deploy("QUEUED")),
        other => deploys_well(other),
    }
}

fn moved(what: &str) -> Response {
    match what {
        "POST /api/v1/deployments/d/deploys/52/rollback" => {
            ApiProblem::from(Problem::new(ProblemCode::PlanMoved, "Somebody deployed.")).into_response()
        }
        other => rolls_back(other),
    }
}

fn dags_only(what: &str) -> Response {
    match what {
        "GET /api/v1/deployments/d/plan" => ok(plan(false)),
        other => rolls_back(other),
    }
}

const ROLLBACK: &str = "POST /api/v1/deployments/d/deploys/52/rollback";

#[tokio::test]
async fn a_rollback_goes_to_the_proposed_deploy_with_the_fingerprint_of_its_plan() {
    let server = server(rolls_back).await;
    assert_eq!(run(&server, &["rollback", "--yes", "-m", "Why"]).await.unwrap(), Exit::Done);
    assert_eq!(server.of(ROLLBACK)[0].json(), json!({"description": "Why", "fingerprint": "seen"}));
    let chosen =
        ["rollback", "52", "-y", "-m", "Why", "--scope", "dags", "--no-hold", "--no-reject", "--confirm", "prod"];
    run(&server, &chosen).await.unwrap();
    let expected = json!({"description": "Why", "fingerprint": "seen", "scope": "dags", "hold": false, "reject": false,
        "confirmName": "prod"});
    assert_eq!(server.of(ROLLBACK)[1].json(), expected);
}

/// With `--yes` nobody saw which scope was proposed: leaving it out has to stay the whole deploy.
#[tokio::test]
async fn a_scope_left_out_is_never_silently_narrower() {
    let server = server(dags_only).await;
    run(&server, &["rollback", "--yes", "-m", "Why"]).await.unwrap();
    assert_eq!(server.of(ROLLBACK)[0].json().get("scope"), None);
    let refused = run(&server, &["rollback", "--yes", "-m", "Why", "--scope", "image_and_dags"]).await.unwrap_err();
    assert_eq!(refused.exit, Exit::NotPermitted);
    assert_eq!(server.of(ROLLBACK).len(), 1, "a refused scope is not asked for");
}

#[tokio::test]
async fn a_plan_that_moved_is_not_confirmed_again_unseen() {
    let server = server(moved).await;
    let failure = run(&server, &["rollback", "--yes", "-m", "Why"]).await.unwrap_err();
    assert_eq!((failure.exit, server.of(ROLLBACK).len()), (Exit::Refused, 1));
}

/// Tests have no terminal to ask on.
#[tokio::test]
async fn without_a_terminal_nothing_is_done_unasked() {
    let server = server(rolls_back).await;
    for arguments in [&["rollback", "-m", "Why"][..], &["rollback", "--yes"]] {
        if arguments.len() == 3 && std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            continue;
        }
        assert_eq!(run(&server, arguments).await.unwrap_err().exit, Exit::Usage);
    }
    assert!(server.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_not_a_backstep_servers_says_so() {
    let played = server(|_| (StatusCode::BAD_GATEWAY, "<html>").into_response()).await;
    let failure = run(&played, &["history"]).await.unwrap_err();
    assert!(failure.message.contains("502") && failure.message.contains("proxy"), "{failure}");
}
