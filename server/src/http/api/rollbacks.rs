use axum::{Json, extract::State};
use backstep_app::api::RollBackRequest;
use http::StatusCode;

use super::{
    ApiProblem, ApiState, Caller, deploys, dto,
    input::Input,
    params::{At, DeployAt, DeploymentAt},
};

/// The plan of a rollback to the last good deploy.
#[utoipa::path(get, path = "/api/v1/deployments/{deployment}/plan", tag = "Rollbacks", operation_id = "planToLastGood",
    params(DeploymentAt),
    responses((status = 200, description = "What the rollback would do; nothing is done.", body = dto::PlanAnswer)))]
pub async fn plan_last_good(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeploymentAt>,
) -> Result<Json<dto::PlanAnswer>, ApiProblem> {
    Ok(Json(state.usecases.plan_rollback(&who, &at.deployment, None).await?.into()))
}

/// The plan of a rollback to a deploy.
#[utoipa::path(get, path = "/api/v1/deployments/{deployment}/deploys/{deploy}/plan", tag = "Rollbacks",
    operation_id = "planRollback", params(DeployAt),
    responses((status = 200, description = "What the rollback would do; nothing is done.", body = dto::PlanAnswer)))]
pub async fn plan(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeployAt>,
) -> Result<Json<dto::PlanAnswer>, ApiProblem> {
    let number = deploys::number(&state.usecases, &who, &at.deployment, &at.deploy).await?;
    Ok(Json(state.usecases.plan_rollback(&who, &at.deployment, Some(number)).await?.into()))
}

/// Roll back to a deploy: a new deploy whose parts are taken from it.
#[utoipa::path(post, path = "/api/v1/deployments/{deployment}/deploys/{deploy}/rollback", tag = "Rollbacks",
    operation_id = "rollBack", params(DeployAt), request_body = dto::RollBack,
    responses((status = 201, body = dto::Deploy,
        description = "The new deploy; `rollbackFromId` is the one that it takes its parts from.")))]
pub async fn roll_back(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeployAt>,
    Input { body, key }: Input<dto::RollBack>,
) -> Result<(StatusCode, Json<dto::Deploy>), ApiProblem> {
    let target = deploys::number(&state.usecases, &who, &at.deployment, &at.deploy).await?;
    let request = RollBackRequest {
        target,
        scope: body.scope,
        description: body.description,
        fingerprint: body.fingerprint,
        hold: body.hold,
        reject: body.reject,
        confirm_name: body.confirm_name,
    };
    let deploy = state.usecases.roll_back(&who, &at.deployment, request, key).await?;
    Ok((StatusCode::CREATED, Json(deploys::answer(&state.usecases, &who, deploy).await?)))
}
