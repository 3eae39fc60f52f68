use axum::{Json, extract::State};

use super::{
    ApiProblem, ApiState, Caller, dto,
    input::Input,
    params::{At, DeploymentAt},
};

/// The hold of a Deployment, if there is one.
#[utoipa::path(get, path = "/api/v1/deployments/{deployment}/hold", tag = "Holds", operation_id = "getHold",
    params(DeploymentAt),
    responses((status = 200, description = "The hold; `hold` is missing if there is none.", body = dto::HoldState)))]
pub async fn read(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeploymentAt>,
) -> Result<Json<dto::HoldState>, ApiProblem> {
    let hold = state.usecases.hold(&who, &at.deployment).await?;
    Ok(Json(dto::HoldState { hold: hold.map(dto::Hold::from) }))
}

/// Set a hold: newly arriving deploys are recorded, but not rolled out.
#[utoipa::path(post, path = "/api/v1/deployments/{deployment}/hold", tag = "Holds", operation_id = "setHold",
    params(DeploymentAt), request_body = dto::SetHold,
    responses((status = 200, description = "The hold.", body = dto::HoldState)))]
pub async fn set(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeploymentAt>,
    Input { body, .. }: Input<dto::SetHold>,
) -> Result<Json<dto::HoldState>, ApiProblem> {
    state.usecases.set_hold(&who, &at.deployment, &body.why).await?;
    let hold = state.usecases.hold(&who, &at.deployment).await?;
    Ok(Json(dto::HoldState { hold: hold.map(dto::Hold::from) }))
}

/// Release the hold: the newest held deploy is rolled out, or none. The others are cancelled.
#[utoipa::path(post, path = "/api/v1/deployments/{deployment}/hold/release", tag = "Holds",
    operation_id = "releaseHold", params(DeploymentAt), request_body = dto::ReleaseHold,
    responses((status = 200, description = "The hold ended.", body = dto::Released)))]
pub async fn release(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeploymentAt>,
    Input { body, .. }: Input<dto::ReleaseHold>,
) -> Result<Json<dto::Released>, ApiProblem> {
    let number = state.usecases.release_hold(&who, &at.deployment, body.to).await?;
    Ok(Json(dto::Released { deploy: number.map(u32::from) }))
}
