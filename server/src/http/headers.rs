//! Headers: what every response carries, and how many a request may have.

use axum::{extract::Request, middleware::Next, response::Response};
use backstep_domain::{Problem, ProblemCode};
use http::{HeaderValue, header};

use super::server_functions::problem_response;

/// Names and values of a request's headers together, in bytes. A browser with many cookies sends a quarter of it.
const LIMIT: usize = 32 * 1024;

/// Adds them; a request whose own headers are beyond the limit is answered with 413 and read no further.
pub async fn add(request: Request, next: Next) -> Response {
    let public = request.uri().path().starts_with("/pkg/") || request.uri().path().starts_with("/embed/");
    let bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let mut response = if bytes > LIMIT {
        let message = format!("The headers of a request take at most {} kB together.", LIMIT / 1024);
        problem_response(&Problem::new(ProblemCode::TooLarge, message))
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    let mut set = |name: header::HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    set(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    );
    set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(
        header::HeaderName::from_static("cross-origin-resource-policy"),
        if public { "cross-origin" } else { "same-origin" },
    );
    response
}

/// The policy of a page: our own files, and inline scripts only with this response's nonce.
pub fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' \
         data:; connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    )
}
