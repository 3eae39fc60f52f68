//! The audit log taken out in the browser: files, for whoever is signed in.

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use backstep_app::pages::AuditQuery;
use backstep_domain::{Principal, Problem, ProblemCode};

use super::{HttpState, api::ExportFormat, server_functions::problem_response};

/// `GET /audit/export?format=csv`, with the filter as the page's address has it.
pub async fn export(State(state): State<HttpState>, request: Request) -> Result<Response, Response> {
    let query = request.uri().query().unwrap_or_default();
    let fields: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let format = match fields.iter().find(|(name, _)| name == "format").map(|(_, value)| value.as_str()) {
        Some("csv") => ExportFormat::Csv,
        Some("jsonl") => ExportFormat::JsonLines,
        _ => return Err(problem_response(&Problem::invalid("format", "Say `format=csv` or `format=jsonl`."))),
    };
    let filter = AuditQuery::from_fields(fields).filter;
    let who = signed_in(&state, request).await?;
    let pages = state.usecases.export_audit(&who, filter, format.word()).await;
    pages.map(|pages| format.answer(pages)).map_err(|problem| problem_response(&problem))
}

/// `GET /audit/checkpoint`.
pub async fn checkpoint(State(state): State<HttpState>, request: Request) -> Result<Response, Response> {
    let who = signed_in(&state, request).await?;
    let checkpoint = state.usecases.audit_checkpoint(&who).await;
    checkpoint.map(|checkpoint| Json(checkpoint).into_response()).map_err(|problem| problem_response(&problem))
}

async fn signed_in(state: &HttpState, request: Request) -> Result<Principal, Response> {
    let (parts, _) = request.into_parts();
    let visitor = state.visitor(&parts).await.map_err(IntoResponse::into_response)?;
    visitor.0.ok_or_else(|| problem_response(&Problem::new(ProblemCode::Unauthenticated, "Sign in first.")))
}
