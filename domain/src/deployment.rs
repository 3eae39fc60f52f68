//! A Deployment: one Airflow, and its settings.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{AirflowVersion, Author, DeployNumber, DeploymentId, Mechanism, Millis, RuntimeVersion, WorkspaceId};

/// Groups Deployments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub name: String,
    pub created_at: Millis,
}

/// One Airflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    pub id: DeploymentId,
    pub workspace: WorkspaceId,
    /// Unique in its Workspace; what a person types to confirm a data loss.
    pub name: String,
    pub description: String,
    /// The mechanism that it was created with; after the first deploy the live revision says.
    pub mechanism: Mechanism,
    /// Stated at creation; a deploy without an image inherits them.
    pub runtime: Option<RuntimeVersion>,
    pub airflow: Option<AirflowVersion>,
    /// The name of the target for DAGs in the server's configuration file.
    pub dags_target: Option<String>,
    /// The name of the target for images in the server's configuration file.
    pub image_target: Option<String>,
    /// The setting **Rollback Deploy**: off by default.
    pub rollback_enabled: bool,
    pub created_at: Millis,
    pub created_by: Author,
}

/// A setting that was changed, as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingChange {
    pub setting: String,
    pub old: String,
    pub new: String,
    pub at: Millis,
    pub by: Author,
}

/// A setting of the running Airflow that a rollback keeps: an environment entry and the like.
/// The value never leaves the target; a keyed hash tells whether it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSetting {
    pub name: String,
    /// Keyed hash of the value, hexadecimal.
    pub hash: String,
}

/// Newly arriving deploys are recorded but not rolled out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub since: Millis,
    pub by: Author,
    pub why: String,
    /// The rollback that set it, if one did.
    pub rollback: Option<DeployNumber>,
    /// When it ends by itself, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
}

impl Hold {
    pub fn is_on(&self, now: Millis) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Which of the held deploys is rolled out when a hold is released; the others are cancelled. As text: `newest`, `none`, or
/// the number of the deploy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ReleaseTo {
    Newest,
    None,
    Deploy(DeployNumber),
}

impl FromStr for ReleaseTo {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "newest" => Ok(Self::Newest),
            "none" => Ok(Self::None),
            number => number
                .trim_start_matches('#')
                .parse()
                .map(Self::Deploy)
                .map_err(|_| format!("`{number}` is neither `newest`, nor `none`, nor the number of a held deploy")),
        }
    }
}

impl fmt::Display for ReleaseTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => f.write_str("newest"),
            Self::None => f.write_str("none"),
            Self::Deploy(number) => write!(f, "{}", number.get()),
        }
    }
}

impl TryFrom<String> for ReleaseTo {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ReleaseTo> for String {
    fn from(to: ReleaseTo) -> Self {
        to.to_string()
    }
}
