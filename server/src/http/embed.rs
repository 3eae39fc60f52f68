//! The embedded panel: one script URL for other people's pages.

use axum::{Json, extract::State, response::Response};
use serde::Serialize;

use super::{HttpState, assets::asset_response};

/// `GET /embed/panel.js`: the custom element; a stable URL, so it is asked for again after five minutes.
pub async fn panel_script(State(state): State<HttpState>, headers: http::HeaderMap) -> Response {
    asset_response(state.assets.named("panel.js"), &headers, "public, max-age=300")
}

/// Where the panel's parts are at present.
#[derive(Serialize)]
pub struct PanelParts {
    js: String,
    wasm: String,
    css: String,
}

/// `GET /embed/manifest.json`: the hashed names of the panel's parts.
pub async fn manifest(State(state): State<HttpState>) -> Json<PanelParts> {
    let links = state.assets.links();
    Json(PanelParts { js: state.assets.path_of("app.js"), wasm: links.wasm, css: links.css })
}
