//! HTTP: pages, server functions, events, the REST API and the files of the interface.

pub mod api;
mod assets;
mod audit;
mod cross_site;
mod embed;
mod events;
mod headers;
mod health;
mod leave;
mod metrics;
mod oidc;
mod pages;
mod rendering;
mod routes;
mod server_functions;

use std::sync::Arc;

pub use assets::Assets;
use backstep_app::api::{Browser, Visitor};
use backstep_domain::Origin;
use http::{header, request::Parts};
pub use routes::{BESIDE, metrics_router, router};
use tokio_util::sync::CancellationToken;

use crate::{
    auth::{Auth, Use},
    usecases::UseCases,
};

/// What every handler can reach.
#[derive(Clone)]
pub struct HttpState {
    pub usecases: UseCases,
    pub auth: Auth,
    pub assets: Arc<Assets>,
    /// Origins whose pages may carry the panel.
    pub embed_origins: Arc<[http::HeaderValue]>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Arc<[ipnet::IpNet]>,
    /// The data folder, whose free space is watched.
    pub data: Arc<std::path::Path>,
    /// Ends the event streams, so that the server can stop.
    pub shutdown: CancellationToken,
}

impl HttpState {
    /// Who asks: the bearer token if one is sent, else the session cookie.
    /// A token that is wrong is refused even where the cookie would do.
    async fn visitor(&self, parts: &Parts) -> Result<Visitor, WrongToken> {
        self.visitor_for(parts, Use::Request).await
    }

    async fn visitor_for(&self, parts: &Parts, use_of_it: Use) -> Result<Visitor, WrongToken> {
        let (headers, origin) = (&parts.headers, origin(parts));
        if let Some(header) = headers.get(header::AUTHORIZATION) {
            let token = header.to_str().ok().and_then(|h| h.strip_prefix("Bearer ")).ok_or(WrongToken)?;
            let principal = self.auth.bearer(token.trim(), &origin).await.ok_or(WrongToken)?;
            return Ok(Visitor(Some(principal)));
        }
        let session = self.auth.session(text(headers, &header::COOKIE), &origin, use_of_it).await;
        Ok(Visitor(session.map(|signed_in| signed_in.principal)))
    }
}

/// Where a request came from.
fn origin(parts: &Parts) -> Origin {
    parts.extensions.get().cloned().unwrap_or_default()
}

/// What the browser sent, for signing in and out.
fn browser(parts: &Parts) -> Browser {
    let of = |name| text(&parts.headers, name).map(str::to_owned);
    Browser { origin: origin(parts), agent: of(&header::USER_AGENT).unwrap_or_default(), cookies: of(&header::COOKIE) }
}

fn text<'a>(headers: &'a http::HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A bearer token that nobody has.
struct WrongToken;

impl axum::response::IntoResponse for WrongToken {
    fn into_response(self) -> axum::response::Response {
        let problem = backstep_domain::Problem::new(
            backstep_domain::ProblemCode::Unauthenticated,
            "The token is not known. Send `Authorization: Bearer TOKEN` with a valid one.",
        );
        server_functions::problem_response(&problem)
    }
}
