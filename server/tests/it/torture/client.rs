//! Somebody who deploys and rolls back, and sends again what was not answered.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rand::Rng as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    super::support::{archive, dags, image},
    servers::{Body, Deployment, Servers},
};

/// Something that was asked for, and what was answered in the end.
#[derive(Debug)]
pub struct Said {
    pub deployment: usize,
    /// Its description; no two have the same.
    pub label: String,
    /// The number of the deploy that was acknowledged; `None`: it was refused.
    pub number: Option<u64>,
    pub id: String,
    /// The version of image and DAGs, where it brought them.
    pub version: Option<u32>,
}

pub struct Client {
    number: usize,
    servers: Arc<Servers>,
    deployment: Deployment,
    over: Arc<AtomicBool>,
    said: Vec<Said>,
}

impl Client {
    pub fn new(number: usize, servers: Arc<Servers>, deployment: Deployment, over: Arc<AtomicBool>) -> Self {
        Self { number, servers, deployment, over, said: Vec::new() }
    }

    pub async fn work(mut self) -> Vec<Said> {
        let mut at = 0u32;
        while !self.over.load(Ordering::Relaxed) {
            at += 1;
            let servers = self.servers.clone();
            let _load = servers.load.read().await;
            let roll = rand::rng().random_range(0..10);
            match roll {
                0..6 => self.deploy(at).await,
                6..9 => self.roll_back(at).await,
                _ => self.release().await,
            }
        }
        self.said
    }

    fn base(&self) -> String {
        format!("/api/v1/deployments/{}", self.deployment.id)
    }

    /// Upload, DAGs, finalize, as CI does.
    async fn deploy(&mut self, at: u32) {
        let version = u32::try_from(self.number).unwrap() * 1_000_000 + at;
        let label = format!("deploy {version}");
        let deploys = format!("{}/deploys", self.base());
        let new = json!({ "type": "IMAGE_AND_DAG", "image": image(version), "runtimeVersion": "3.1-12",
                          "airflowVersion": "3.1.8", "description": label });
        let (status, upload) = self.keyed(&deploys, &format!("{label} upload"), new).await;
        assert!(done(status), "{status} {upload}");
        let id = upload["id"].as_str().unwrap().to_owned();
        let body = Body::Bytes(archive(&dags(version)));
        let (status, put) = self.servers.send(Method::PUT, &format!("{deploys}/{id}/dags"), None, &body).await;
        assert!(done(status), "{status} {put}");
        let answer = self
            .keyed(&format!("{deploys}/{id}/finalize"), &format!("{label} finalize"), json!({ "allowRejected": true }))
            .await;
        self.hear(label, answer, Some(version));
    }

    async fn roll_back(&mut self, at: u32) {
        let page = self.servers.get(&format!("{}/deploys?limit=20", self.base())).await;
        let deploys = page["deploys"].as_array().unwrap();
        let good: Vec<_> = deploys.iter().filter(|d| d["shownStatus"] == "Superseded").collect();
        if good.is_empty() {
            return;
        }
        let target = good[rand::rng().random_range(0..good.len())]["number"].as_u64().unwrap();
        let scope = ["IMAGE", "DAGS", "IMAGE_AND_DAGS"][rand::rng().random_range(0..3)].to_lowercase();
        let label = format!("rollback {}-{at}", self.number);
        let body = json!({ "description": label, "scope": scope, "hold": rand::rng().random_bool(0.2) });
        let answer = self.keyed(&format!("{}/deploys/{target}/rollback", self.base()), &label, body).await;
        self.hear(label, answer, None);
    }

    /// Twice is once: there is no hold to be released any more.
    async fn release(&self) {
        let path = format!("{}/hold/release", self.base());
        let (status, answer) = self
            .servers
            .send(Method::POST, &path, None, &Body::Json(json!({ "to": "newest", "allowRejected": true })))
            .await;
        assert!(done(status) || status == 409, "{status} {answer}");
    }

    async fn keyed(&self, path: &str, key: &str, body: Value) -> (u16, Value) {
        let key = key.replace(' ', "-");
        loop {
            let answer = self.servers.send(Method::POST, path, Some(&key), &Body::Json(body.clone())).await;
            // The try before is still at work: its answer is what counts.
            if answer.1["code"] != "in_progress" {
                return answer;
            }
        }
    }

    fn hear(&mut self, label: String, (status, answer): (u16, Value), version: Option<u32>) {
        let refused = [403, 409, 422].contains(&status);
        assert!(refused || done(status), "{label}: {status} {answer}");
        self.said.push(Said {
            deployment: self.deployment.at,
            label,
            number: answer["number"].as_u64().filter(|_| !refused),
            id: answer["id"].as_str().unwrap_or_default().to_owned(),
            version,
        });
    }
}

fn done(status: u16) -> bool {
    (200..300).contains(&status)
}
