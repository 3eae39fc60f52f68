#![expect(clippy::too_many_arguments, reason = "a server function's arguments are the fields of its form")]

use backstep_domain::{DeployNumber, DeploymentId, FileChange, HeldView, Plan, ReleaseTo, Scope};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;

use super::{ApiClient, Failure, Lean};
#[cfg(feature = "ssr")]
use super::{caller, ports};

/// A plan with what its page shows beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanView {
    pub deployment_name: String,
    pub plan: Plan,
    /// The target was not asked for: it is the last good deploy.
    pub target_proposed: bool,
    /// How the DAG files would change; `None` if they would not, or a bundle is missing.
    pub files: Option<Vec<FileChange>>,
}

/// A confirmed rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollBackRequest {
    pub target: DeployNumber,
    /// Left out: the whole deploy.
    pub scope: Option<Scope>,
    /// Why: 1 to 500 characters.
    pub description: String,
    /// Of the plan that the person saw. Left out by a caller that showed none: the present plan counts.
    pub fingerprint: Option<String>,
    /// Left out: on.
    pub hold: Option<bool>,
    /// Left out: on. Marks the parts that were rolled back as rejected.
    pub reject: Option<bool>,
    /// The Deployment's name, where data would be lost for good.
    pub confirm_name: Option<String>,
}

#[server(prefix = "/ui", endpoint = "plan", protocol = Lean<GetUrl>, client = ApiClient)]
pub async fn get_plan(id: DeploymentId, target: Option<DeployNumber>) -> Result<PlanView, Failure> {
    Ok(ports().rollbacks.plan_rollback(&caller()?, &id, target).await?)
}

/// The fields are those of the form: a box that is not ticked is not sent, so `form` says that boxes were shown.
#[server(prefix = "/ui", endpoint = "roll-back", client = ApiClient)]
pub async fn roll_back(
    id: DeploymentId,
    target: DeployNumber,
    scope: Option<Scope>,
    description: Option<String>,
    fingerprint: Option<String>,
    hold: Option<bool>,
    reject: Option<bool>,
    confirm_name: Option<String>,
) -> Result<DeployNumber, Failure> {
    let request = RollBackRequest {
        target,
        scope,
        description: description.unwrap_or_default(),
        fingerprint,
        // The form shows both boxes, so a missing one was unticked.
        hold: Some(hold.unwrap_or(false)),
        reject: Some(reject.unwrap_or(false)),
        confirm_name,
    };
    let number = ports().rollbacks.roll_back(&caller()?, &id, request).await?;
    leptos_axum::redirect(&format!("/deployments/{id}/deploys/{}", number.get()));
    Ok(number)
}

#[server(prefix = "/ui", endpoint = "cancel-deploy", client = ApiClient)]
pub async fn cancel_deploy(id: DeploymentId, number: DeployNumber, description: Option<String>) -> Result<(), Failure> {
    ports().rollbacks.cancel_deploy(&caller()?, &id, number, description.as_deref().unwrap_or_default()).await?;
    leptos_axum::redirect(&format!("/deployments/{id}/deploys/{}", number.get()));
    Ok(())
}

/// `hours`: empty or left out, it lasts until it is released.
#[server(prefix = "/ui", endpoint = "set-hold", client = ApiClient)]
pub async fn set_hold(id: DeploymentId, why: Option<String>, hours: Option<u32>) -> Result<(), Failure> {
    Ok(ports().rollbacks.set_hold(&caller()?, &id, why.as_deref().unwrap_or_default(), hours).await?)
}

#[server(prefix = "/ui", endpoint = "release-hold", client = ApiClient)]
pub async fn release_hold(
    id: DeploymentId,
    to: ReleaseTo,
    allow_rejected: Option<bool>,
) -> Result<Option<DeployNumber>, Failure> {
    let number = ports().rollbacks.release_hold(&caller()?, &id, to, allow_rejected.unwrap_or(false)).await?;
    if let ReleaseTo::Deploy(number) = to {
        leptos_axum::redirect(&format!("/deployments/{id}/deploys/{}", number.get()));
    }
    Ok(number)
}

#[server(prefix = "/ui", endpoint = "held", input = GetUrl, client = ApiClient)]
pub async fn get_held(id: DeploymentId) -> Result<HeldView, Failure> {
    Ok(ports().rollbacks.held(&caller()?, &id).await?)
}
