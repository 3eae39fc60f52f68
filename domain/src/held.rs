//! What a person weighs before a held deploy is let go on.

use serde::{Deserialize, Serialize};

use crate::{Change, Deploy, DeploymentView, FileChange, RejectedPart};

/// The held deploys of a Deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldView {
    pub deployment: DeploymentView,
    /// Newest first.
    pub held: Vec<HeldDeploy>,
    pub rejected: Vec<RejectedPart>,
}

/// A held deploy against what runs, and against what was rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDeploy {
    pub deploy: Deploy,
    /// What it changes of what runs.
    pub changes: Vec<Change>,
    /// The DAG files that it changes; `None` if a DAG bundle is missing or there is none.
    pub files: Option<Vec<FileChange>>,
    pub rejections: Vec<Rejection>,
}

impl HeldDeploy {
    /// Whether it brings a rejected part back as it was.
    pub fn brings_rejected(&self) -> bool {
        self.rejections.iter().any(|rejection| rejection.fix == Fix::TheSame)
    }
}

/// A part that was rejected, and what a held deploy does about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    pub part: RejectedPart,
    pub fix: Fix,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fix {
    /// The deploy does not bring this part: what runs stays.
    NotTouched,
    /// It brings the rejected part back as it was.
    TheSame,
    /// It brings another one, of which nothing more is known.
    Another,
    /// It brings another DAG bundle: the files that the rollback changed, and what they are in it.
    Files(Vec<HeldFile>),
}

/// A file that the rollback changed, as a held deploy has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldFile {
    pub path: String,
    /// As in the rejected DAG bundle.
    pub as_rejected: bool,
    /// As in what runs. Neither: as nobody has run it yet.
    pub as_runs: bool,
}
