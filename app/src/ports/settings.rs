use async_trait::async_trait;
use backstep_domain::{DeployNumber, DeploymentId, Principal, Problem, SettingsView};
use serde::{Deserialize, Serialize};

/// The settings to change; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsUpdate {
    pub name: Option<String>,
    pub description: Option<String>,
    pub rollback_enabled: Option<bool>,
}

/// A Deployment's own settings.
#[async_trait]
pub trait SettingsPort: Send + Sync {
    async fn settings(&self, who: &Principal, id: &DeploymentId) -> Result<SettingsView, Problem>;
    async fn update_settings(&self, who: &Principal, id: &DeploymentId, update: SettingsUpdate) -> Result<(), Problem>;
    /// Appends an edit of a deploy's description; the row itself never changes.
    async fn describe_deploy(
        &self,
        who: &Principal,
        id: &DeploymentId,
        number: DeployNumber,
        description: &str,
    ) -> Result<(), Problem>;
}
