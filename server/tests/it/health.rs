//! What those who watch a server are told.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::support::{Place, Server};

async fn probe(server: &Server, path: &str) -> (StatusCode, String) {
    let answer = server.client.get(format!("{}{path}", server.url)).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

/// Waits until a probe says it.
async fn says(server: &Server, path: &str, status: u16, words: &str) {
    let limit = Instant::now() + Duration::from_secs(10);
    loop {
        let (found, text) = probe(server, path).await;
        if found == status && text.contains(words) {
            return;
        }
        assert!(Instant::now() < limit, "{path} goes on to say {found}: {text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_has_started_when_it_sealed_what_the_one_before_it_left() {
    let place = Place::new().on_postgres().await;
    let mut beside = PgConnection::connect(place.database().unwrap()).await.unwrap();
    let before = Server::start(&place);
    says(&before, "/startupz", 200, "ok").await;

    // As if another server were sealing, and did not get on with it.
    let mut sealing = beside.begin().await.unwrap();
    sealing.execute("select pg_advisory_xact_lock(7411741174117412)").await.unwrap();
    before.post("/api/v1/workspaces", json!({ "name": "Data" })).await;
    before.kill();
    let server = Server::start(&place);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let starting = "starting: the audit log is not sealed yet\n".to_owned();
    assert_eq!(probe(&server, "/startupz").await, (StatusCode::SERVICE_UNAVAILABLE, starting.clone()));
    assert_eq!(probe(&server, "/readyz").await, (StatusCode::SERVICE_UNAVAILABLE, starting));
    assert_eq!(probe(&server, "/livez").await, (StatusCode::OK, "ok\n".to_owned()));

    sealing.rollback().await.unwrap();
    says(&server, "/startupz", 200, "ok").await;
    says(&server, "/readyz", 200, "ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_says_what_is_degraded() {
    let place = Place::new().on_postgres().await;
    let mut beside = PgConnection::connect(place.database().unwrap()).await.unwrap();
    let server = Server::start(&place);
    says(&server, "/readyz", 200, "ok").await;

    beside.execute("insert into schema_version (version) values (9999)").await.unwrap();
    let newer = "degraded: a newer version has migrated the database; replace this server\n".to_owned();
    assert_eq!(probe(&server, "/readyz").await, (StatusCode::OK, newer));
    beside.execute("delete from schema_version where version = 9999").await.unwrap();

    // The sealer cannot do its work any more.
    beside.execute("alter table audit_unsealed rename to gone").await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    says(&server, "/readyz", 200, "degraded: the audit log is not being sealed").await;

    beside.execute("alter table schema_version rename to gone_too").await.unwrap();
    says(&server, "/readyz", 503, "the database does not answer").await;
    assert_eq!(probe(&server, "/livez").await.0, StatusCode::OK);
}
