use axum::response::{IntoResponse, Response};
use backstep_domain::{Problem, ProblemCode, Scope};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::dto::{self, words};

/// What every failed call answers: `application/problem+json` (RFC 9457) with a stable `code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `urn:backstep:problem:CODE`.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What it is and what to do, for a person.
    pub detail: String,
    #[schema(schema_with = words::problem_code)]
    pub code: ProblemCode,
    /// The field of the input that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The scopes that are allowed, where another one was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(schema_with = words::scopes)]
    pub allowed_scopes: Vec<Scope>,
    /// The number of the rollback that is running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub winner: Option<u32>,
    /// The plan as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Box<dto::Plan>>,
}

impl From<Problem> for ProblemBody {
    fn from(problem: Problem) -> Self {
        Self {
            kind: format!("urn:backstep:problem:{}", problem.code),
            title: title(problem.code).to_owned(),
            status: problem.code.status(),
            detail: problem.message,
            code: problem.code,
            field: problem.field,
            allowed_scopes: problem.allowed_scopes,
            winner: problem.winner.map(u32::from),
            plan: problem.plan.map(|plan| Box::new((*plan).into())),
        }
    }
}

/// The same for every problem of a code.
fn title(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::Unauthenticated => "Not signed in",
        ProblemCode::Forbidden => "Not permitted",
        ProblemCode::NotFound => "Not found",
        ProblemCode::Invalid => "Input that cannot be right",
        ProblemCode::BadBundle => "A DAG bundle that is refused",
        ProblemCode::TooLarge => "Too large",
        ProblemCode::PlanMoved => "The plan moved",
        ProblemCode::RollbackInProgress => "Another rollback is running",
        ProblemCode::Refused => "The plan refuses it",
        ProblemCode::ConfirmName => "The Deployment's name is needed",
        ProblemCode::ConfirmRejected => "It was rejected before",
        ProblemCode::Conflict => "Not possible in the present state",
        ProblemCode::InProgress => "Being worked on",
        ProblemCode::IdempotencyMismatch => "The Idempotency-Key was used for something else",
        ProblemCode::CrossSite => "A form of another site",
        ProblemCode::TooManyRequests => "Too often",
        ProblemCode::Unavailable => "A part does not answer",
        ProblemCode::Internal => "A fault of Backstep's",
    }
}

/// A problem on its way to a caller of the API.
#[derive(Debug)]
pub struct ApiProblem(pub Box<Problem>);

impl From<Problem> for ApiProblem {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status()).expect("every code has a status between 400 and 503");
        let code = self.0.code;
        let body = serde_json::to_vec(&ProblemBody::from(*self.0)).expect("a problem is plain data");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if code == ProblemCode::InProgress {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The answer to a path below `/api/` that is no route.
pub async fn no_such_route() -> ApiProblem {
    Problem::new(ProblemCode::NotFound, "There is no such route. All are in /api/v1/openapi.json.").into()
}
