//! Two servers on one PostgreSQL database and one data folder.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use reqwest::{Method, header};
use serde_json::json;

use super::support::{Place, Server, dags, image};

/// How long a browser may wait for what another server did.
const SOON: Duration = Duration::from_secs(1);

async fn two() -> (Place, Server, Server) {
    let place = Place::new().on_postgres().await;
    let (one, two) = (Server::start(&place), Server::start(&place));
    (place, one, two)
}

/// Reads events of a Deployment until one says something of `what`, or the stream ends.
async fn hears(server: &Server, deployment: &str, token: &str, what: &str) -> Result<(), &'static str> {
    let url = format!("{}/events/deployments/{deployment}", server.url);
    let answer = server.client.get(url).bearer_auth(token).header(header::ACCEPT, "text/event-stream").send();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut events = answer.bytes_stream();
    let mut text = String::new();
    while let Some(piece) = events.next().await {
        text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
        if text.contains(what) {
            return Ok(());
        }
    }
    Err("the stream ended")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_server_does_is_seen_on_the_other() {
    let (place, one, two) = two().await;
    let id = one.deployment().await;
    for version in 1..=3 {
        // The stream is open before anything happens.
        let heard = {
            let (server, id) = (Server::borrowed(&two), id.clone());
            tokio::spawn(async move {
                hears(&server, &id, super::support::TOKEN, &format!("\"number\":{version}")).await.unwrap();
                Instant::now()
            })
        };
        tokio::time::sleep(Duration::from_millis(300)).await;
        let deploy = one.deploy(&id, version).await;
        let told = Instant::now();
        assert!(heard.await.unwrap().duration_since(told) < SOON);
        let deploy = two.settled(&id, deploy["number"].as_u64().unwrap()).await;
        assert_eq!(deploy["status"], "DEPLOYED");
        assert_eq!(place.files(), dags(version));
        assert!(place.env().contains(&image(version)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_revoked_on_one_server_closes_its_streams_on_the_other() {
    let (_place, one, two) = two().await;
    let id = one.deployment().await;
    let account = one.post("/api/v1/service-accounts", json!({ "name": "ci" })).await;
    let account = account["id"].as_str().unwrap();
    let grant = json!({ "accountId": account, "role": "DEPLOYMENT_VIEWER", "deploymentId": id });
    one.post("/api/v1/grants", grant).await;
    let made = one.post(&format!("/api/v1/accounts/{account}/tokens"), json!({ "name": "t", "days": 1 })).await;
    let token = made["token"].as_str().unwrap().to_owned();
    let open = {
        let (server, id) = (Server::borrowed(&two), id.clone());
        tokio::spawn(async move {
            let ended = hears(&server, &id, &token, "never said").await;
            (ended, Instant::now())
        })
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(one.send(Method::DELETE, &path, None).await.status(), 204);
    let revoked = Instant::now();
    let (ended, at) = open.await.unwrap();
    assert_eq!(ended, Err("the stream ended"));
    assert!(at.duration_since(revoked) < SOON, "{:?}", at.duration_since(revoked));
}

/// Who is killed while it rolls out leaves the rest to the other one.
#[tokio::test(flavor = "multi_thread")]
async fn the_other_server_finishes_what_a_killed_one_began() {
    let place = Place::new().on_postgres().await;
    let id = {
        let first = Server::start(&place);
        first.deployment().await
    };
    let mut slowest = Duration::ZERO;
    for (number, step) in (1..).zip(["stage_dags", "switch_image", "switch_dags", "verify", "finish"]) {
        let edge = if step == "finish" { "before_act" } else { "after_row" };
        let mut dying = Server::start_with(&place, &[("BACKSTEP_CRASH_AT", &format!("{step}:{edge}"))]);
        let version = u32::try_from(number).unwrap();
        dying.deploy(&id, version).await;
        assert!(dying.wait_for_end(), "{step} was reached");
        let began = Instant::now();
        let other = Server::start(&place);
        let deploy = other.settled(&id, number).await;
        slowest = slowest.max(began.elapsed());
        assert_eq!(deploy["status"], "DEPLOYED", "{step}: {deploy}");
        assert_eq!(place.files(), dags(version), "{step}");
        assert!(place.env().contains(&image(version)), "{step}");
    }
    println!("the other server finished within {} ms", slowest.as_millis());
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}
