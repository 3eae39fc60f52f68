use axum::{Json, extract::State};

use super::{
    ApiProblem, ApiState, Caller, deploys, dto,
    input::Input,
    params::{At, DeployAt},
};

/// Cancel a deploy that is not live yet. One that waits or is held ends at once; a running rollout stops before it switches
/// anything: follow it until its status is `CANCELLED`. Past its point of no return it cannot be cancelled: 409.
#[utoipa::path(post, path = "/api/v1/deployments/{deployment}/deploys/{deploy}/cancel", tag = "Rollouts",
    operation_id = "cancelDeploy", params(DeployAt), request_body = dto::CancelDeploy,
    responses((status = 200, body = dto::Deploy,
        description = "The deploy: `CANCELLED`, or `DEPLOYING` until its rollout has stopped.")))]
pub async fn cancel(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeployAt>,
    Input { body, .. }: Input<dto::CancelDeploy>,
) -> Result<Json<dto::Deploy>, ApiProblem> {
    let number = deploys::number(&state.usecases, &who, &at.deployment, &at.deploy).await?;
    let why = body.description.unwrap_or_default();
    let deploy = state.usecases.cancel_deploy(&who, &at.deployment, number, &why).await?;
    Ok(Json(deploys::answer(&state.usecases, &who, deploy).await?))
}
