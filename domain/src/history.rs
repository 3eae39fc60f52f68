//! What the history is asked, and what it answers.

use serde::{Deserialize, Serialize};

use crate::{
    Author, BundleDigest, Deploy, DeployKind, DeployNumber, DeployStatus, Deployment, Git, Hold, Millis, Permission,
    Reason, SettingChange, Workspace,
};

/// Which deploys are asked for. Everything left out does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryFilter {
    pub kind: Option<DeployKind>,
    pub status: Option<DeployStatus>,
    /// The author's id.
    pub author: Option<String>,
    /// Part of the description, image, tag, bundle digest, commit or branch; case does not matter.
    pub text: Option<String>,
    /// Created at or after.
    pub since: Option<Millis>,
    /// Created before.
    pub until: Option<Millis>,
    /// Only deploys that can be rolled back to.
    pub eligible_only: bool,
    pub rollbacks_only: bool,
}

impl HistoryFilter {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A page of the history, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPage {
    pub rows: Vec<HistoryRow>,
    /// The next page is the deploys below this number; `None` on the last page.
    pub next_before: Option<DeployNumber>,
}

/// A deploy in the history, with what depends on the present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    pub deploy: Deploy,
    /// Why it cannot be rolled back to; `None`: it can.
    pub ineligible: Option<Reason>,
    /// Its Runtime is restricted: the reason.
    pub runtime_restricted: Option<String>,
}

/// A Deployment with all that one glance should answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentView {
    pub deployment: Deployment,
    pub workspace: Workspace,
    pub live: Option<Deploy>,
    /// The deploy whose rollout is running, and the one that waits.
    pub running: Option<Deploy>,
    pub queued: Option<Deploy>,
    pub last_good: Option<DeployNumber>,
    pub hold: Option<Hold>,
    /// How many deploys the hold keeps back.
    pub held: u32,
    /// Whether the installation allows rollbacks at all.
    pub rollback_allowed_here: bool,
    /// What the caller may do here.
    pub permissions: Vec<Permission>,
    /// Authors that the history knows, for the filter.
    pub authors: Vec<Author>,
}

impl DeploymentView {
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

/// A file of a DAG bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleFile {
    /// Relative, with `/`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Hexadecimal.
    pub sha256: String,
}

/// The files of a DAG bundle, sorted by path. Its canonical form is what the bundle's digest is the sha256 of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub files: Vec<BundleFile>,
}

impl Manifest {
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|f| f.size).sum()
    }
}

/// How a file differs between two bundles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChangeKind {
    Added,
    Removed,
    Changed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    pub path: String,
    pub kind: FileChangeKind,
    /// Bytes before and after.
    pub old_size: Option<u64>,
    pub new_size: Option<u64>,
}

/// A line of a file diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    pub tag: DiffTag,
    /// Line numbers, from 1.
    pub old: Option<u32>,
    pub new: Option<u32>,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffTag {
    Same,
    Added,
    Removed,
}

/// The difference of one file between two bundles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDiff {
    pub path: String,
    /// Hunks of lines with three lines of context.
    pub hunks: Vec<Vec<DiffLine>>,
    /// Why there are no lines: binary, or too large.
    pub unshown: Option<String>,
}

/// A deploy with all that its page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployView {
    pub row: HistoryRow,
    /// Files of its DAG bundle; `None` if it has none or it is gone.
    pub files: Option<Manifest>,
    /// What its parts changed against the deploy that was live before it.
    pub changed_from: Option<DeployNumber>,
    pub live: Option<DeployNumber>,
}

/// Two deploys compared: the parts, and the files of their bundles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    pub from: Deploy,
    pub to: Deploy,
    pub changes: Vec<crate::Change>,
    /// `None` if one of the bundles is missing or there is none.
    pub files: Option<Vec<FileChange>>,
    /// Names of kept settings that differ between the two.
    pub kept_changed: Vec<String>,
}

/// A Deployment's settings as their page shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsView {
    pub deployment: Deployment,
    pub rollback_allowed_here: bool,
    pub window_days: u32,
    /// Names of the settings on the target that a rollback keeps; `None` if it cannot tell.
    pub kept: Option<Vec<String>>,
    /// Newest first.
    pub changes: Vec<SettingChange>,
    pub may_update: bool,
}

/// An upload that was created and not yet finalized.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    pub id: crate::DeployId,
    pub deployment: crate::DeploymentId,
    pub kind: DeployKind,
    pub description: String,
    pub image: Option<crate::ImageRef>,
    pub runtime: Option<crate::RuntimeVersion>,
    pub airflow: Option<crate::AirflowVersion>,
    pub heads: Option<crate::SchemaHeads>,
    pub mechanism: Option<crate::Mechanism>,
    pub git: Option<Git>,
    pub adoption: bool,
    pub created_at: Millis,
    pub created_by: Author,
    /// The DAG bundle, once its files are there.
    pub bundle: Option<BundleDigest>,
    /// It was never finalized in time, or refused; the reason.
    pub closed: Option<String>,
}
