//! Where things are. In a panel the links lead to the server that the panel talks to.

use backstep_domain::{AccountId, DeployNumber, DeploymentId, WorkspaceId};
use leptos::prelude::*;

use crate::api::ServerAddress;

/// The address of a path of the interface.
pub fn href(path: &str) -> String {
    let base = use_context::<ServerAddress>().map(|server| server.base_url).unwrap_or_default();
    format!("{base}{path}")
}

/// The target of a link that leaves what is shown: in a panel a tab of its own, for the page around it is not ours to leave.
pub fn tab() -> Option<&'static str> {
    use_context::<ServerAddress>().filter(|server| server.embedded).map(|_| "_blank")
}

pub fn deployment_href(id: &DeploymentId) -> String {
    href(&format!("/deployments/{id}"))
}

pub fn history_href(id: &DeploymentId) -> String {
    href(&format!("/deployments/{id}/history"))
}

pub fn deploy_href(id: &DeploymentId, number: DeployNumber) -> String {
    href(&format!("/deployments/{id}/deploys/{}", number.get()))
}

pub fn cancel_href(id: &DeploymentId, number: DeployNumber) -> String {
    href(&format!("/deployments/{id}/deploys/{}/cancel", number.get()))
}

pub fn hold_href(id: &DeploymentId) -> String {
    href(&format!("/deployments/{id}/hold"))
}

pub fn compare_href(id: &DeploymentId, from: DeployNumber, to: DeployNumber) -> String {
    href(&format!("/deployments/{id}/compare?from={}&to={}", from.get(), to.get()))
}

/// Without a target the page proposes the last good deploy.
pub fn rollback_href(id: &DeploymentId, to: Option<DeployNumber>) -> String {
    let query = to.map(|n| format!("?to={}", n.get())).unwrap_or_default();
    href(&format!("/deployments/{id}/rollback{query}"))
}

pub fn settings_href(id: &DeploymentId) -> String {
    href(&format!("/deployments/{id}/settings"))
}

/// The audit log, with a filter as its address has it: `place=deployment:ID`.
pub fn audit_href(query: &str) -> String {
    href(&format!("/audit?{query}"))
}

pub fn deployment_access_href(id: &DeploymentId) -> String {
    href(&format!("/deployments/{id}/access"))
}

pub fn workspace_access_href(id: &WorkspaceId) -> String {
    href(&format!("/workspaces/{id}/access"))
}

pub fn tokens_href(id: &AccountId) -> String {
    href(&format!("/accounts/{id}/tokens"))
}

/// A deploy's number, leading to its page.
#[component]
pub fn DeployLink(deployment: DeploymentId, number: DeployNumber) -> impl IntoView {
    view! { <a class="number" href=deploy_href(&deployment, number) target=tab()>{number.to_string()}</a> }
}
