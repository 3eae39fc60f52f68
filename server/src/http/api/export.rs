use axum::{Json, extract::State};

use super::{ApiProblem, ApiState, Caller, dto};

/// How the export of log lines to Elasticsearch stands, over all servers: what waits, how long, and the last error.
#[utoipa::path(get, path = "/api/v1/export", tag = "Audit", operation_id = "getExportStatus",
    responses((status = 200, description = "How it stands.", body = dto::ExportStatus)))]
pub async fn status(State(state): State<ApiState>, Caller(who): Caller) -> Result<Json<dto::ExportStatus>, ApiProblem> {
    Ok(Json(state.usecases.export_status(&who).await?.into()))
}
