//! On to another site after a form.

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};

/// Makes a redirect to another site a document that goes on there by itself; one to this server stays as it is.
///
/// The pages' policy keeps forms on this server, and browsers hold the redirects after a form to it too (`form-action`).
/// A document of its own is not held to it.
pub fn on_to_others(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let Some(address) = headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned) else {
        return response;
    };
    if address.starts_with('/') {
        return response;
    }
    headers.remove(header::LOCATION);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    *response.status_mut() = StatusCode::OK;
    *response.body_mut() = Body::from(document(&address));
    response
}

fn document(address: &str) -> String {
    let address = address.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Signing out</title>\
         <meta http-equiv=\"refresh\" content=\"0; url={address}\"></head>\
         <body><main><h1>Signed out here</h1><p><a href=\"{address}\">Go on to sign out at the provider too</a></p></main></body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(to: &'static str) -> Response {
        let builder = Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, to);
        builder.header(header::SET_COOKIE, "a=b").body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn another_site_is_reached_by_a_document() {
        let response = on_to_others(redirect("https://login.example/logout?a=\"b\"&c=d"));
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::SET_COOKIE], "a=b");
        assert!(!response.headers().contains_key(header::LOCATION));
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body = std::str::from_utf8(&body).unwrap();
        assert!(body.contains("url=https://login.example/logout?a=&quot;b&quot;&amp;c=d\""), "{body}");
    }

    #[test]
    fn this_server_is_reached_by_a_redirect() {
        let response = on_to_others(redirect("/sign-in"));
        assert_eq!(
            (response.status(), response.headers()[header::LOCATION].as_bytes()),
            (StatusCode::SEE_OTHER, &b"/sign-in"[..])
        );
    }
}
