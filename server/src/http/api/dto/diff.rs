use backstep_domain::{Change, Comparison, DiffTag, FileChangeKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Deploy, words};

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    Image,
    Version,
    Dags,
    Config,
    Git,
}

/// One thing that is not the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    pub category: Category,
    pub field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

fn change<T: ToString>(category: Category, field: &str, old: Option<T>, new: Option<T>) -> FieldChange {
    let text = |value: Option<T>| value.map(|v| v.to_string());
    FieldChange { category, field: field.to_owned(), old: text(old), new: text(new) }
}

impl From<Change> for FieldChange {
    fn from(what: Change) -> Self {
        match what {
            Change::Image { from, to } => change(Category::Image, "image", from, to),
            Change::Runtime { from, to } => change(Category::Version, "astroRuntimeVersion", from, to),
            Change::Airflow { from, to } => change(Category::Version, "airflowVersion", from, to),
            Change::Dags { from, to } => change(Category::Dags, "dagTarballVersion", from, to),
            Change::Mechanism { from, to } => change(Category::Config, "mechanism", Some(from), Some(to)),
        }
    }
}

/// A file of the DAG bundle that is not the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileChange {
    pub path: String,
    #[schema(schema_with = words::file_change)]
    pub kind: FileChangeKind,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_size: Option<u64>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_size: Option<u64>,
}

impl From<backstep_domain::FileChange> for FileChange {
    fn from(file: backstep_domain::FileChange) -> Self {
        Self { path: file.path, kind: file.kind, old_size: file.old_size, new_size: file.new_size }
    }
}

/// Two deploys compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeployDiff {
    pub changes: Vec<FieldChange>,
    /// Missing if one of the DAG bundles is gone, or there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<FileChange>>,
    /// Names of kept settings that differ between the two.
    pub kept_changed: Vec<String>,
    pub deploy_before: Deploy,
    pub deploy_after: Deploy,
}

impl From<Comparison> for DeployDiff {
    fn from(comparison: Comparison) -> Self {
        let commit = |deploy: &backstep_domain::Deploy| deploy.git.as_ref().map(|git| git.commit_sha.clone());
        let (old, new) = (commit(&comparison.from), commit(&comparison.to));
        let mut changes: Vec<_> = comparison.changes.into_iter().map(FieldChange::from).collect();
        if old != new {
            changes.push(change(Category::Git, "commitSha", old, new));
        }
        Self {
            changes,
            files: comparison.files.map(|files| files.into_iter().map(FileChange::from).collect()),
            kept_changed: comparison.kept_changed,
            deploy_before: comparison.from.into(),
            deploy_after: comparison.to.into(),
        }
    }
}

/// A line of a file's difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiffLine {
    #[schema(schema_with = words::diff_tag)]
    pub tag: DiffTag,
    /// Line numbers, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<u32>,
    pub text: String,
}

/// The difference of one file between the DAG bundles of two deploys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileDiff {
    pub path: String,
    /// Hunks of lines with three lines of context.
    pub hunks: Vec<Vec<DiffLine>>,
    /// Why there are no lines: binary, or too large.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unshown: Option<String>,
}

impl From<backstep_domain::FileDiff> for FileDiff {
    fn from(diff: backstep_domain::FileDiff) -> Self {
        let line = |l: backstep_domain::DiffLine| DiffLine { tag: l.tag, old: l.old, new: l.new, text: l.text };
        let hunks = diff.hunks.into_iter().map(|hunk| hunk.into_iter().map(line).collect()).collect();
        Self { path: diff.path, hunks, unshown: diff.unshown }
    }
}

/// With `path` the lines of one file, without it the whole comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum DiffAnswer {
    Deploys(Box<DeployDiff>),
    File(FileDiff),
}
