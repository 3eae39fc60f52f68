//! What Prometheus is told, by a running server.

use std::{collections::BTreeSet, net::TcpListener, time::Duration};

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use super::support::{Place, Server, TOKEN, archive, dags};

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub struct Measured {
    pub server: Server,
    port: u16,
}

impl Measured {
    pub fn start(place: &Place) -> Self {
        let port = free_port();
        let server = Server::start_with(place, &[("BACKSTEP_METRICS_LISTEN", &format!("127.0.0.1:{port}"))]);
        Self { server, port }
    }

    pub async fn scrape(&self) -> String {
        let url = format!("http://127.0.0.1:{}/metrics", self.port);
        let answer = self.server.client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("application/openmetrics-text"));
        answer.text().await.unwrap()
    }

    /// The value of a series, written as in the text; 0 if it is not there.
    pub async fn value(&self, series: &str) -> f64 {
        value(&self.scrape().await, series)
    }
}

/// An attempt that is refused.
async fn sign_in(server: &Server, login: &str) {
    let form = server.client.post(format!("{}/ui/sign-in", server.url)).header("sec-fetch-site", "same-origin");
    let answer = form.form(&[("login", login), ("password", "canary-4711")]).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_counted() {
    let place = Place::new();
    let measured = Measured::start(&place);
    let server = &measured.server;
    let id = server.deployment().await;
    server.settled(&id, server.deploy(&id, 1).await["number"].as_u64().unwrap()).await;
    let events = format!("{}/events/deployments/{id}", server.url);
    let stream = server.client.get(events).bearer_auth(TOKEN).send().await.unwrap();
    // The same key twice is one effect.
    let base = format!("/api/v1/deployments/{id}/deploys");
    let upload = server.post(&base, json!({ "type": "DAG_ONLY" })).await;
    let upload = upload["id"].as_str().unwrap();
    let put = server.client.put(format!("{}{base}/{upload}/dags", server.url)).bearer_auth(TOKEN);
    assert!(put.body(archive(&dags(2))).send().await.unwrap().status().is_success());
    for _ in 0..2 {
        let request = server.client.post(format!("{}{base}/{upload}/finalize", server.url)).bearer_auth(TOKEN);
        let answer = request.header("idempotency-key", "one-key").json(&json!({})).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
    server.settled(&id, 2).await;
    for login in ["somebody@example.com", "<script>"] {
        sign_in(server, login).await;
    }

    let text = measured.scrape().await;
    let at_least = |series: &str, least: f64| {
        assert!(value(&text, series) >= least, "{series} is below {least}:\n{text}");
    };
    at_least(r#"backstep_rollouts_total{kind="deploy",outcome="succeeded"}"#, 2.0);
    at_least(r#"backstep_rollout_step_duration_seconds_count{step="switch_dags",outcome="succeeded"}"#, 2.0);
    at_least(
        r#"backstep_http_requests_total{method="POST",route="/api/v1/deployments/{deployment}/deploys",status="201"}"#,
        2.0,
    );
    at_least(r#"backstep_http_request_duration_seconds_count{method="POST",route="/api/v1/deployments"}"#, 1.0);
    at_least("backstep_event_streams", 1.0);
    at_least("backstep_idempotent_replays_total", 1.0);
    at_least(r#"backstep_sign_ins_total{method="password",outcome="refused"}"#, 2.0);
    at_least("backstep_database_up", 1.0);
    at_least(r#"backstep_database_connections_limit{pool="write"}"#, 1.0);
    at_least("backstep_data_free_bytes", 1.0);
    at_least(&format!("backstep_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1.0);
    for series in ["running", "queued", "held"] {
        let series = format!("backstep_deploys{{state=\"{series}\"}} 0\n");
        assert!(text.contains(&series), "{series}: {text}");
    }

    drop(stream);
    for _ in 0..100 {
        if measured.value("backstep_event_streams").await == 0.0 {
            return;
        }
        // The server notices when it next writes to the stream.
        server.deploy(&id, 3).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the stream that was closed is still counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_no_labels_and_paths_are_not_endless() {
    let place = Place::new();
    let measured = Measured::start(&place);
    let server = &measured.server;
    let id = server.deployment().await;
    for n in 0..50 {
        server.send(Method::GET, &format!("/api/v1/deployments/{id}-{n}"), None).await;
        server.send(Method::GET, &format!("/no/such/page/{n}"), None).await;
        server.send(Method::GET, &format!("/ui/no-such-function-{n}"), None).await;
        server.send(Method::from_bytes(format!("M{n}").as_bytes()).unwrap(), "/livez", None).await;
    }
    sign_in(server, "canary@example.com").await;

    let text = measured.scrape().await;
    for secret in [id.as_str(), "analytics", "canary", "127.0.0.1", "Administrator", "no-such", "no/such"] {
        assert!(!text.contains(secret), "{secret} is in:\n{text}");
    }
    let names: BTreeSet<_> = labels(&text).collect();
    let known = ["kind", "le", "method", "outcome", "pool", "route", "state", "status", "step", "version"];
    assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
    assert!(text.contains(r#"route="unmatched""#) && text.contains(r#"method="other""#), "{text}");
    assert!(text.lines().count() < 500, "a series for each of what callers make up:\n{text}");
}

/// The names of all labels.
fn labels(text: &str) -> impl Iterator<Item = &str> {
    let pairs = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (_, labels) = line.split_once('{')?;
        Some(labels.rsplit_once('}')?.0)
    });
    // A route has braces in it, but no `="`.
    pairs.flat_map(|pairs| pairs.split("\",")).filter_map(|pair| Some(pair.split_once("=\"")?.0))
}

#[tokio::test(flavor = "multi_thread")]
async fn names_end_in_base_units() {
    let place = Place::new();
    let measured = Measured::start(&place);
    for line in measured.scrape().await.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        assert!(name.starts_with("backstep_"), "{line}");
        let unit = ["_seconds", "_bytes"].iter().any(|unit| name.ends_with(unit));
        let timed = name.contains("duration") || name.contains("oldest") || name.contains("free");
        assert_eq!(unit, timed, "{line}");
        assert!(["counter", "gauge", "histogram", "info"].contains(&kind), "{line}");
        assert!(!name.contains("_ms") && !name.contains("milli"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_port_does_not_serve_metrics() {
    let place = Place::new();
    let measured = Measured::start(&place);
    let answer = measured.server.send(Method::GET, "/metrics", None).await;
    assert_ne!(answer.headers()[header::CONTENT_TYPE], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(!answer.text().await.unwrap().contains("backstep_"));
    // And the other port serves nothing else.
    for path in ["/", "/api/v1/deployments", "/livez"] {
        let url = format!("http://127.0.0.1:{}{path}", measured.port);
        assert_eq!(measured.server.client.get(url).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    }
}
