//! The one table of routes.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    middleware,
    routing::{MethodRouter, get},
};
use http::{Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::auth::{oidc::CALLBACK, origin};

use super::{
    HttpState, api, assets, audit, cross_site, embed, headers, health, metrics, oidc, pages, rendering,
    server_functions,
};

/// A route: where it is, and what answers.
struct Route {
    path: String,
    answers: MethodRouter<HttpState>,
}

fn route(path: impl Into<String>, answers: MethodRouter<HttpState>) -> Route {
    Route { path: path.into(), answers }
}

/// What answers for somebody and is neither a page nor the API nor a server function. With those it is what the
/// authorization matrix has to cover.
pub const BESIDE: [&str; 3] = ["/events/deployments/{id}", "/audit/export", "/audit/checkpoint"];

fn table() -> Vec<Route> {
    let [events, export, checkpoint] = BESIDE;
    let mut table = vec![
        route("/livez", get(health::live)),
        route("/startupz", get(health::started)),
        route("/readyz", get(health::ready)),
        route("/pkg/{*file}", get(assets::serve)),
        route("/favicon.svg", get(assets::favicon)),
        route("/embed/panel.js", get(embed::panel_script)),
        route("/embed/manifest.json", get(embed::manifest)),
        route(events, get(super::events::stream)),
        route(export, get(audit::export)),
        route(checkpoint, get(audit::checkpoint)),
        route(oidc::BEGIN, get(oidc::begin)),
        route(CALLBACK, get(oidc::callback)),
        route("/ui/{function}", get(server_functions::call).post(server_functions::call)),
    ];
    rendering::choose();
    // The app's router is asked for its pages; asking also readies leptos for rendering on this runtime.
    let pages = leptos_axum::generate_route_list(backstep_app::App);
    table.extend(pages.iter().map(|page| route(page.path().to_owned(), get(pages::render))));
    table
}

/// Largest body of a request that is not an upload, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// The whole application.
#[expect(clippy::disallowed_methods, reason = "the one place where routes are built from the table")]
pub fn router(state: HttpState) -> Router {
    let mut ui = Router::new();
    for Route { path, answers } in table() {
        ui = ui.route(&path, answers);
    }
    let ui = ui
        .fallback(pages::render.layer(DefaultBodyLimit::max(BODY_LIMIT)))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(cross_site::layer())
        .layer(middleware::from_fn(cross_site::guard))
        .layer(panel_origins(&state));

    let mut rest = Router::new();
    for (path, answers) in api::routes() {
        rest = rest.route(path, answers);
    }
    let rest = rest
        .with_state(api::ApiState::new(state.usecases.clone(), state.auth.clone()))
        .layer(middleware::from_fn_with_state(api::InWork::default(), api::one_at_a_time));

    let mut all = ui.with_state(state.clone()).merge(rest);
    if state.auth.is_demo() {
        all = all.layer(middleware::from_fn(cross_site::own_names_only));
    }
    let metrics = state.usecases.metrics.clone();
    all.layer(middleware::from_fn(headers::add))
        .layer(middleware::from_fn_with_state(state, origin::tell))
        .layer(middleware::from_fn_with_state(metrics, metrics::measure))
}

/// What is served on the port for metrics, and nowhere else: it asks nobody who they are.
#[expect(clippy::disallowed_methods, reason = "the other table, of one row")]
pub fn metrics_router(state: HttpState) -> Router {
    Router::new().route("/metrics", get(metrics::scrape)).with_state(state)
}

/// Pages of the allowed origins may call the server functions with a token of theirs; never with a cookie.
fn panel_origins(state: &HttpState) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(state.embed_origins.iter().cloned()))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::HeaderName::from_static("last-event-id"),
        ])
        .max_age(std::time::Duration::from_secs(7200))
}
