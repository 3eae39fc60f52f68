use axum::{Json, extract::State};
use http::StatusCode;

use super::{ApiProblem, ApiState, Caller, dto, input::Input};

/// The Workspaces.
#[utoipa::path(get, path = "/api/v1/workspaces", tag = "Deployments", operation_id = "listWorkspaces",
    responses((status = 200, description = "All Workspaces.", body = dto::Workspaces)))]
pub async fn list(State(state): State<ApiState>, Caller(who): Caller) -> Result<Json<dto::Workspaces>, ApiProblem> {
    let workspaces = state.usecases.workspaces(&who).await?;
    Ok(Json(dto::Workspaces { workspaces: workspaces.into_iter().map(dto::Workspace::from).collect() }))
}

/// Create a Workspace.
#[utoipa::path(post, path = "/api/v1/workspaces", tag = "Deployments", operation_id = "createWorkspace",
    request_body = dto::CreateWorkspace,
    responses((status = 201, description = "The new Workspace.", body = dto::Workspace)))]
pub async fn create(
    State(state): State<ApiState>,
    Caller(who): Caller,
    input: Input<dto::CreateWorkspace>,
) -> Result<(StatusCode, Json<dto::Workspace>), ApiProblem> {
    let workspace = state.usecases.create_workspace(&who, &input.body.name, input.key).await?;
    Ok((StatusCode::CREATED, Json(workspace.into())))
}
