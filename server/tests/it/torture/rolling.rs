//! Both servers are replaced, one after the other, while requests keep coming.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval};

use super::super::support::{Place, Server, TOKEN};

const PER_SECOND: u64 = 200;
const RESTARTS: usize = 6;
/// How long a server that stops still answers, so that whoever shares the requests out hears of it.
const DRAIN: &str = "1";

/// Whoever shares the requests out: asks `/readyz` ten times a second and sends to those who are.
struct Front {
    urls: Mutex<Vec<String>>,
    ready: Mutex<Vec<String>>,
    turn: AtomicUsize,
}

impl Front {
    async fn look(&self, client: &reqwest::Client) {
        let urls = self.urls.lock().unwrap().clone();
        let mut ready = Vec::new();
        for url in urls {
            if client.get(format!("{url}/readyz")).send().await.is_ok_and(|answer| answer.status() == 200) {
                ready.push(url);
            }
        }
        *self.ready.lock().unwrap() = ready;
    }

    fn next(&self) -> String {
        let ready = self.ready.lock().unwrap();
        ready[self.turn.fetch_add(1, Ordering::Relaxed) % ready.len()].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_fails_no_request() {
    let place = Place::new().on_postgres().await;
    let env = [("BACKSTEP_DRAIN_SECONDS", DRAIN)];
    let mut servers = [Some(Server::start_with(&place, &env)), Some(Server::start_with(&place, &env))];
    let id = servers[0].as_ref().unwrap().deployment().await;
    let client = servers[0].as_ref().unwrap().client.clone();
    let urls: Vec<_> = servers.iter().flatten().map(|server| server.url.clone()).collect();
    let front = Arc::new(Front { urls: Mutex::new(urls.clone()), ready: Mutex::new(urls), turn: AtomicUsize::new(0) });
    let over = Arc::new(AtomicBool::new(false));

    let looking = tokio::spawn({
        let (front, client, over) = (front.clone(), client.clone(), over.clone());
        async move {
            while !over.load(Ordering::Relaxed) {
                front.look(&client).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    });
    let asking = tokio::spawn({
        let (front, client, over, id) = (front.clone(), client.clone(), over.clone(), id.clone());
        async move {
            let mut asked = Vec::new();
            let mut beat = interval(Duration::from_millis(1000 / PER_SECOND));
            beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
            while !over.load(Ordering::Relaxed) {
                beat.tick().await;
                let path = ["", "/deploys?limit=5", "/hold"][asked.len() % 3];
                let request = client.get(format!("{}/api/v1/deployments/{id}{path}", front.next())).bearer_auth(TOKEN);
                asked.push(tokio::spawn(async move {
                    let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
                    let status = answer.status();
                    answer.bytes().await.map_err(|error| format!("{error:?}"))?;
                    if status == 200 { Ok(()) } else { Err(status.to_string()) }
                }));
            }
            let mut outcomes = Vec::new();
            for one in asked {
                outcomes.push(one.await.unwrap());
            }
            outcomes
        }
    });
    let mut deployed = 0;
    for restart in 0..RESTARTS {
        // A rollout is under way whenever a server stops.
        let version = u32::try_from(restart).unwrap() + 1;
        let old = restart % 2;
        servers[old].as_ref().unwrap().deploy(&id, version).await;
        deployed += 1;
        let mut stopping = servers[old].take().unwrap();
        stopping.stop();
        assert!(stopping.wait_for_end(), "a server stops within 20 s");
        let new = Server::start_with(&place, &env);
        front.urls.lock().unwrap()[old] = new.url.clone();
        servers[old] = Some(new);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    over.store(true, Ordering::Relaxed);
    looking.await.unwrap();
    let outcomes = asking.await.unwrap();
    for number in 1..=deployed {
        let deploy = servers[0].as_ref().unwrap().settled(&id, number).await;
        assert!(["DEPLOYED", "CANCELLED"].contains(&deploy["status"].as_str().unwrap()), "{deploy}");
    }
    let failed: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    println!(
        "rolling restart: {RESTARTS} restarts at {PER_SECOND} requests a second, {} requests, {} failed, {deployed} rollouts \
         ended",
        outcomes.len(),
        failed.len()
    );
    assert!(failed.is_empty(), "{failed:?}");
    assert!(outcomes.len() > 1000, "the load came through");
}
