//! For those who watch the server.

use axum::extract::State;
use http::StatusCode;

use super::HttpState;

/// The process answers.
pub async fn live() -> &'static str {
    "ok\n"
}

/// The database answers, and the server is not stopping.
pub async fn ready(State(state): State<HttpState>) -> (StatusCode, &'static str) {
    if state.shutdown.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match state.usecases.store.workspaces().await {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::error!(%error, "not ready: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
