//! The pages, rendered on the server: complete before the first byte, so that they work without script.

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use backstep_app::{
    api::{Browser, ShownOnce, Visitor},
    now::RequestTime,
    shell,
};
use http::{HeaderValue, header};
use leptos::prelude::{expect_context, provide_context, use_nonce};
use leptos_axum::{ResponseOptions, render_app_async_with_context};

use super::{HttpState, browser, headers::page_policy};
use crate::usecases::Everything;

pub async fn render(State(state): State<HttpState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let browser = browser(&parts);
    let visitor = match state.visitor(&parts).await {
        Ok(visitor) => visitor,
        Err(wrong) => return wrong.into_response(),
    };
    // Whatever page was wanted, signing in comes first.
    if visitor.0.is_none() && !matches!(parts.uri.path(), "/sign-in" | "/set-up") {
        return Redirect::to("/sign-in").into_response();
    }
    show(&state, visitor, browser, Request::from_parts(parts, body), None).await
}

/// The answer to a form that made a secret: the page that shows it this once.
pub(super) async fn show_once(state: &HttpState, visitor: Visitor, browser: Browser, shown: ShownOnce) -> Response {
    let request = Request::get(&shown.at).body(Body::empty()).expect("a page's path, made of ids");
    show(state, visitor, browser, request, Some(shown)).await
}

async fn show(
    state: &HttpState,
    visitor: Visitor,
    browser: Browser,
    request: Request,
    once: Option<ShownOnce>,
) -> Response {
    let ports = Everything { usecases: state.usecases.clone(), auth: state.auth.clone() }.ports();
    let assets = state.assets.links();
    let now = RequestTime(state.usecases.clock.now());
    let context = move || {
        provide_context(ports.clone());
        provide_context(visitor.clone());
        provide_context(browser.clone());
        provide_context(assets.clone());
        provide_context(now);
        if let Some(shown) = &once {
            provide_context(shown.clone());
        }
        if let Some(nonce) = use_nonce() {
            let policy = HeaderValue::from_str(&page_policy(&nonce)).expect("a nonce is base64");
            expect_context::<ResponseOptions>().insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    };
    render_app_async_with_context(context, shell)(request).await
}
