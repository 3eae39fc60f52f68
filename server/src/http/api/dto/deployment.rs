use backstep_domain::{DeploymentView, Mechanism, Permission, SettingsView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Deploy, Hold, Subject, Time, words};

/// Groups Deployments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    pub id: String,
    pub name: String,
    pub created_at: Time,
}

impl From<backstep_domain::Workspace> for Workspace {
    fn from(workspace: backstep_domain::Workspace) -> Self {
        Self { id: workspace.id.to_string(), name: workspace.name, created_at: workspace.created_at.into() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Workspaces {
    pub workspaces: Vec<Workspace>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateWorkspace {
    pub name: String,
}

/// One Airflow, and what runs on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    pub id: String,
    pub workspace_id: String,
    pub workspace_name: String,
    pub name: String,
    pub description: String,
    /// How DAGs reach the Deployment now.
    #[schema(schema_with = words::mechanism)]
    pub mechanism: Mechanism,
    pub is_dag_deploy_enabled: bool,
    /// Stated at creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_version: Option<String>,
    /// Stated at creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub airflow_version: Option<String>,
    /// Names of targets in the server's configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dags_target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_target: Option<String>,
    /// The setting **Rollback Deploy**.
    pub rollback_enabled: bool,
    /// Whether the installation allows rollbacks at all.
    pub rollback_allowed_here: bool,
    pub created_at: Time,
    pub created_by_subject: Subject,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Deploy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<Deploy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued: Option<Deploy>,
    /// The deploy that a rollback without a target goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// How many deploys the hold keeps back.
    pub held_deploys: u32,
    /// What the caller may do here.
    #[schema(schema_with = words::permissions)]
    pub permissions: Vec<Permission>,
}

impl From<DeploymentView> for Deployment {
    fn from(view: DeploymentView) -> Self {
        let deployment = view.deployment;
        let mechanism = view.live.as_ref().map_or(deployment.mechanism, |live| live.revision.mechanism);
        Self {
            id: deployment.id.to_string(),
            workspace_id: deployment.workspace.to_string(),
            workspace_name: view.workspace.name,
            name: deployment.name,
            description: deployment.description,
            mechanism,
            is_dag_deploy_enabled: mechanism.takes_dags(),
            runtime_version: deployment.runtime.as_ref().map(ToString::to_string),
            airflow_version: deployment.airflow.as_ref().map(ToString::to_string),
            dags_target: deployment.dags_target,
            image_target: deployment.image_target,
            rollback_enabled: deployment.rollback_enabled,
            rollback_allowed_here: view.rollback_allowed_here,
            created_at: deployment.created_at.into(),
            created_by_subject: deployment.created_by.into(),
            live: view.live.map(Deploy::from),
            running: view.running.map(Deploy::from),
            queued: view.queued.map(Deploy::from),
            last_good: view.last_good.map(u32::from),
            hold: view.hold.map(Hold::from),
            held_deploys: view.held,
            permissions: view.permissions,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Deployments {
    pub deployments: Vec<Deployment>,
}

/// A Deployment that shall be known from now on. Nothing is rolled out by this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateDeployment {
    pub workspace_id: String,
    /// Unique in its Workspace.
    pub name: String,
    #[serde(default)]
    pub description: String,
    #[schema(schema_with = words::mechanism)]
    pub mechanism: Mechanism,
    /// What it runs; a deploy without an image inherits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub airflow_version: Option<String>,
    /// Names of targets in the server's configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dags_target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_target: Option<String>,
    /// The setting **Rollback Deploy**: off unless said otherwise.
    #[serde(default)]
    pub rollback_enabled: bool,
}

/// The settings to change; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateDeployment {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_enabled: Option<bool>,
}

/// A Deployment's settings, and how they came to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    pub name: String,
    pub description: String,
    pub rollback_enabled: bool,
    pub rollback_allowed_here: bool,
    /// The rollback window in days.
    pub window_days: u32,
    /// Names of the settings on the target that a rollback keeps; missing if the target cannot tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Vec<String>>,
    /// Newest first.
    pub changes: Vec<SettingChange>,
    /// Whether the caller may change them.
    pub may_update: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingChange {
    pub setting: String,
    pub old: String,
    pub new: String,
    pub at: Time,
    pub by: Subject,
}

impl From<SettingsView> for Settings {
    fn from(view: SettingsView) -> Self {
        let change = |change: backstep_domain::SettingChange| SettingChange {
            setting: change.setting,
            old: change.old,
            new: change.new,
            at: change.at.into(),
            by: change.by.into(),
        };
        Self {
            name: view.deployment.name,
            description: view.deployment.description,
            rollback_enabled: view.deployment.rollback_enabled,
            rollback_allowed_here: view.rollback_allowed_here,
            window_days: view.window_days,
            kept: view.kept,
            changes: view.changes.into_iter().map(change).collect(),
            may_update: view.may_update,
        }
    }
}
