//! The carrying out of a deploy, in steps.

use serde::{Deserialize, Serialize};

use crate::{DeployNumber, Millis, deploy::word_enum};

word_enum! {
    /// One step of a rollout. Order and presence are the plan's; targets declare which they can do.
    StepKind, "step" {
        /// Put the DAG bundle's files on the DAGs target, beside what runs.
        StageDags = "stage_dags",
        /// Point the image target at the image. The point of no return of an image rollout.
        SwitchImage = "switch_image",
        /// Make the staged DAG files the ones that Airflow reads.
        SwitchDags = "switch_dags",
        /// Read back what the targets now have and compare.
        Verify = "verify",
    }
}

impl StepKind {
    /// As a person reads it.
    pub fn label(self) -> &'static str {
        match self {
            Self::StageDags => "Stage the DAG files",
            Self::SwitchImage => "Switch the image",
            Self::SwitchDags => "Switch the DAG files",
            Self::Verify => "Verify what runs",
        }
    }

    /// Whether Airflow may run something else once the step has begun.
    pub fn is_switch(self) -> bool {
        matches!(self, Self::SwitchImage | Self::SwitchDags)
    }
}

word_enum! {
    StepStatus, "step status" {
        Pending = "pending",
        Running = "running",
        Succeeded = "succeeded",
        Failed = "failed",
        /// Not needed any more: an earlier step failed, or the rollout was cancelled.
        Skipped = "skipped",
    }
}

/// A step of a rollout, as it is kept. Its row is written before its side effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// 0, 1, 2 ... within the rollout.
    pub index: u32,
    pub kind: StepKind,
    pub status: StepStatus,
    pub started_at: Option<Millis>,
    pub ended_at: Option<Millis>,
    /// What went wrong and what to do, for a failed one.
    pub error: Option<String>,
}

/// Whether a rollout is past its point of no return: a switch was begun, so that it is finished or put back, but not
/// cancelled any more.
pub fn past_return(steps: &[Step]) -> bool {
    steps.iter().any(|step| step.kind.is_switch() && step.status != StepStatus::Pending)
}

/// One log line of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// 1, 2, 3 ... within the rollout.
    pub seq: u64,
    pub step: u32,
    pub at: Millis,
    pub text: String,
}

/// A rollout as a page or a client follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    pub number: DeployNumber,
    pub steps: Vec<Step>,
    /// Why it shall stop, once it was asked to and while it still can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<String>,
    pub log: Vec<LogLine>,
}
