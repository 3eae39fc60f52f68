//! Forms and scripts of other sites do nothing here.
//!
//! tower-http's layer compares `Sec-Fetch-Site`, else `Origin` with `Host`. It lets a request with neither pass, for
//! programs; here a write without a token comes from a browser, so that case is refused before it.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use backstep_domain::{Problem, ProblemCode};
use http::{StatusCode, header};
use tower_http::csrf::CsrfLayer;

use super::server_functions::problem_response;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

pub fn layer() -> CsrfLayer {
    CsrfLayer::new()
}

/// Goes before the layer: a request with a token carries its own proof and ignores cookies, so its origin is for CORS
/// to judge; a write with neither token nor a browser's word on its origin is refused.
pub async fn guard(mut request: Request, next: Next) -> Response {
    let headers = request.headers_mut();
    if headers.contains_key(header::AUTHORIZATION) {
        headers.remove(SEC_FETCH_SITE);
        headers.remove(header::ORIGIN);
    } else if !request.method().is_safe() {
        let headers = request.headers();
        if !headers.contains_key(SEC_FETCH_SITE) && !headers.contains_key(header::ORIGIN) {
            return refusal();
        }
    }
    let response = next.run(request).await;
    let refused = response.extensions().get::<tower_http::csrf::ProtectionError>().is_some();
    if refused && response.status() == StatusCode::FORBIDDEN { refusal() } else { response }
}

/// The demo lets everybody in who is on this machine. A page of another site could be one of them, under a name of its own
/// that leads here (DNS rebinding); so only the machine's own names are answered to.
pub async fn own_names_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if is_own_name(host) { next.run(request).await } else { refusal() }
}

fn is_own_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn refusal() -> Response {
    problem_response(&Problem::new(
        ProblemCode::CrossSite,
        "This request does not come from a page of this server, so nothing was done. Open the page here and try again.",
    ))
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_that_lead_here_are_not_this_machines() {
        for own in ["127.0.0.1:7411", "localhost", "LocalHost:80", "[::1]:7411", "127.1.2.3"] {
            assert!(is_own_name(own), "{own}");
        }
        for other in ["evil.example:7411", "127.0.0.1.evil.example", "localhost.evil.example", "192.0.2.1", "", "[::2]"]
        {
            assert!(!is_own_name(other), "{other}");
        }
    }
}
