use axum::{Json, extract::State};
use backstep_app::ports::SettingsUpdate;
use backstep_domain::WorkspaceId;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    ApiProblem, ApiState, Caller, dto,
    input::Input,
    params::{Asked, At, DeploymentAt, given, read as read_parameter},
};
use crate::usecases::NewDeployment;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeploymentsAsked {
    /// Only Deployments whose name contains this.
    text: Option<String>,
}

/// The Deployments that the caller may see, by Workspace and name.
#[utoipa::path(get, path = "/api/v1/deployments", tag = "Deployments", operation_id = "listDeployments",
    params(DeploymentsAsked),
    responses((status = 200, description = "The Deployments.", body = dto::Deployments)))]
pub async fn list(
    State(state): State<ApiState>,
    Caller(who): Caller,
    Asked(asked): Asked<DeploymentsAsked>,
) -> Result<Json<dto::Deployments>, ApiProblem> {
    let views = state.usecases.deployments(&who, given(&asked.text)).await?;
    Ok(Json(dto::Deployments { deployments: views.into_iter().map(dto::Deployment::from).collect() }))
}

/// Make a Deployment known. Nothing is rolled out by this.
#[utoipa::path(post, path = "/api/v1/deployments", tag = "Deployments", operation_id = "createDeployment",
    request_body = dto::CreateDeployment,
    responses((status = 201, description = "The new Deployment.", body = dto::Deployment)))]
pub async fn create(
    State(state): State<ApiState>,
    Caller(who): Caller,
    Input { body, key }: Input<dto::CreateDeployment>,
) -> Result<(StatusCode, Json<dto::Deployment>), ApiProblem> {
    let new = NewDeployment {
        workspace: WorkspaceId::new(body.workspace_id),
        name: body.name,
        description: body.description,
        mechanism: body.mechanism,
        runtime: read_parameter("runtimeVersion", &body.runtime_version)?,
        airflow: read_parameter("airflowVersion", &body.airflow_version)?,
        dags_target: body.dags_target,
        image_target: body.image_target,
        rollback_enabled: body.rollback_enabled,
    };
    let deployment = state.usecases.create_deployment(&who, new, key).await?;
    let view = state.usecases.deployment(&who, &deployment.id).await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// A Deployment, what runs on it and what is under way.
#[utoipa::path(get, path = "/api/v1/deployments/{deployment}", tag = "Deployments", operation_id = "getDeployment",
    params(DeploymentAt),
    responses((status = 200, description = "The Deployment.", body = dto::Deployment)))]
pub async fn read(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeploymentAt>,
) -> Result<Json<dto::Deployment>, ApiProblem> {
    Ok(Json(state.usecases.deployment(&who, &at.deployment).await?.into()))
}

/// Change a Deployment's settings: name, description, **Rollback Deploy**. What is left out stays.
#[utoipa::path(post, path = "/api/v1/deployments/{deployment}", tag = "Deployments", operation_id = "updateDeployment",
    params(DeploymentAt), request_body = dto::UpdateDeployment,
    responses((status = 200, description = "The Deployment with its new settings.", body = dto::Deployment)))]
pub async fn update(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeploymentAt>,
    Input { body, .. }: Input<dto::UpdateDeployment>,
) -> Result<Json<dto::Deployment>, ApiProblem> {
    let update =
        SettingsUpdate { name: body.name, description: body.description, rollback_enabled: body.rollback_enabled };
    state.usecases.update_settings(&who, &at.deployment, update).await?;
    Ok(Json(state.usecases.deployment(&who, &at.deployment).await?.into()))
}

/// A Deployment's settings, who changed them, and what a rollback keeps.
#[utoipa::path(get, path = "/api/v1/deployments/{deployment}/settings", tag = "Deployments",
    operation_id = "getSettings", params(DeploymentAt),
    responses((status = 200, description = "The settings.", body = dto::Settings)))]
pub async fn settings(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeploymentAt>,
) -> Result<Json<dto::Settings>, ApiProblem> {
    Ok(Json(state.usecases.settings(&who, &at.deployment).await?.into()))
}
