use axum::{Json, extract::State};
use backstep_domain::{
    Cause, Deploy, DeployNumber, DeployView, DeploymentId, HistoryFilter, Principal, Problem, ProblemCode,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    ApiProblem, ApiState, Caller, cursor, dto,
    input::Input,
    params::{Asked, At, DeployAt, DeployKey, DeploymentAt, given, read as read_parameter},
};
use crate::usecases::UseCases;

const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 100;

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryAsked {
    /// Deploys a page: 1 to 100, 50 if left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    #[param(schema_with = dto::words::kind)]
    kind: Option<String>,
    #[param(value_type = Option<dto::Status>)]
    status: Option<String>,
    /// The author's id.
    author: Option<String>,
    /// Part of the description, image, tag, DAG bundle, commit or branch; case does not matter.
    text: Option<String>,
    /// Created at or after; RFC 3339.
    #[param(value_type = Option<dto::Time>)]
    since: Option<String>,
    /// Created before; RFC 3339.
    #[param(value_type = Option<dto::Time>)]
    until: Option<String>,
    /// Only deploys that can be rolled back to.
    #[param(value_type = Option<bool>)]
    eligible_only: Option<String>,
    #[param(value_type = Option<bool>)]
    rollbacks_only: Option<String>,
}

impl HistoryAsked {
    fn limit(&self) -> Result<u32, Problem> {
        match read_parameter("limit", &self.limit)? {
            None => Ok(PAGE),
            Some(limit) if (1..=LARGEST_PAGE).contains(&limit) => Ok(limit),
            Some(_) => Err(Problem::invalid("limit", "A page has 1 to 100 deploys.")),
        }
    }

    fn filter(&self) -> Result<HistoryFilter, Problem> {
        let status = match given(&self.status) {
            None => None,
            Some(word) => Some(stored_status(word)?),
        };
        Ok(HistoryFilter {
            kind: read_parameter("kind", &self.kind)?,
            status,
            author: given(&self.author).map(str::to_owned),
            text: given(&self.text).map(str::to_owned),
            since: read_parameter::<dto::Time>("since", &self.since)?.map(|at| at.0),
            until: read_parameter::<dto::Time>("until", &self.until)?.map(|at| at.0),
            eligible_only: read_parameter("eligibleOnly", &self.eligible_only)?.unwrap_or(false),
            rollbacks_only: read_parameter("rollbacksOnly", &self.rollbacks_only)?.unwrap_or(false),
        })
    }
}

fn stored_status(word: &str) -> Result<backstep_domain::DeployStatus, Problem> {
    let status = serde_json::from_value::<dto::Status>(word.into()).ok().and_then(dto::Status::stored);
    status.ok_or_else(|| {
        let all = "QUEUED, HELD, DEPLOYING, DEPLOYED, FAILED, CANCELLED";
        Problem::invalid("status", format!("`{word}` is no status of the history; it is one of {all}."))
    })
}

/// The Deploy History, newest first.
#[utoipa::path(get, path = "/api/v1/deployments/{deployment}/deploys", tag = "Deploys", operation_id = "listDeploys",
    params(DeploymentAt, HistoryAsked),
    responses((status = 200, description = "A page of the history.", body = dto::Deploys)))]
pub async fn list(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeploymentAt>,
    Asked(asked): Asked<HistoryAsked>,
) -> Result<Json<dto::Deploys>, ApiProblem> {
    let (filter, limit) = (asked.filter()?, asked.limit()?);
    let before = given(&asked.cursor).map(cursor::read).transpose()?;
    let page = state.usecases.history(&who, &at.deployment, &filter, before, limit).await?;
    let mut deploys = Vec::with_capacity(page.rows.len());
    for row in page.rows {
        let source = source_id(&state.usecases, &who, &row.deploy).await?;
        deploys.push(dto::Deploy { rollback_from_id: source, ..row.into() });
    }
    Ok(Json(dto::Deploys { deploys, next_cursor: page.next_before.map(cursor::write) }))
}

/// A deploy, by id or number; or an upload that is not finalized, by id.
#[utoipa::path(get, path = "/api/v1/deployments/{deployment}/deploys/{deploy}", tag = "Deploys",
    operation_id = "getDeploy", params(DeployAt),
    responses((status = 200, description = "The deploy.", body = dto::Deploy)))]
pub async fn read(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeployAt>,
) -> Result<Json<dto::Deploy>, ApiProblem> {
    match view(&state.usecases, &who, &at.deployment, &at.deploy).await {
        Ok(view) => answer_view(&state.usecases, &who, view).await,
        Err(problem) => match at.deploy {
            DeployKey::Id(id) if problem.code == ProblemCode::NotFound => {
                Ok(Json(state.usecases.upload(&who, &at.deployment, &id).await?.into()))
            }
            _ => Err(problem.into()),
        },
    }
}

/// Edit a deploy's description. The entry itself never changes; the edit is recorded.
#[utoipa::path(post, path = "/api/v1/deployments/{deployment}/deploys/{deploy}", tag = "Deploys",
    operation_id = "updateDeploy", params(DeployAt), request_body = dto::UpdateDeploy,
    responses((status = 200, description = "The deploy with its new description.", body = dto::Deploy)))]
pub async fn describe(
    State(state): State<ApiState>,
    Caller(who): Caller,
    At(at): At<DeployAt>,
    Input { body, .. }: Input<dto::UpdateDeploy>,
) -> Result<Json<dto::Deploy>, ApiProblem> {
    let number = number(&state.usecases, &who, &at.deployment, &at.deploy).await?;
    state.usecases.describe_deploy(&who, &at.deployment, number, &body.description).await?;
    let view = state.usecases.deploy(&who, &at.deployment, number).await?;
    answer_view(&state.usecases, &who, view).await
}

async fn answer_view(usecases: &UseCases, who: &Principal, view: DeployView) -> Result<Json<dto::Deploy>, ApiProblem> {
    let source = source_id(usecases, who, &view.row.deploy).await?;
    Ok(Json(dto::Deploy { rollback_from_id: source, ..view.row.into() }))
}

/// A deploy as the answer to the call that made it.
pub(super) async fn answer(usecases: &UseCases, who: &Principal, deploy: Deploy) -> Result<dto::Deploy, Problem> {
    let source = source_id(usecases, who, &deploy).await?;
    Ok(dto::Deploy { rollback_from_id: source, ..deploy.into() })
}

async fn view(
    usecases: &UseCases,
    who: &Principal,
    id: &DeploymentId,
    deploy: &DeployKey,
) -> Result<DeployView, Problem> {
    match deploy {
        DeployKey::Number(number) => usecases.deploy(who, id, *number).await,
        DeployKey::Id(deploy) => usecases.deploy_by_id(who, id, deploy).await,
    }
}

/// The number of the deploy that is meant.
pub(super) async fn number(
    usecases: &UseCases,
    who: &Principal,
    id: &DeploymentId,
    deploy: &DeployKey,
) -> Result<DeployNumber, Problem> {
    match deploy {
        DeployKey::Number(number) => Ok(*number),
        DeployKey::Id(deploy) => Ok(usecases.deploy_by_id(who, id, deploy).await?.row.deploy.number),
    }
}

/// The id of the deploy that a rollback took its parts from: `rollbackFromId`.
async fn source_id(usecases: &UseCases, who: &Principal, deploy: &Deploy) -> Result<Option<String>, Problem> {
    let Cause::Rollback { to, .. } = deploy.cause else { return Ok(None) };
    // A page of one row is cheaper than a whole deploy with its files.
    let page = usecases.history(who, &deploy.deployment, &HistoryFilter::default(), Some(to.next()), 1).await?;
    let source = page.rows.into_iter().find(|row| row.deploy.number == to);
    Ok(source.map(|row| row.deploy.id.to_string()))
}

#[cfg(test)]
mod tests {
    use backstep_domain::{DeployKind, DeployStatus, Millis};

    use super::*;

    #[test]
    fn a_query_becomes_a_filter() {
        let text = |text: &str| Some(text.to_owned());
        let asked = HistoryAsked {
            kind: text("dags"),
            status: text("DEPLOYED"),
            text: text(" fix "),
            since: text("1970-01-02T00:00:00Z"),
            eligible_only: text("true"),
            author: text(""),
            ..HistoryAsked::default()
        };
        let filter = HistoryFilter {
            kind: Some(DeployKind::Dags),
            status: Some(DeployStatus::Succeeded),
            text: text("fix"),
            since: Some(Millis(86_400_000)),
            eligible_only: true,
            ..HistoryFilter::default()
        };
        assert_eq!(asked.filter(), Ok(filter));
    }

    #[test]
    fn what_is_no_filter_names_its_field() {
        let bad = |asked: HistoryAsked| asked.filter().unwrap_err().field.unwrap();
        let with = |text: &str| Some(text.to_owned());
        assert_eq!(bad(HistoryAsked { status: with("INITIALIZED"), ..HistoryAsked::default() }), "status");
        assert_eq!(bad(HistoryAsked { kind: with("dag"), ..HistoryAsked::default() }), "kind");
        assert_eq!(bad(HistoryAsked { until: with("yesterday"), ..HistoryAsked::default() }), "until");
        assert_eq!(bad(HistoryAsked { eligible_only: with("1"), ..HistoryAsked::default() }), "eligibleOnly");
    }

    #[test]
    fn a_page_has_1_to_100_deploys() {
        let limit = |text: &str| HistoryAsked { limit: Some(text.to_owned()), ..HistoryAsked::default() }.limit();
        assert_eq!((limit(""), limit("1"), limit("100")), (Ok(50), Ok(1), Ok(100)));
        assert!(limit("0").is_err() && limit("101").is_err() && limit("-1").is_err());
    }
}
