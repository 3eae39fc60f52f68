use backstep_domain::{StepKind, StepStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Time, words};

/// Astro's words, and `SKIPPED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum StepState {
    Pending,
    Running,
    Completed,
    Failed,
    Skipped,
}

impl From<StepStatus> for StepState {
    fn from(status: StepStatus) -> Self {
        match status {
            StepStatus::Pending => Self::Pending,
            StepStatus::Running => Self::Running,
            StepStatus::Succeeded => Self::Completed,
            StepStatus::Failed => Self::Failed,
            StepStatus::Skipped => Self::Skipped,
        }
    }
}

/// A step of a deploy's rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// 0, 1, 2 ... within the rollout; the id in `/steps/{step}/logs`.
    pub id: u32,
    #[schema(schema_with = words::step_kind)]
    pub kind: StepKind,
    pub label: String,
    pub status: StepState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// What went wrong and what to do, for a failed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub emits_logs: bool,
}

impl From<backstep_domain::Step> for Step {
    fn from(step: backstep_domain::Step) -> Self {
        Self {
            id: step.index,
            kind: step.kind,
            label: step.kind.label().to_owned(),
            status: step.status.into(),
            started_at: step.started_at.map(Time),
            ended_at: step.ended_at.map(Time),
            error: step.error,
            emits_logs: true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Steps {
    pub steps: Vec<Step>,
    /// Why the rollout is about to stop, once it was asked to and while it still can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelDeploy {
    /// Why: up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// One log line of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// 1, 2, 3 ... within the rollout.
    pub seq: u64,
    pub step: u32,
    pub timestamp: Time,
    pub message: String,
}

impl From<backstep_domain::LogLine> for LogEntry {
    fn from(line: backstep_domain::LogLine) -> Self {
        Self { seq: line.seq, step: line.step, timestamp: line.at.into(), message: line.text }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Logs {
    pub entries: Vec<LogEntry>,
    /// Send it as `after` to get only what is newer.
    pub last: u64,
}
