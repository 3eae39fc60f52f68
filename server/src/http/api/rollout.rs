use axum::{Json, extract::State};
use backstep_domain::{DeploymentId, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    ApiProblem, ApiState, Caller, deploys, dto,
    params::{Asked, At, DeployAt, DeployKey, read},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogsAsked {
    /// Only lines after this one: `last` of the answer before.
    #[param(value_type = Option<u64>)]
    after: Option<String>,
}

impl LogsAsked {
    fn after(&self) -> Result<u64, Problem> {
        Ok(read("after", &self.after)?.unwrap_or(0))
    }
}

/// A step of a deploy's rollout in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct StepAt {
    /// The Deployment's id.
    #[param(value_type = String)]
    deployment: DeploymentId,
    /// The deploy's id or number.
    #[param(value_type = String)]
    deploy: DeployKey,
    /// The step's id: 0, 1, 2 ...
    step: u32,
}

/// The steps of a deploy's rollout.
#[utoipa::path(get, path = "/api/v1/deployments/{deployment}/deploys/{deploy}/steps", tag = "Rollouts",
    operation_id = "listSteps", params(DeployAt),
    responses((status = 200, description = "The steps; none before the rollout starts.", body = dto::Steps)))]
pub async fn steps(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeployAt>,
) -> Result<Json<dto::Steps>, ApiProblem> {
    let number = deploys::number(&state.usecases, &who, &at.deployment, &at.deploy).await?;
    // Past every line: only the steps are asked for.
    let rollout = state.usecases.rollout(&who, &at.deployment, number, i64::MAX as u64).await?;
    let steps = rollout.steps.into_iter().map(dto::Step::from).collect();
    Ok(Json(dto::Steps { steps, stopping: rollout.stopping }))
}

/// The log lines of a deploy's rollout, all steps together.
#[utoipa::path(get, path = "/api/v1/deployments/{deployment}/deploys/{deploy}/logs", tag = "Rollouts",
    operation_id = "listLogs", params(DeployAt, LogsAsked),
    responses((status = 200, description = "The lines, oldest first.", body = dto::Logs)))]
pub async fn logs(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeployAt>,
    Asked(asked): Asked<LogsAsked>,
) -> Result<Json<dto::Logs>, ApiProblem> {
    let after = asked.after()?;
    let number = deploys::number(&state.usecases, &who, &at.deployment, &at.deploy).await?;
    let rollout = state.usecases.rollout(&who, &at.deployment, number, after).await?;
    Ok(Json(answer(rollout.log, after)))
}

/// The log lines of one step.
#[utoipa::path(get, path = "/api/v1/deployments/{deployment}/deploys/{deploy}/steps/{step}/logs", tag = "Rollouts",
    operation_id = "listStepLogs", params(StepAt, LogsAsked),
    responses((status = 200, description = "The lines, oldest first.", body = dto::Logs)))]
pub async fn step_logs(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<StepAt>,
    Asked(asked): Asked<LogsAsked>,
) -> Result<Json<dto::Logs>, ApiProblem> {
    let after = asked.after()?;
    let number = deploys::number(&state.usecases, &who, &at.deployment, &at.deploy).await?;
    let mut rollout = state.usecases.rollout(&who, &at.deployment, number, after).await?;
    if !rollout.steps.iter().any(|step| step.index == at.step) {
        return Err(Problem::not_found("step").into());
    }
    let last = rollout.log.last().map_or(after, |line| line.seq);
    rollout.log.retain(|line| line.step == at.step);
    Ok(Json(dto::Logs { last, ..answer(rollout.log, after) }))
}

fn answer(log: Vec<backstep_domain::LogLine>, after: u64) -> dto::Logs {
    let last = log.last().map_or(after, |line| line.seq);
    dto::Logs { entries: log.into_iter().map(dto::LogEntry::from).collect(), last }
}
