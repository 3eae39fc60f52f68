//! To the OpenID Connect provider and back.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use backstep_app::api::KeptForm;
use backstep_domain::Problem;
use http::{HeaderValue, StatusCode, header, request::Parts};

use super::{HttpState, browser, server_functions};

/// Where the button on the sign-in page leads.
pub const BEGIN: &str = "/sign-in/oidc";

/// Sends the browser to the provider.
pub async fn begin(State(state): State<HttpState>, request: Request) -> Response {
    let Some(provider) = state.auth.provider().cloned() else { return no_provider() };
    let (parts, _) = request.into_parts();
    let browser = browser(&parts);
    match provider.begin(browser.cookies.as_deref(), &browser.origin.address).await {
        Ok(begun) => on_to(&begun.location, [begun.cookie]),
        Err(error) => {
            tracing::warn!(code = error.code(), detail = error.detail(), %error, "no sign-in with the provider");
            back_to_sign_in(&state, &parts, error.problem()).await
        }
    }
}

/// Takes the browser back from the provider, signed in.
pub async fn callback(State(state): State<HttpState>, request: Request) -> Response {
    let Some(provider) = state.auth.provider().cloned() else { return no_provider() };
    let (parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    match state.auth.arrive(&provider, query, &browser(&parts)).await {
        Ok(session) => on_to("/", [session, provider.end_cookie()]),
        Err(problem) => back_to_sign_in(&state, &parts, problem).await,
    }
}

fn on_to<const N: usize>(location: &str, cookies: [String; N]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(location).expect("an address is plain ASCII"));
    for cookie in cookies {
        headers.append(header::SET_COOKIE, HeaderValue::from_str(&cookie).expect("a cookie is plain ASCII"));
    }
    response
}

/// The sign-in page says what was wrong, as after a form.
async fn back_to_sign_in(state: &HttpState, parts: &Parts, problem: Problem) -> Response {
    let who = state.visitor(parts).await.ok().and_then(|visitor| visitor.0);
    let form = KeptForm { action: BEGIN.to_owned(), fields: Vec::new(), problem };
    server_functions::keep_and_return(state, who.as_ref(), form, "/sign-in").await
}

fn no_provider() -> Response {
    server_functions::problem_response(&Problem::not_found("sign-in provider"))
}
