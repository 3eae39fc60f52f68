//! Servers that are killed and started again on the same folders.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::sync::RwLock;

use super::super::support::{Place, Server, TOKEN};

/// How long a write is tried again before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Deployment under torture: which of the place's, and its id.
#[derive(Clone, Debug)]
pub struct Deployment {
    pub at: usize,
    pub id: String,
}

pub struct Servers {
    pub place: Place,
    running: Vec<Mutex<Option<Server>>>,
    urls: Vec<Mutex<String>>,
    client: reqwest::Client,
    turn: AtomicUsize,
    /// Clients hold it while they ask for one thing; whoever wants the load to rest takes it whole.
    pub load: RwLock<()>,
}

impl Servers {
    pub fn start(place: Place, count: usize) -> Self {
        let running: Vec<_> = (0..count).map(|_| Server::start(&place)).collect();
        let urls = running.iter().map(|server| Mutex::new(server.url.clone())).collect();
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        let running = running.into_iter().map(|server| Mutex::new(Some(server))).collect();
        Self { place, running, urls, client, turn: AtomicUsize::new(0), load: RwLock::new(()) }
    }

    pub async fn deployments(&self, count: usize) -> Vec<Deployment> {
        let server = Server::borrowed(self.running[0].lock().unwrap().as_ref().unwrap());
        let workspace = server.post("/api/v1/workspaces", json!({ "name": "Data" })).await;
        let mut all = Vec::new();
        for at in 0..count {
            all.push(Deployment { at, id: server.deployment_in(&workspace["id"], at).await });
        }
        all
    }

    /// kill -9, and a new one in its place. It is waited for on a thread of its own.
    pub async fn kill_and_restart(self: &std::sync::Arc<Self>, victim: usize, env: &[(&str, &str)]) {
        let servers = self.clone();
        let env: Vec<_> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let restart = move || {
            let mut slot = servers.running[victim].lock().unwrap();
            slot.take().expect("it runs").kill();
            let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let server = Server::start_with(&servers.place, &env);
            *servers.urls[victim].lock().unwrap() = server.url.clone();
            *slot = Some(server);
        };
        tokio::task::spawn_blocking(restart).await.unwrap();
    }

    pub fn signal(&self, which: usize, signal: rustix::process::Signal) {
        self.running[which].lock().unwrap().as_ref().expect("it runs").signal(signal);
    }

    /// Sends to the servers in turn until one answers. What is sent may arrive several times: it has a key, or is one of
    /// those that come to the same.
    pub async fn send(&self, method: Method, path: &str, key: Option<&str>, body: &Body) -> (u16, Value) {
        let began = Instant::now();
        loop {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.urls.len();
            let url = self.urls[turn].lock().unwrap().clone();
            let mut request = self.client.request(method.clone(), format!("{url}{path}")).bearer_auth(TOKEN);
            if let Some(key) = key {
                request = request.header("idempotency-key", key);
            }
            request = match body {
                Body::Json(value) => request.json(value),
                Body::Bytes(bytes) => request.body(bytes.clone()),
                Body::None => request,
            };
            if let Some(answer) = whole(request.send().await).await {
                // A server that stops, or waits for its database, did nothing.
                if answer.0 < 500 {
                    return answer;
                }
            }
            assert!(began.elapsed() < PATIENCE, "{method} {path}: no server answers");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, value) = self.send(Method::GET, path, None, &Body::None).await;
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    /// Holds the load until no rollout is under way; answers how long that took.
    pub async fn rest(&self, deployments: &[Deployment]) -> Duration {
        let _load = self.load.write().await;
        let began = Instant::now();
        for deployment in deployments {
            loop {
                let view = self.get(&format!("/api/v1/deployments/{}", deployment.id)).await;
                if view["running"].is_null() && view["queued"].is_null() {
                    break;
                }
                assert!(began.elapsed() < PATIENCE, "a rollout is stuck: {view}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        began.elapsed()
    }
}

pub enum Body {
    None,
    Json(Value),
    Bytes(Vec<u8>),
}

/// The answer, if all of it arrived.
async fn whole(answer: reqwest::Result<Response>) -> Option<(u16, Value)> {
    let answer = answer.ok()?;
    let (status, text) = (answer.status().as_u16(), answer.text().await.ok()?);
    let value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).ok()? };
    Some((status, value))
}
