//! Forms and scripts of other sites do nothing here.

use reqwest::header;

use super::support::{Place, Server, TOKEN};

/// Which words of the browser let a write with a cookie through.
#[tokio::test]
async fn a_write_with_a_cookie_needs_the_browsers_word() {
    let place = Place::new();
    let server = Server::start(&place);
    let own = server.url.clone();
    let cases: &[(&[(&str, &str)], bool)] = &[
        (&[], false),
        (&[("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("origin", &own)], true),
        (&[("origin", "null")], false),
        (&[("origin", "https://portal.example")], false),
        (&[("origin", "http://127.0.0.1:1")], false),
    ];
    for (headers, passes) in cases {
        let mut request = server.client.post(format!("{own}/ui/sign-in-with-token")).form(&[("token", TOKEN)]);
        for (name, value) in *headers {
            request = request.header(*name, *value);
        }
        let status = request.send().await.unwrap().status();
        assert_eq!(status != 403, *passes, "{headers:?}: {status}");
    }
}

/// A token is its own proof: a panel on an allowed origin writes with it, and CORS answers that origin only.
#[tokio::test]
async fn a_token_writes_from_elsewhere_and_a_wrong_one_never_falls_back_to_the_cookie() {
    let place = Place::new();
    let server = Server::start(&place);
    let id = server.deployment().await;
    let call = |token: &str, origin: &str| {
        server
            .client
            .post(format!("{}/ui/set-hold", server.url))
            .bearer_auth(token)
            .header(header::ORIGIN, origin)
            .header("sec-fetch-site", "cross-site")
            .form(&[("id", id.as_str()), ("why", "freeze")])
            .send()
    };
    let wrong = call("not-the-token", "https://portal.example").await.unwrap();
    assert_eq!(wrong.status(), 401);
    let right = call(TOKEN, "https://portal.example").await.unwrap();
    assert!(right.status().is_success(), "{}", right.status());
    assert_eq!(right.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://portal.example");
    assert!(!right.headers().contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    let other = call(TOKEN, "https://portal.example.evil").await.unwrap();
    assert!(!other.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}

/// Every answer carries the headers that hold a page together.
#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let place = Place::new();
    let server = Server::start(&place);
    for path in ["/", "/sign-in", "/livez", "/ui/me", "/api/v1/deployments", "/pkg/app.css", "/embed/panel.js", "/none"]
    {
        let answer = server.client.get(format!("{}{path}", server.url)).send().await.unwrap();
        let headers = answer.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn headers_have_a_limit() {
    let place = Place::new();
    let server = Server::start(&place);
    let ask = |bytes: usize| {
        let request = server.client.get(format!("{}/livez", server.url)).header("x-much", "x".repeat(bytes));
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(ask(16 * 1024).await, 200);
    assert_eq!(ask(33 * 1024).await, 413);
}
