//! For those who watch the server. Asked by anybody, so nothing is named here: no Deployment, target, host or version.

use std::time::Duration;

use axum::extract::State;
use http::StatusCode;
use tokio::time::timeout;

use super::HttpState;
use crate::free_space::FreeSpace;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Sealing is done four times a second, looking for work twice: whatever is this late does not get through.
const LATE: Duration = Duration::from_secs(10);

/// `GET /livez`: the process answers. Nothing else is asked, so that a database that is away restarts no server.
pub async fn live() -> &'static str {
    "ok\n"
}

/// `GET /startupz`: the schema is up to date, what a killed server was rolling out is taken up, and the audit log is sealed.
pub async fn started(State(state): State<HttpState>) -> (StatusCode, String) {
    // The server listens only when the schema is up to date.
    match still_to_do(&state) {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(what) => (StatusCode::SERVICE_UNAVAILABLE, format!("starting: {what}\n")),
    }
}

/// `GET /readyz`: 200 while requests had better come here, and in words what is degraded meanwhile; else 503 and why.
///
/// What another server behind the same balancer would suffer from too, a full disk for one, is no reason to send nobody
/// anywhere: the history still reads.
pub async fn ready(State(state): State<HttpState>) -> (StatusCode, String) {
    if state.shutdown.is_cancelled() {
        return not_ready("stopping");
    }
    if let Some(what) = still_to_do(&state) {
        return not_ready(&format!("starting: {what}"));
    }
    let schema = match timeout(PATIENCE, state.usecases.store.schema_version()).await {
        Ok(Ok(schema)) => schema,
        Ok(Err(error)) => {
            tracing::error!(%error, "not ready: the database does not answer");
            return not_ready("the database does not answer");
        }
        Err(_) => {
            tracing::error!("not ready: the database takes longer than two seconds to answer");
            return not_ready("the database takes longer than two seconds to answer");
        }
    };
    let mut degraded = Vec::new();
    if schema.found > schema.known {
        degraded.push("a newer version has migrated the database; replace this server".to_owned());
    }
    if state.usecases.sealer.seals().missed(LATE) {
        degraded.push("the audit log is not being sealed".to_owned());
    }
    if state.usecases.engine.looks().missed(LATE) {
        degraded.push("rollouts are not being taken up".to_owned());
    }
    match FreeSpace::of(&state.data) {
        Ok(space) => degraded.extend(space.complaint()),
        Err(error) => {
            tracing::error!(%error, "the data folder cannot be looked at");
            degraded.push("the data folder cannot be looked at".to_owned());
        }
    }
    (StatusCode::OK, in_words(&degraded))
}

fn still_to_do(state: &HttpState) -> Option<&'static str> {
    if !state.usecases.engine.looks().began() {
        Some("rollouts that were running are not taken up yet")
    } else if !state.usecases.sealer.seals().began() {
        Some("the audit log is not sealed yet")
    } else {
        None
    }
}

fn not_ready(why: &str) -> (StatusCode, String) {
    (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"))
}

fn in_words(degraded: &[String]) -> String {
    if degraded.is_empty() {
        return "ok\n".to_owned();
    }
    degraded.iter().fold(String::new(), |text, what| text + "degraded: " + what + "\n")
}
