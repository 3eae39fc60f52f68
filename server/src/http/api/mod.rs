//! REST `/api/v1`, for CI, agents and portals: thin handlers over the use cases, with types of its own in the shape of
//! Astro's API (reference: docs/api.md and openapi.json).

#![expect(unused_qualifications, reason = "utoipa's macros qualify the types that they name")]

mod access;
mod audit;
mod caller;
mod cancel;
mod content_digest;
mod cursor;
mod deployments;
mod deploys;
mod diff;
pub mod dto;
mod export;
mod hold;
mod idempotency;
mod input;
mod openapi;
mod params;
mod problem;
mod rollbacks;
mod rollout;
mod uploads;
mod workspaces;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::routing::{MethodRouter, delete, get, post, put};
use http::Method;

pub use self::{
    audit::Format as ExportFormat,
    caller::{Authenticate, Caller},
    content_digest::header_value as content_digest_value,
    idempotency::{InWork, one_at_a_time},
    openapi::document,
    problem::{ApiProblem, ProblemBody, no_such_route},
};
use crate::{auth::Auth, usecases::UseCases};

/// What the handlers work with.
#[derive(Clone)]
pub struct ApiState {
    usecases: UseCases,
    auth: Arc<dyn Authenticate>,
    /// What makes links for people.
    accounts: Auth,
}

impl ApiState {
    pub fn new(usecases: UseCases, auth: Auth) -> Self {
        Self { usecases, auth: Arc::new(auth.clone()), accounts: auth }
    }
}

/// One row of the table of routes.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub handler: MethodRouter<ApiState>,
}

const DEPLOYMENT: &str = "/api/v1/deployments/{deployment}";
const DEPLOYS: &str = "/api/v1/deployments/{deployment}/deploys";
const DEPLOY: &str = "/api/v1/deployments/{deployment}/deploys/{deploy}";

/// Every route of the API with what answers it, for the one table of routes.
pub fn routes() -> impl Iterator<Item = (&'static str, MethodRouter<ApiState>)> {
    table().into_iter().map(|route| (route.path, route.handler))
}

/// Every route of the API, with its method.
pub fn table() -> Vec<Route> {
    let (read, write, remove) = (Method::GET, Method::POST, Method::DELETE);
    let row = |method: &Method, path, handler| Route { method: method.clone(), path, handler };
    vec![
        row(&read, "/api/v1/openapi.json", get(openapi::openapi)),
        row(&read, "/api/v1/me", get(access::me)),
        row(&read, "/api/v1/people", get(access::people)),
        row(&write, "/api/v1/people", post(access::invite)),
        row(&read, "/api/v1/teams", get(access::teams)),
        row(&write, "/api/v1/teams", post(access::create_team)),
        row(&remove, "/api/v1/teams/{team}", delete(access::remove_team)),
        row(&Method::PUT, "/api/v1/teams/{team}/members/{account}", put(access::add_member)),
        row(&remove, "/api/v1/teams/{team}/members/{account}", delete(access::remove_member)),
        row(&read, "/api/v1/roles", get(access::roles)),
        row(&read, "/api/v1/grants", get(access::grants)),
        row(&write, "/api/v1/grants", post(access::give_role)),
        row(&remove, "/api/v1/grants/{grant}", delete(access::take_role)),
        row(&read, "/api/v1/service-accounts", get(access::service_accounts)),
        row(&write, "/api/v1/service-accounts", post(access::create_service_account)),
        row(&write, "/api/v1/accounts/{account}/password-link", post(access::password_link)),
        row(&write, "/api/v1/accounts/{account}/disable", post(access::disable)),
        row(&write, "/api/v1/accounts/{account}/enable", post(access::enable)),
        row(&read, "/api/v1/accounts/{account}/permissions", get(access::explain)),
        row(&read, "/api/v1/accounts/{account}/tokens", get(access::tokens)),
        row(&write, "/api/v1/accounts/{account}/tokens", post(access::make_token)),
        row(&write, "/api/v1/tokens/{token}/rotate", post(access::rotate)),
        row(&remove, "/api/v1/tokens/{token}", delete(access::revoke)),
        row(&write, "/api/v1/panel-tokens", post(access::panel_token)),
        row(&read, "/api/v1/audit", get(audit::list)),
        row(&read, "/api/v1/audit/export", get(audit::export)),
        row(&read, "/api/v1/audit/checkpoint", get(audit::checkpoint)),
        row(&read, "/api/v1/export", get(export::status)),
        row(&read, "/api/v1/workspaces", get(workspaces::list)),
        row(&write, "/api/v1/workspaces", post(workspaces::create)),
        row(&read, "/api/v1/deployments", get(deployments::list)),
        row(&write, "/api/v1/deployments", post(deployments::create)),
        row(&read, DEPLOYMENT, get(deployments::read)),
        row(&write, DEPLOYMENT, post(deployments::update)),
        row(&read, "/api/v1/deployments/{deployment}/settings", get(deployments::settings)),
        row(&read, "/api/v1/deployments/{deployment}/plan", get(rollbacks::plan_last_good)),
        row(&read, "/api/v1/deployments/{deployment}/hold", get(hold::read)),
        row(&write, "/api/v1/deployments/{deployment}/hold", post(hold::set)),
        row(&write, "/api/v1/deployments/{deployment}/hold/release", post(hold::release)),
        row(&read, DEPLOYS, get(deploys::list)),
        row(&write, DEPLOYS, post(uploads::create)),
        row(&read, "/api/v1/deployments/{deployment}/deploys/diff", get(diff::diff)),
        row(&read, DEPLOY, get(deploys::read)),
        row(&write, DEPLOY, post(deploys::describe)),
        row(&Method::PUT, "/api/v1/deployments/{deployment}/deploys/{deploy}/dags", put(uploads::put_dags)),
        row(&write, "/api/v1/deployments/{deployment}/deploys/{deploy}/finalize", post(uploads::finalize)),
        row(&read, "/api/v1/deployments/{deployment}/deploys/{deploy}/plan", get(rollbacks::plan)),
        row(&write, "/api/v1/deployments/{deployment}/deploys/{deploy}/rollback", post(rollbacks::roll_back)),
        row(&write, "/api/v1/deployments/{deployment}/deploys/{deploy}/cancel", post(cancel::cancel)),
        row(&read, "/api/v1/deployments/{deployment}/deploys/{deploy}/steps", get(rollout::steps)),
        row(&read, "/api/v1/deployments/{deployment}/deploys/{deploy}/steps/{step}/logs", get(rollout::step_logs)),
        row(&read, "/api/v1/deployments/{deployment}/deploys/{deploy}/logs", get(rollout::logs)),
    ]
}
