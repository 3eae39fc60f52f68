use backstep_domain::Mechanism;
use clap::Args;

use super::{
    Exit, Failure,
    api::{Api, Server, print_json, print_text},
};
use crate::http::api::dto;

/// Make a Deployment known to the server.
///
/// Nothing is rolled out. If it runs already, `backstep adopt` records what is there as deploy #1.
#[derive(Debug, Args)]
pub struct Create {
    /// The Deployment's name, unique in its Workspace.
    name: String,
    /// The Workspace; it is created if there is none of that name.
    #[arg(long, value_name = "NAME")]
    workspace: String,
    #[arg(long, default_value = "", value_name = "TEXT")]
    description: String,
    /// How DAGs reach it: image, dag_deploy, git_sync or volume.
    #[arg(long, default_value = "image")]
    mechanism: Mechanism,
    /// The Runtime that it runs, as 11.8.0 or 3.1-2.
    #[arg(long, value_name = "VERSION")]
    runtime: Option<String>,
    /// The Airflow that it runs, as 3.1.0.
    #[arg(long, value_name = "VERSION")]
    airflow: Option<String>,
    /// The target for DAGs, by its name in the server's configuration.
    #[arg(long, value_name = "NAME")]
    dags_target: Option<String>,
    /// The target for images, by its name in the server's configuration.
    #[arg(long, value_name = "NAME")]
    image_target: Option<String>,
    /// Switch the setting Rollback Deploy on.
    #[arg(long)]
    rollback: bool,
    #[command(flatten)]
    pub(super) server: Server,
}

impl Create {
    pub async fn run(self) -> Result<Exit, Failure> {
        let api = Api::new(&self.server)?;
        let workspace = workspace(&api, &self.workspace).await?;
        let create = dto::CreateDeployment {
            workspace_id: workspace.id,
            name: self.name,
            description: self.description,
            mechanism: self.mechanism,
            runtime_version: self.runtime,
            airflow_version: self.airflow,
            dags_target: self.dags_target,
            image_target: self.image_target,
            rollback_enabled: self.rollback,
        };
        let deployment: dto::Deployment = api.post("deployments", &create).await?;
        match self.server.json {
            true => print_json(&deployment),
            false => print_text(&format!(
                "Created {}/{} ({}). Rollback Deploy is {}.",
                deployment.workspace_name,
                deployment.name,
                deployment.id,
                if deployment.rollback_enabled { "on" } else { "off" }
            )),
        }
        Ok(Exit::Done)
    }
}

async fn workspace(api: &Api, name: &str) -> Result<dto::Workspace, Failure> {
    let known: dto::Workspaces = api.get("workspaces", &[]).await?;
    match known.workspaces.into_iter().find(|workspace| workspace.name == name) {
        Some(workspace) => Ok(workspace),
        None => api.post("workspaces", &dto::CreateWorkspace { name: name.to_owned() }).await,
    }
}
