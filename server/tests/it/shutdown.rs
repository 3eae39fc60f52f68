//! A stop with a thousand pages open and a rollout under way.

use std::{
    fs,
    time::{Duration, Instant},
};

use futures::StreamExt as _;
use reqwest::Client;
use serde_json::json;

use super::support::{Place, Server, TOKEN};

const STREAMS: usize = 1_000;
/// From SIGTERM to the end of the process, with no drain period.
const WITHIN: Duration = Duration::from_millis(500);

/// The image target's program: an image is switched a quarter of a second after it was asked for.
const SLOW: &str = r#"#!/bin/sh
read -r asked
case "$asked" in
*'"act"'*) echo begun >> "$0.begun"; sleep 0.15;;
esac
printf '%s\n' "$asked" | @BACKSTEP@ compose-env --file "$0.env"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_a_thousand_streams_and_a_rollout_within_half_a_second() {
    let place = Place::new();
    let program = place.path("slow");
    fs::write(&program, SLOW.replace("@BACKSTEP@", env!("CARGO_BIN_EXE_backstep"))).unwrap();
    let config = fs::read_to_string(place.path("backstep.toml")).unwrap();
    let (before, _) = config.split_once("[targets.image]").unwrap();
    let target = format!("[targets.image]\nkind = \"command\"\nprogram = [\"/bin/sh\", {program:?}]\n");
    fs::write(place.path("backstep.toml"), format!("{before}{target}")).unwrap();
    fs::copy(place.path(".env"), place.path("slow.env")).unwrap();
    // Its files, and one for each stream, on both sides: more than many systems let a process have unasked.
    raise_limit(4 * STREAMS as u64);
    let mut server = Server::start(&place);
    let id = server.deployment().await;

    let streams = open(&server, &id).await;
    // The rollout is in the middle of its image step.
    server.deploy(&id, 1).await;
    let limit = Instant::now() + Duration::from_secs(20);
    while !place.path("slow.begun").exists() {
        assert!(Instant::now() < limit, "the rollout does not get to its image");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let asked = Instant::now();
    server.stop();
    assert!(server.wait_for_end(), "the server goes on");
    let took = asked.elapsed();
    println!("graceful shutdown: {STREAMS} streams and a running rollout, {} ms", took.as_millis());
    for stream in streams {
        let ended = stream.await.unwrap();
        assert_eq!(ended, Ok(()), "a stream was cut off");
    }
    assert!(took <= WITHIN, "{took:?}");

    // What it left is finished by the next one.
    let server = Server::start(&place);
    assert_eq!(server.settled(&id, 1).await["status"], "DEPLOYED");
    let steps = server.get(&format!("/api/v1/deployments/{id}/deploys/1/steps")).await;
    assert_eq!(steps["steps"].as_array().map_or(0, Vec::len), 4, "{steps}");
    assert_ne!(server.get("/api/v1/audit?limit=1").await["entries"], json!([]));
}

/// Opens the streams, each on a connection of its own; each tells whether it ended as a stream ends.
async fn open(server: &Server, id: &str) -> Vec<tokio::task::JoinHandle<Result<(), String>>> {
    let url = format!("{}/events/deployments/{id}", server.url);
    let client = Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        let answer = client.get(&url).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let mut events = answer.bytes_stream();
        streams.push(tokio::spawn(async move {
            while let Some(piece) = events.next().await {
                piece.map_err(|error| format!("{error:?}"))?;
            }
            Ok(())
        }));
    }
    streams
}

fn raise_limit(files: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    if now.current.is_some_and(|current| current < files) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(files), maximum: now.maximum }).unwrap();
    }
}
