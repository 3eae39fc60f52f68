use axum::{Json, extract::State};
use backstep_domain::Problem;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    ApiProblem, ApiState, Caller, deploys, dto,
    params::{Asked, At, DeployKey, DeploymentAt, given},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DiffAsked {
    /// The id or number of the deploy before.
    from: String,
    /// The id or number of the deploy after.
    to: String,
    /// A file of the DAG bundle: answers its lines instead.
    path: Option<String>,
}

/// Compare two deploys: the parts, and the files of their DAG bundles; or, with `path`, the lines of one file.
#[utoipa::path(get, path = "/api/v1/deployments/{deployment}/deploys/diff", tag = "Deploys",
    operation_id = "diffDeploys", params(DeploymentAt, DiffAsked),
    responses((status = 200, description = "What is not the same.", body = dto::DiffAnswer)))]
pub async fn diff(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeploymentAt>,
    Asked(asked): Asked<DiffAsked>,
) -> Result<Json<dto::DiffAnswer>, ApiProblem> {
    let (usecases, id) = (&state.usecases, &at.deployment);
    let from = deploys::number(usecases, &who, id, &key("from", asked.from)?).await?;
    let to = deploys::number(usecases, &who, id, &key("to", asked.to)?).await?;
    Ok(Json(match given(&asked.path) {
        Some(path) => dto::DiffAnswer::File(usecases.file_diff(&who, id, from, to, path).await?.into()),
        None => dto::DiffAnswer::Deploys(Box::new(usecases.compare(&who, id, from, to).await?.into())),
    }))
}

fn key(field: &str, text: String) -> Result<DeployKey, Problem> {
    match text.trim() {
        "" => Err(Problem::invalid(field, "Give the id or number of a deploy.")),
        text => Ok(DeployKey::from(text.to_owned())),
    }
}
