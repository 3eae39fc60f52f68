use backstep_domain::{DeployKind, DeployStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which parts a deploy brings, in Astro's words; `MECHANISM` is Backstep's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeployType {
    ImageAndDag,
    ImageOnly,
    DagOnly,
    /// Only the mechanism changes.
    Mechanism,
}

impl From<DeployKind> for DeployType {
    fn from(kind: DeployKind) -> Self {
        match kind {
            DeployKind::Image => Self::ImageOnly,
            DeployKind::Dags => Self::DagOnly,
            DeployKind::ImageAndDags => Self::ImageAndDag,
            DeployKind::Mechanism => Self::Mechanism,
        }
    }
}

impl From<DeployType> for DeployKind {
    fn from(kind: DeployType) -> Self {
        match kind {
            DeployType::ImageOnly => Self::Image,
            DeployType::DagOnly => Self::Dags,
            DeployType::ImageAndDag => Self::ImageAndDags,
            DeployType::Mechanism => Self::Mechanism,
        }
    }
}

/// Astro's `INITIALIZED`, `DEPLOYED` and `FAILED`, and ours in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// An upload: not finalized, so without a number and not in the history.
    Initialized,
    Queued,
    Held,
    Deploying,
    Deployed,
    Failed,
    Cancelled,
}

impl Status {
    pub fn is_final(self) -> bool {
        matches!(self, Self::Deployed | Self::Failed | Self::Cancelled)
    }

    /// The stored status that a filter means; an upload is not in the history.
    pub fn stored(self) -> Option<DeployStatus> {
        Some(match self {
            Self::Initialized => return None,
            Self::Queued => DeployStatus::Queued,
            Self::Held => DeployStatus::Held,
            Self::Deploying => DeployStatus::Running,
            Self::Deployed => DeployStatus::Succeeded,
            Self::Failed => DeployStatus::Failed,
            Self::Cancelled => DeployStatus::Cancelled,
        })
    }
}

impl From<DeployStatus> for Status {
    fn from(status: DeployStatus) -> Self {
        match status {
            DeployStatus::Queued => Self::Queued,
            DeployStatus::Held => Self::Held,
            DeployStatus::Running => Self::Deploying,
            DeployStatus::Succeeded => Self::Deployed,
            DeployStatus::Failed => Self::Failed,
            DeployStatus::Cancelled => Self::Cancelled,
        }
    }
}
