//! One key is one effect, whoever sends it how often.

use std::time::Duration;

use futures::future::join_all;
use reqwest::{Body, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::support::{Place, Server, TOKEN};

const PATH: &str = "/api/v1/workspaces";

async fn post(server: &Server, key: &str, body: impl Into<Body>) -> Response {
    let request = server.client.post(format!("{}{PATH}", server.url)).bearer_auth(TOKEN);
    request.header("Idempotency-Key", key).body(body).send().await.unwrap()
}

fn replayed(answer: &Response) -> bool {
    answer.headers().get("idempotent-replayed").is_some_and(|value| value == "true")
}

async fn named(server: &Server, name: &str) -> usize {
    let all = server.get(PATH).await;
    all["workspaces"].as_array().unwrap().iter().filter(|workspace| workspace["name"] == name).count()
}

#[tokio::test]
async fn the_same_request_again_is_answered_as_the_first_and_says_so() {
    let server = Server::start(&Place::new());
    let body = json!({ "name": "Once" }).to_string();
    let first = post(&server, "key-1", body.clone()).await;
    assert!(first.status().is_success() && !replayed(&first));
    let first: Value = first.json().await.unwrap();
    let again = post(&server, "key-1", body).await;
    assert!(again.status().is_success() && replayed(&again));
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    let other = post(&server, "key-1", json!({ "name": "Twice" }).to_string()).await;
    assert_eq!((other.status(), replayed(&other)), (StatusCode::UNPROCESSABLE_ENTITY, false));
    assert_eq!((named(&server, "Once").await, named(&server, "Twice").await), (1, 0));
}

#[tokio::test]
async fn while_the_first_is_worked_on_the_second_is_told_to_wait() {
    let server = Server::start(&Place::new());
    // Its body does not end yet, so that the server is at work on it.
    let (pieces, body) = mpsc::unbounded_channel::<Result<&'static str, std::io::Error>>();
    let slow = Body::wrap_stream(UnboundedReceiverStream::new(body));
    let first = {
        let server = Server::borrowed(&server);
        tokio::spawn(async move { post(&server, "key-2", slow).await })
    };
    pieces.send(Ok(r#"{"name": "#)).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let second = post(&server, "key-2", r#"{"name": "Slow"}"#).await;
    assert_eq!(second.status(), StatusCode::CONFLICT);
    assert_eq!(second.headers()["retry-after"], "1");
    assert_eq!(second.json::<Value>().await.unwrap()["code"], "in_progress");
    assert!(post(&server, "key-3", r#"{"name": "Another"}"#).await.status().is_success(), "another key does not wait");
    pieces.send(Ok(r#""Slow"}"#)).unwrap();
    drop(pieces);
    assert!(first.await.unwrap().status().is_success());
    assert!(replayed(&post(&server, "key-2", r#"{"name": "Slow"}"#).await));
    assert_eq!(named(&server, "Slow").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_on_two_servers_are_one_effect() {
    let place = Place::new().on_postgres().await;
    let servers = [Server::start(&place), Server::start(&place)];
    let body = json!({ "name": "Racing" }).to_string();
    let answers = join_all((0..100).map(|n| post(&servers[n % 2], "key-4", body.clone()))).await;
    let mut made = Vec::new();
    for answer in answers {
        let (status, replayed) = (answer.status(), replayed(&answer));
        let answer: Value = answer.json().await.unwrap();
        match status {
            StatusCode::CONFLICT => assert_eq!(answer["code"], "in_progress"),
            status => {
                assert!(status.is_success(), "{status} {answer}");
                made.push((replayed, answer["id"].as_str().unwrap().to_owned()));
            }
        }
    }
    assert_eq!(made.iter().filter(|(replayed, _)| !replayed).count(), 1, "{made:?}");
    assert!(made.iter().all(|(_, id)| *id == made[0].1), "{made:?}");
    assert_eq!(named(&servers[0], "Racing").await, 1);
}
