use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum GitProvider {
    GitHub,
    Generic,
}

/// Where the code came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Git {
    /// Told from the remote's address.
    pub provider: GitProvider,
    pub commit_sha: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
}

impl From<backstep_domain::Git> for Git {
    fn from(git: backstep_domain::Git) -> Self {
        let at_github = |url: &Option<String>| url.as_ref().is_some_and(|url| url.contains("github.com"));
        let github = at_github(&git.remote_url) || at_github(&git.commit_url);
        Self {
            provider: if github { GitProvider::GitHub } else { GitProvider::Generic },
            commit_sha: git.commit_sha,
            branch: git.branch,
            remote_url: git.remote_url,
            commit_url: git.commit_url,
            author_name: git.author_name,
        }
    }
}
