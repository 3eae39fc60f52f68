use backstep_domain::{
    Comparison, DeployNumber, DeployView, DeploymentId, DeploymentView, FileDiff, HistoryFilter, HistoryPage, Rollout,
};
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use super::{ApiClient, Failure, Lean};
#[cfg(feature = "ssr")]
use super::{caller, ports};

#[server(prefix = "/ui", endpoint = "deployments", protocol = Lean<GetUrl>, client = ApiClient)]
pub async fn get_deployments(text: Option<String>) -> Result<Vec<DeploymentView>, Failure> {
    Ok(ports().history.deployments(&caller()?, text.as_deref()).await?)
}

#[server(prefix = "/ui", endpoint = "deployment", protocol = Lean<GetUrl>, client = ApiClient)]
pub async fn get_deployment(id: DeploymentId) -> Result<DeploymentView, Failure> {
    Ok(ports().history.deployment(&caller()?, &id).await?)
}

#[server(prefix = "/ui", endpoint = "history", protocol = Lean<GetUrl>, client = ApiClient)]
pub async fn get_history(
    id: DeploymentId,
    filter: HistoryFilter,
    before: Option<DeployNumber>,
) -> Result<HistoryPage, Failure> {
    Ok(ports().history.history(&caller()?, &id, &filter, before).await?)
}

#[server(prefix = "/ui", endpoint = "deploy", protocol = Lean<GetUrl>, client = ApiClient)]
pub async fn get_deploy(id: DeploymentId, number: DeployNumber) -> Result<DeployView, Failure> {
    Ok(ports().history.deploy(&caller()?, &id, number).await?)
}

#[server(prefix = "/ui", endpoint = "compare", protocol = Lean<GetUrl>, client = ApiClient)]
pub async fn get_compare(id: DeploymentId, from: DeployNumber, to: DeployNumber) -> Result<Comparison, Failure> {
    Ok(ports().history.compare(&caller()?, &id, from, to).await?)
}

#[server(prefix = "/ui", endpoint = "file-diff", protocol = Lean<GetUrl>, client = ApiClient)]
pub async fn get_file_diff(
    id: DeploymentId,
    from: DeployNumber,
    to: DeployNumber,
    path: String,
) -> Result<FileDiff, Failure> {
    Ok(ports().history.file_diff(&caller()?, &id, from, to, &path).await?)
}

#[server(prefix = "/ui", endpoint = "rollout", protocol = Lean<GetUrl>, client = ApiClient)]
pub async fn get_rollout(id: DeploymentId, number: DeployNumber, after: u64) -> Result<Rollout, Failure> {
    Ok(ports().history.rollout(&caller()?, &id, number, after).await?)
}
