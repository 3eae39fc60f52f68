//! Counting requests, and answering those who collect what was counted.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::header;

use super::HttpState;
use crate::metrics::{Metrics, Now};

/// `GET /metrics`, on a port of its own.
pub async fn scrape(State(state): State<HttpState>) -> impl IntoResponse {
    let usecases = &state.usecases;
    let now = Now::read(&usecases.store, &state.data, usecases.clock.now()).await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], usecases.metrics.encode(&now))
}

/// Counts and times each request under the template of its route: a path has names in it, and there is no end of them.
pub async fn measure(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    metrics.answered(&method, route, response.status().as_u16(), began.elapsed());
    response
}
