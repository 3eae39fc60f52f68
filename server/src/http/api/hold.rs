use axum::{Json, extract::State};
use backstep_domain::Principal;

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
    answer(&state, &who, &at).await
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
    state.usecases.set_hold(&who, &at.deployment, &body.why, body.until.map(|until| until.0)).await?;
    answer(&state, &who, &at).await
}

/// Release the hold: the newest held deploy is rolled out, or a chosen one, or none. The others are cancelled.
#[utoipa::path(post, path = "/api/v1/deployments/{deployment}/hold/release", tag = "Holds",
    operation_id = "releaseHold", params(DeploymentAt), request_body = dto::ReleaseHold,
    responses((status = 200, description = "The hold ended.", body = dto::Released)))]
pub async fn release(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeploymentAt>,
    Input { body, .. }: Input<dto::ReleaseHold>,
) -> Result<Json<dto::Released>, ApiProblem> {
    let number = state.usecases.release_hold(&who, &at.deployment, body.meant()?, body.allow_rejected).await?;
    Ok(Json(dto::Released { deploy: number.map(u32::from) }))
}

async fn answer(state: &ApiState, who: &Principal, at: &DeploymentAt) -> Result<Json<dto::HoldState>, ApiProblem> {
    let hold = state.usecases.hold(who, &at.deployment).await?;
    let rejected = state.usecases.rejected_parts(who, &at.deployment).await?;
    let rejected_parts = rejected.into_iter().map(dto::RejectedPart::from).collect();
    Ok(Json(dto::HoldState { hold: hold.map(dto::Hold::from), rejected_parts }))
}
