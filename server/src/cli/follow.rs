//! Following a rollout to its end.

use std::{collections::HashMap, time::Duration};

use super::{
    Exit, Failure,
    api::Api,
    table::{plain, span},
};
use crate::http::api::dto::{Deploy, Logs, Status, Step, StepState, Steps};

const EVERY: Duration = Duration::from_millis(400);

/// How often in a row the server may fail to answer, as it does while it is restarted: half a minute.
const PATIENCE: u32 = 75;

/// Prints steps and log lines to stderr until the rollout ended, or a hold keeps the deploy back.
pub async fn follow(api: &Api, deploy: Deploy) -> Result<Deploy, Failure> {
    let base = format!("deployments/{}/deploys/{}", deploy.deployment_id, deploy.id);
    let (mut shown, mut failures) = (Shown::default(), 0);
    let mut newest = deploy;
    loop {
        // The status is read before steps and lines, so that nothing is missing once it is final.
        match shown.catch_up(api, &base, &newest).await {
            Ok(()) if newest.status.is_final() || newest.status == Status::Held => return Ok(newest),
            Ok(()) => failures = 0,
            Err(failure) if failure.problem.is_some() || failures == PATIENCE => return Err(failure),
            Err(_) => failures += 1,
        }
        tokio::time::sleep(EVERY).await;
        match api.get(&base, &[]).await {
            Ok(deploy) => newest = deploy,
            Err(failure) if failure.problem.is_some() || failures == PATIENCE => return Err(failure),
            Err(_) => failures += 1,
        }
    }
}

/// What was printed already.
#[derive(Default)]
struct Shown {
    steps: HashMap<u32, StepState>,
    log: u64,
    queued: bool,
}

impl Shown {
    async fn catch_up(&mut self, api: &Api, base: &str, deploy: &Deploy) -> Result<(), Failure> {
        if deploy.status == Status::Queued {
            if !self.queued {
                eprintln!("Waiting for its turn ...");
                self.queued = true;
            }
            return Ok(());
        }
        let steps: Steps = api.get(&format!("{base}/steps"), &[]).await?;
        let logs: Logs = api.get(&format!("{base}/logs"), &[("after", self.log.to_string())]).await?;
        for line in self.lines(&steps, &logs) {
            eprintln!("{line}");
        }
        Ok(())
    }

    /// What is new: starts, then log lines, then ends, step by step.
    fn lines(&mut self, steps: &Steps, logs: &Logs) -> Vec<String> {
        let mut lines = Vec::new();
        for step in &steps.steps {
            let before = self.steps.insert(step.id, step.status).unwrap_or(StepState::Pending);
            let started = !matches!(step.status, StepState::Pending | StepState::Skipped);
            if before == StepState::Pending && started {
                lines.push(format!("  {} ...", step.label));
            }
            let entries = logs.entries.iter().filter(|entry| entry.step == step.id && entry.seq > self.log);
            lines.extend(entries.map(|entry| format!("    {}", plain(&entry.message))));
            if before != step.status {
                lines.extend(end_of(step));
            }
        }
        self.log = self.log.max(logs.last);
        lines
    }
}

fn end_of(step: &Step) -> Option<String> {
    let took = step.started_at.zip(step.ended_at).map(|(from, to)| format!(" ({})", span(to.0.since(from.0))));
    let took = took.unwrap_or_default();
    match step.status {
        StepState::Pending | StepState::Running => None,
        StepState::Completed => Some(format!("  {}: done{took}", step.label)),
        StepState::Skipped => Some(format!("  {}: skipped", step.label)),
        StepState::Failed => {
            let why = step.error.as_deref().map(plain).unwrap_or_default();
            Some(format!("  {}: failed{took}. {why}", step.label))
        }
    }
}

/// Says how the deploy stands, and gives the exit code.
pub fn ending(deployment: &str, deploy: &Deploy, waited: bool) -> Exit {
    let (exit, text) = in_words(deployment, deploy, waited);
    eprintln!("{text}");
    exit
}

fn in_words(deployment: &str, deploy: &Deploy, waited: bool) -> (Exit, String) {
    let number = deploy.number.map(|n| format!("#{n}")).unwrap_or_else(|| deploy.id.clone());
    let why = deploy.status_reason.as_deref().map(|why| format!(" {}", plain(why))).unwrap_or_default();
    match deploy.status {
        Status::Deployed => (Exit::Done, format!("{number} is live on {deployment}.")),
        Status::Held => {
            let to_do =
                "`backstep hold status` says who holds and why; `backstep hold release --to newest` rolls it out.";
            (Exit::Held, format!("{number} is recorded, and held back by a hold.{why}\n{to_do}"))
        }
        Status::Failed => (Exit::Failed, format!("{number} failed; {deployment} stays on what it ran before.{why}")),
        Status::Cancelled => (Exit::Failed, format!("{number} was cancelled.{why}")),
        Status::Queued | Status::Deploying | Status::Initialized if waited => {
            (Exit::Failed, format!("{number} has not ended."))
        }
        Status::Queued | Status::Deploying | Status::Initialized => {
            (Exit::Done, format!("{number} is recorded; its rollout goes on without this command."))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn steps(states: [&str; 2]) -> Steps {
        let step = |id: usize, kind: &str, label: &str| {
            json!({"id": id, "kind": kind, "label": label, "status": states[id], "emitsLogs": true,
                "startedAt": "2026-03-01T12:00:00Z", "endedAt": "2026-03-01T12:00:02Z", "error": "Disk full."})
        };
        let all = [step(0, "stage_dags", "Stage the DAG files"), step(1, "verify", "Verify what runs")];
        serde_json::from_value(json!({ "steps": all })).unwrap()
    }

    fn logs(last: u64) -> Logs {
        let entry = json!({"seq": 1, "step": 0, "timestamp": "2026-03-01T12:00:01Z", "message": "60 files"});
        serde_json::from_value(json!({"entries": [entry], "last": last})).unwrap()
    }

    #[test]
    fn each_thing_is_printed_once_and_in_order() {
        let mut shown = Shown::default();
        assert_eq!(
            shown.lines(&steps(["RUNNING", "PENDING"]), &logs(1)),
            ["  Stage the DAG files ...", "    60 files"]
        );
        assert!(shown.lines(&steps(["RUNNING", "PENDING"]), &logs(1)).is_empty());
        assert_eq!(
            shown.lines(&steps(["FAILED", "SKIPPED"]), &logs(1)),
            ["  Stage the DAG files: failed (2 s). Disk full.", "  Verify what runs: skipped"]
        );
    }

    #[test]
    fn a_fast_rollout_is_printed_whole() {
        let lines = Shown::default().lines(&steps(["COMPLETED", "COMPLETED"]), &logs(1));
        assert_eq!(lines.first().map(String::as_str), Some("  Stage the DAG files ..."));
        assert_eq!(lines.len(), 5, "{lines:?}");
    }

    #[test]
    fn the_exit_code_says_how_it_ended() {
        let mut deploy: Deploy = serde_json::from_value(json!({
            "id": "d", "deploymentId": "x", "number": 7, "type": "DAG_ONLY", "status": "DEPLOYED", "description": "",
            "createdAt": "2026-03-01T12:00:00Z", "updatedAt": "2026-03-01T12:00:00Z", "imageRepository": "",
            "imageTag": "", "isDagDeployEnabled": true, "isAdoption": false, "rejected": false,
            "artifactMissing": false, "statusReason": "Bad \u{1b}[2J",
            "createdBySubject": {"id": "demo:admin", "subjectType": "USER", "fullName": "Ada"},
        }))
        .unwrap();
        let mut exit = |status, waited| {
            deploy.status = status;
            in_words("prod", &deploy, waited)
        };
        assert_eq!(exit(Status::Deployed, true), (Exit::Done, "#7 is live on prod.".to_owned()));
        assert_eq!(exit(Status::Held, true).0, Exit::Held);
        assert_eq!(exit(Status::Held, false).0, Exit::Held);
        let failed = "#7 failed; prod stays on what it ran before. Bad \\u{1b}[2J";
        assert_eq!(exit(Status::Failed, true), (Exit::Failed, failed.to_owned()));
        assert_eq!(exit(Status::Cancelled, true).0, Exit::Failed);
        assert_eq!(exit(Status::Deploying, false).0, Exit::Done);
        assert_eq!(exit(Status::Deploying, true).0, Exit::Failed);
    }
}
