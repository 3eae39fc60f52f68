//! Server functions over HTTP: for scripts with a proper status, for plain forms with a redirect that loses nothing.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use backstep_app::api::{Failure, KeptForm, OnceSlot, SignInWithPassword, SignInWithToken, UseLink};
use backstep_domain::{Principal, Problem, ProblemCode};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use leptos::prelude::provide_context;
use leptos::server_fn::ServerFn;
use leptos_axum::handle_server_fns_with_context;

use super::{HttpState, browser, leave, pages};
use crate::usecases::Everything;

/// Largest form, in bytes.
const FORM_LIMIT: usize = 64 * 1024;

/// Calls the server function that the path names.
pub async fn call(State(state): State<HttpState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let browser = browser(&parts);
    let visitor = match state.visitor(&parts).await {
        Ok(visitor) => visitor,
        Err(wrong) => return wrong.into_response(),
    };
    let ports = Everything { usecases: state.usecases.clone(), auth: state.auth.clone() }.ports();
    let once = OnceSlot::default();
    let context = {
        let (visitor, browser, once) = (visitor.clone(), browser.clone(), once.clone());
        move || {
            provide_context(ports.clone());
            provide_context(visitor.clone());
            provide_context(browser.clone());
            provide_context(once.clone());
        }
    };
    let request = Request::from_parts(parts, body);
    if request.method() == Method::GET
        && accepts_html(request.headers())
        && let Some(page) = page_of_answer(request.uri())
    {
        // Somebody asks again for a page that showed a secret once.
        return Redirect::to(&page).into_response();
    }
    if request.method() == Method::POST && accepts_html(request.headers()) {
        let answer = plain_form(&state, visitor.0.as_ref(), request, context).await;
        return match once.take() {
            Some(shown) => pages::show_once(&state, visitor, browser, shown).await,
            None => answer,
        };
    }
    let response = handle_server_fns_with_context(context, request).await.into_response();
    match read_problem(response).await {
        Ok(response) => response,
        Err(problem) => problem_response(&problem),
    }
}

/// A form sent without script: on success on to where the function says, else back to where it came from; a refused
/// one is kept with its error, and the page shows both again.
async fn plain_form(
    state: &HttpState,
    who: Option<&Principal>,
    request: Request,
    context: impl Fn() + Clone + Send + 'static,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let action = parts.uri.path().to_owned();
    let back = referring_page(&parts.headers);
    let Ok(body) = to_bytes(body, FORM_LIMIT).await else {
        return problem_response(&Problem::new(ProblemCode::TooLarge, "This form is larger than 64 kB."));
    };
    let fields: Vec<(String, String)> = form_fields(&body);
    let row = fields.iter().find(|(name, _)| name == ROW).map(|(_, row)| row.clone());
    // Without this header the framework answers with the result instead of a redirect that carries the error.
    parts.headers.remove(header::ACCEPT);
    let request = Request::from_parts(parts, Body::from(body));
    let response = handle_server_fns_with_context(context, request).await.into_response();
    let response = match read_problem(response).await {
        Ok(response) => response,
        Err(_) if who.is_none() && !is_for_visitors(&action) => return Redirect::to("/sign-in").into_response(),
        Err(problem) => return keep_and_return(state, who, KeptForm { action, fields, problem }, &back).await,
    };
    let mut answer = StatusCode::SEE_OTHER.into_response();
    let to = response.headers().get(header::LOCATION).cloned();
    let to = to.unwrap_or_else(|| done_at(&back, row.as_deref()));
    answer.headers_mut().insert(header::LOCATION, to);
    for cookie in response.headers().get_all(header::SET_COOKIE) {
        answer.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    leave::on_to_others(answer)
}

/// Keeps a refused form for whoever sent it, and leads back to its page, which shows it again with its error.
pub(super) async fn keep_and_return(
    state: &HttpState,
    who: Option<&Principal>,
    form: KeptForm,
    back: &str,
) -> Response {
    let problem = form.problem.clone();
    let id = match state.usecases.keep_form(who, form).await {
        Ok(id) => id,
        Err(error) => {
            tracing::error!(%error, "a refused form could not be kept");
            return problem_response(&problem);
        }
    };
    let fresh = without_form(back);
    let location = format!("{fresh}{}form={id}", if fresh.contains('?') { '&' } else { '?' });
    let location = HeaderValue::from_str(&location).expect("a path from a header");
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// What is sent by people who are not signed in.
fn is_for_visitors(action: &str) -> bool {
    [SignInWithPassword::PATH, SignInWithToken::PATH, UseLink::PATH].contains(&action)
}

/// The field with which a form says in which row of its page it is: there the page is shown again.
const ROW: &str = "row";

/// Where a form that did its work leads back to.
fn done_at(back: &str, row: Option<&str>) -> HeaderValue {
    let plain = |row: &&str| row.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:.".contains(&b));
    let row = row.filter(plain).map(|row| format!("#{row}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{}{row}", without_form(back))).expect("a path from a header")
}

/// A page's address without the refused form that it may show, and without what was done before.
fn without_form(page: &str) -> String {
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    let past = |q: &&str| q.is_empty() || q.starts_with("form=") || q.starts_with("done=");
    let query: Vec<&str> = query.split('&').filter(|q| !past(q)).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// The path and query of the page that sent the form; only of this server, the browser's word taken for nothing more.
fn referring_page(headers: &HeaderMap) -> String {
    let referer = headers.get(header::REFERER).and_then(|r| r.to_str().ok());
    let uri = referer.and_then(|r| r.parse::<http::Uri>().ok());
    let page = uri.as_ref().and_then(|uri| {
        if uri.path().starts_with("/ui/") {
            return page_of_answer(uri);
        }
        uri.path_and_query().map(ToString::to_string)
    });
    page.filter(|page| is_own_path(page)).unwrap_or_else(|| "/".to_owned())
}

/// The answer to a form that makes a secret is a page at the form's address, which says which page that is.
fn page_of_answer(form: &http::Uri) -> Option<String> {
    let (_, page) = form_urlencoded::parse(form.query()?.as_bytes()).find(|(name, _)| name == "at")?;
    Some(page.into_owned()).filter(|page| is_own_path(page))
}

/// `//host` would leave this server, and so would `/\host` in a browser.
fn is_own_path(page: &str) -> bool {
    page.starts_with('/') && !page.starts_with("//") && page.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|a| a.to_str().ok()).is_some_and(|a| a.contains("text/html"))
}

fn form_fields(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body).into_owned().collect()
}

/// The framework answers every error with 500 and the error as JSON; this takes it apart.
async fn read_problem(response: Response) -> Result<Response, Problem> {
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return Ok(response);
    }
    let bytes = to_bytes(response.into_body(), 4 * 1024 * 1024).await.unwrap_or_default();
    Err(serde_json::from_slice::<Failure>(&bytes).map_or_else(
        |_| Problem::new(ProblemCode::NotFound, "There is no such function on this server. Reload the page."),
        |failure| failure.0,
    ))
}

/// A problem as a server function sends it: its JSON, with the status that belongs to it.
pub fn problem_response(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.code.status()).expect("problem codes have valid statuses");
    let body = serde_json::to_string(problem).expect("a problem is JSON");
    let json = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, json)], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_did_its_work_leads_back_without_the_refused_one() {
        for (back, row, expected) in [
            ("/access", None, "/access"),
            ("/access?form=1", None, "/access"),
            ("/compare?from=1&form=2&to=3", None, "/compare?from=1&to=3"),
            ("/me?done=password", None, "/me"),
            ("/access?form=1", Some("account-demo:admin"), "/access#account-demo:admin"),
            ("/access", Some("x\r\nSet-Cookie: a=b"), "/access"),
        ] {
            assert_eq!(done_at(back, row), expected, "{back} {row:?}");
        }
    }

    #[test]
    fn a_form_leads_back_to_a_page_of_this_server() {
        let back = |referer: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::REFERER, HeaderValue::from_str(referer).expect("a header"));
            referring_page(&headers)
        };
        for (referer, expected) in [
            ("http://127.0.0.1:7411/access?form=1", "/access?form=1"),
            ("http://127.0.0.1:7411//evil.example/", "/"),
            ("http://127.0.0.1:7411/ui/make-token?at=/accounts/demo:x/tokens", "/accounts/demo:x/tokens"),
            ("http://127.0.0.1:7411/ui/make-token?at=//evil.example", "/"),
            ("http://127.0.0.1:7411/ui/make-token?at=/%5Cevil.example", "/"),
            ("http://127.0.0.1:7411/ui/make-token", "/"),
            ("nonsense", "/"),
        ] {
            assert_eq!(back(referer), expected, "{referer}");
        }
    }
}
