//! The log as JSON: every line is an object, and every line of a request has its id.

use std::fs::{self, File};

use reqwest::{Method, header};
use serde_json::{Value, json};

use super::support::{Place, Server, TOKEN};

/// A server whose standard output and error go to one file, as a container's do.
fn start(place: &Place, more: &[(&str, &str)]) -> Server {
    let mut command = Server::command(place, &[("BACKSTEP_LOG_FORMAT", "json")]);
    command.envs(more.iter().copied());
    Server::spawn_logged(command, File::create(place.path("server.log")).unwrap(), &place.path("server.log"))
}

fn lines(place: &Place) -> Vec<Value> {
    let text = fs::read_to_string(place.path("server.log")).unwrap();
    let parsed = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")));
    parsed.collect()
}

fn of<'a>(lines: &'a [Value], id: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["request_id"] == id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_request_has_its_id() {
    let place = Place::new();
    let server = start(&place, &[("RUST_LOG", "info,backstep=trace,sqlx=trace")]);
    let id = server.deployment().await;
    for (request, path) in [
        ("from-outside-api", format!("/api/v1/deployments/{id}")),
        ("from-outside-page", format!("/deployments/{id}")),
        ("from-outside-ui", "/ui/deployments".to_owned()),
    ] {
        let url = format!("{}{path}", server.url);
        let answer = server.client.get(url).bearer_auth(TOKEN).header("x-request-id", request).send().await.unwrap();
        assert_eq!(answer.headers()["x-request-id"], request);
        answer.text().await.unwrap();
        let all = lines(&place);
        let lines = of(&all, request);
        assert!(lines.iter().any(|line| line["message"] == "answered" && line["path"] == path), "{lines:?}");
        // What the database was asked, far below the handler.
        assert!(lines.iter().any(|line| line["target"] == "sqlx::query"), "{request}: {lines:?}");
    }
    // What is no id is not taken over, and never written.
    for bad in ["short", "with a space in it", "quote\"quote\"quote"] {
        let url = format!("{}/livez", server.url);
        let answer = server.client.get(url).header("x-request-id", bad).send().await.unwrap();
        let made = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(made != bad && made.len() == 36, "{made}");
        let all = lines(&place);
        assert!(!of(&all, &made).is_empty() && of(&all, bad).is_empty());
    }
    for line in lines(&place) {
        for key in ["timestamp", "level", "target"] {
            assert!(line[key].is_string(), "{line}");
        }
    }
}

/// What is refused, and what is written down, is found again by the id that the caller was told.
#[tokio::test(flavor = "multi_thread")]
async fn answers_and_audit_entries_have_the_same_id() {
    let place = Place::new();
    let server = start(&place, &[("RUST_LOG", "info")]);
    let body = json!({ "name": "Data" });
    let made = server.send(Method::POST, "/api/v1/workspaces", Some(body)).await;
    let id = made.headers()["x-request-id"].to_str().unwrap().to_owned();
    let entries = server.get("/api/v1/audit?action=workspace.created").await;
    assert_eq!(entries["entries"][0]["requestId"], json!(id));
    assert_eq!(of(&lines(&place), &id).len(), 1);

    let refused = server.send(Method::GET, "/api/v1/deployments/none", None).await;
    assert_eq!(refused.headers()[header::CONTENT_TYPE], "application/problem+json");
    let id = refused.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(of(&lines(&place), &id)[0]["status"], 404);
}

/// The reason why it does not start is a line like any other.
#[test]
fn a_start_that_fails_says_so_in_json() {
    let place = Place::new();
    fs::write(place.path("backstep.toml"), "[server]\nlog_format = \"json\"\ndatabase = \"mysql://x\"\n").unwrap();
    let output = Server::command(&place, &[("RUST_LOG", "info")]).output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    let said: Value = serde_json::from_slice(output.stderr.trim_ascii()).unwrap();
    assert_eq!(said["level"], "ERROR");
    assert!(said["message"].as_str().unwrap().contains("mysql"), "{said}");
}
