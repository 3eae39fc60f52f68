use backstep_domain::{Mechanism, SchemaHeads};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DeployType, GitProvider, words};

/// A deploy that is about to be uploaded. It gets its number when it is finalized.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateDeploy {
    #[serde(rename = "type")]
    pub kind: DeployType,
    /// Up to 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `REPOSITORY[:TAG]@sha256:DIGEST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub airflow_version: Option<String>,
    /// Migration heads that the image expects, by version table.
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_heads: Option<SchemaHeads>,
    /// Left out: as it is.
    #[schema(schema_with = words::mechanism)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mechanism: Option<Mechanism>,
    /// It is what the Deployment runs already: it becomes #1 and is not rolled out.
    #[serde(default)]
    pub adoption: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git: Option<CreateGit>,
}

/// Where the code came from. All of Astro's fields are taken; the ones that say so are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateGit {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<GitProvider>,
    /// Kept.
    pub commit_sha: String,
    /// Kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_url: Option<String>,
    /// Kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_url: Option<String>,
    /// Kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_commit_sha: Option<String>,
}

impl From<CreateGit> for backstep_domain::Git {
    fn from(git: CreateGit) -> Self {
        Self {
            commit_sha: git.commit_sha,
            branch: git.branch,
            remote_url: git.remote_url,
            commit_url: git.commit_url,
            author_name: git.author_name,
        }
    }
}

/// A DAG bundle that was received, checked and kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UploadedDags {
    /// The digest of the DAG bundle.
    pub dag_tarball_version: String,
    pub files: u64,
    /// Of the files together, unpacked.
    pub bytes: u64,
}

/// The upload becomes a deploy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FinalizeDeploy {
    /// The digest that the upload answered. Empty or left out: what was uploaded, or what runs, stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dag_tarball_version: Option<String>,
    /// Roll it out although it has parts that were rejected. Without it such a deploy is refused: 409 `confirm_rejected`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_rejected: bool,
}
