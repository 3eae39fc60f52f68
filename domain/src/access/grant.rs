//! Roles given to somebody, and where they hold.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Level, RoleId};
use crate::{DeploymentId, WorkspaceId};

/// Where a role holds: there, and on everything below.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "level", content = "id")]
pub enum Place {
    /// The whole installation.
    System,
    Workspace(WorkspaceId),
    Deployment(DeploymentId),
}

impl Place {
    pub fn level(&self) -> Level {
        match self {
            Self::System => Level::System,
            Self::Workspace(_) => Level::Workspace,
            Self::Deployment(_) => Level::Deployment,
        }
    }

    /// The id of the Workspace or Deployment; empty for the installation.
    pub fn id(&self) -> &str {
        match self {
            Self::System => "",
            Self::Workspace(id) => id.as_str(),
            Self::Deployment(id) => id.as_str(),
        }
    }

    /// Puts level and id together.
    pub fn new(level: Level, id: &str) -> Self {
        match level {
            Level::System => Self::System,
            Level::Workspace => Self::Workspace(WorkspaceId::new(id)),
            Level::Deployment => Self::Deployment(DeploymentId::new(id)),
        }
    }
}

/// A role that somebody has, and how they came by it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    pub role: RoleId,
    pub at: Place,
    /// The team that brings it; `None` if it was given directly.
    pub team: Option<String>,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.role)?;
        match &self.team {
            Some(team) => write!(f, " through the team {team}"),
            None => Ok(()),
        }
    }
}
