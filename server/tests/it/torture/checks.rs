//! What must hold afterwards.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

use super::{
    super::support::{ENV, dags, image},
    client::Said,
    servers::{Deployment, Servers},
};

pub async fn violations(servers: &Servers, deployments: &[Deployment], said: &[Said]) -> Vec<String> {
    let mut violations = verify(servers);
    for deployment in deployments {
        let history = history(servers, deployment).await;
        let said: Vec<_> = said.iter().filter(|s| s.deployment == deployment.at).collect();
        let mut found = acknowledged(&history, &said);
        found.extend(gapless(&history));
        found.extend(runs(servers, deployment, &history, &said));
        found.extend(steps(servers, deployment, &history).await);
        violations.extend(found.into_iter().map(|text| format!("Deployment {}: {text}", deployment.at)));
    }
    violations
}

/// Every deploy, oldest first.
async fn history(servers: &Servers, deployment: &Deployment) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = servers.get(&format!("/api/v1/deployments/{}/deploys?limit=100{cursor}", deployment.id)).await;
        all.extend(page["deploys"].as_array().unwrap().iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    all.reverse();
    all
}

/// What was acknowledged is there under its number, once; what was refused is not.
fn acknowledged(history: &[Value], said: &[&Said]) -> Vec<String> {
    let mut labels: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for deploy in history {
        labels.entry(deploy["description"].as_str().unwrap()).or_default().push(deploy);
    }
    let mut violations = Vec::new();
    for Said { label, number, id, .. } in said.iter().copied() {
        let there = labels.remove(label.as_str()).unwrap_or_default();
        match (number, there.as_slice()) {
            (Some(number), [one]) if one["number"].as_u64() == Some(*number) && one["id"] == *id => {}
            (None, []) => {}
            (number, there) => violations.push(format!("{label}: answered {number:?}, there are {there:?}")),
        }
    }
    violations.extend(labels.into_keys().map(|label| format!("nobody was told of {label}")));
    violations
}

fn gapless(history: &[Value]) -> Vec<String> {
    let wrong = history.iter().zip(1u64..).find(|(deploy, number)| deploy["number"].as_u64() != Some(*number));
    wrong.map(|(deploy, number)| format!("{} stands where {number} should", deploy["number"])).into_iter().collect()
}

/// The targets have what the live deploy says, and every other setting is as it was.
fn runs(servers: &Servers, deployment: &Deployment, history: &[Value], said: &[&Said]) -> Vec<String> {
    let live: Vec<_> = history.iter().filter(|deploy| deploy["shownStatus"] == "Live").collect();
    let [live] = live.as_slice() else { return vec![format!("{} deploys are live", live.len())] };
    let version = |part: &str| {
        let origin = live[part].as_u64();
        said.iter().find(|said| said.number.is_some() && said.number == origin).and_then(|said| said.version)
    };
    let (Some(of_image), Some(of_dags)) = (version("imageOrigin"), version("dagsOrigin")) else {
        return vec![format!("nobody deployed what runs: {live}")];
    };
    let mut violations = Vec::new();
    if servers.place.files_of(deployment.at) != dags(of_dags) {
        violations.push(format!("the files are not those of {live}"));
    }
    let old = ENV.lines().find(|l| l.starts_with("AIRFLOW_IMAGE_NAME=")).unwrap();
    let expected = ENV.replace(old, &format!("AIRFLOW_IMAGE_NAME={}", image(of_image)));
    if servers.place.env_of(deployment.at) != expected {
        violations.push(format!("the image is not that of {live}"));
    }
    violations
}

/// A deploy that was rolled out has each of its steps done; nothing is left half.
async fn steps(servers: &Servers, deployment: &Deployment, history: &[Value]) -> Vec<String> {
    let mut violations = Vec::new();
    for deploy in history {
        let status = deploy["status"].as_str().unwrap();
        if ["DEPLOYED", "CANCELLED", "HELD"].contains(&status) {
            let number = &deploy["number"];
            let path = format!("/api/v1/deployments/{}/deploys/{number}/steps", deployment.id);
            let steps = servers.get(&path).await;
            let steps = steps["steps"].as_array().unwrap();
            let done = steps.iter().all(|step| step["status"] == "COMPLETED");
            if status == "DEPLOYED" && (!done || steps.is_empty()) {
                violations.push(format!("#{number} is deployed, but its steps are {steps:?}"));
            }
        } else {
            violations.push(format!("nothing here can fail, and nothing waits any more: {deploy}"));
        }
    }
    violations
}

/// `backstep verify`, beside the running servers.
fn verify(servers: &Servers) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backstep"));
    command.arg("verify").arg("--config").arg(servers.place.path("backstep.toml"));
    command.arg("--data").arg(servers.place.path("data"));
    if let Some(database) = servers.place.database() {
        command.args(["--database", database]);
    }
    let output = command.output().unwrap();
    if output.status.success() {
        return Vec::new();
    }
    let said = [output.stdout, output.stderr].concat();
    vec![format!("backstep verify: {}", String::from_utf8_lossy(&said))]
}
