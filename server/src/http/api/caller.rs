use async_trait::async_trait;
use axum::extract::FromRequestParts;
use backstep_domain::{Origin, Principal, Problem, ProblemCode};
use http::{HeaderMap, header::AUTHORIZATION, request::Parts};

use super::{ApiProblem, ApiState};

/// Tells who stands behind a token.
#[async_trait]
pub trait Authenticate: Send + Sync {
    /// `None` if nobody does, or not any more.
    async fn bearer(&self, token: &str, origin: &Origin) -> Option<Principal>;
}

/// Who calls: told by the bearer token alone, never by a cookie, so that no other site can call in a person's name.
pub struct Caller(pub Principal);

impl FromRequestParts<ApiState> for Caller {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiProblem> {
        caller_of(parts, state.auth.as_ref()).await
    }
}

pub(super) async fn caller_of(parts: &Parts, auth: &dyn Authenticate) -> Result<Caller, ApiProblem> {
    let origin = parts.extensions.get().cloned().unwrap_or_default();
    let token =
        bearer(&parts.headers).ok_or_else(|| unauthenticated("Send a token: `Authorization: Bearer TOKEN`."))?;
    let known = auth.bearer(token, &origin).await;
    known.map(Caller).ok_or_else(|| unauthenticated("This token is not known, or not valid any more."))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn unauthenticated(message: &str) -> ApiProblem {
    Problem::new(ProblemCode::Unauthenticated, message).into()
}
