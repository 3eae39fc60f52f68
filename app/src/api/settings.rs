use backstep_domain::{DeployNumber, DeploymentId, SettingsView};
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use super::{ApiClient, Failure, Lean};
#[cfg(feature = "ssr")]
use super::{caller, ports};

#[server(prefix = "/ui", endpoint = "settings", protocol = Lean<GetUrl>, client = ApiClient)]
pub async fn get_settings(id: DeploymentId) -> Result<SettingsView, Failure> {
    Ok(ports().settings.settings(&caller()?, &id).await?)
}

#[server(prefix = "/ui", endpoint = "update-settings", client = ApiClient)]
pub async fn update_settings(
    id: DeploymentId,
    name: Option<String>,
    description: Option<String>,
) -> Result<(), Failure> {
    let update = crate::ports::SettingsUpdate {
        name,
        // The form always sends it; an empty field arrives as nothing.
        description: Some(description.unwrap_or_default()),
        rollback_enabled: None,
    };
    Ok(ports().settings.update_settings(&caller()?, &id, update).await?)
}

#[server(prefix = "/ui", endpoint = "switch-rollback", client = ApiClient)]
pub async fn switch_rollback(id: DeploymentId, enabled: bool) -> Result<(), Failure> {
    let update = crate::ports::SettingsUpdate { rollback_enabled: Some(enabled), ..Default::default() };
    Ok(ports().settings.update_settings(&caller()?, &id, update).await?)
}

#[server(prefix = "/ui", endpoint = "describe-deploy", client = ApiClient)]
pub async fn describe_deploy(
    id: DeploymentId,
    number: DeployNumber,
    description: Option<String>,
) -> Result<(), Failure> {
    Ok(ports().settings.describe_deploy(&caller()?, &id, number, description.as_deref().unwrap_or_default()).await?)
}
