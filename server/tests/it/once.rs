//! A secret that a form makes is in its answer, and nowhere else.

use reqwest::{Response, header};
use serde_json::Value;

use super::support::{Place, Server, TOKEN};

/// Sends a form as a browser without script does.
async fn send(server: &Server, cookie: &str, function: &str, from: &str, form: &[(&str, &str)]) -> Response {
    let request = server
        .client
        .post(format!("{}/ui/{function}", server.url))
        .header(header::ACCEPT, "text/html")
        .header(header::COOKIE, cookie)
        .header(header::ORIGIN, &server.url)
        .header(header::REFERER, format!("{}{from}", server.url));
    request.form(form).send().await.unwrap()
}

async fn sign_in(server: &Server) -> String {
    let answer = send(server, "", "sign-in-with-token", "/sign-in", &[("token", TOKEN)]).await;
    assert_eq!(answer.headers()[header::LOCATION], "/");
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// What stands between two texts.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let from = text.find(start).unwrap_or_else(|| panic!("there is no {start}")) + start.len();
    &text[from..from + text[from..].find(end).unwrap()]
}

#[tokio::test]
async fn a_new_token_is_shown_in_the_answer_to_its_form_only() {
    let place = Place::new();
    let server = Server::start(&place);
    let cookie = sign_in(&server).await;
    let page = "/access/service-accounts";
    let made =
        send(&server, &cookie, "create-service-account", page, &[("level", "system"), ("at", ""), ("name", "ci")])
            .await;
    let tokens = made.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let account = between(&tokens, "/accounts/", "/tokens").to_owned();
    let form = [
        ("account", account.as_str()),
        ("name", "deploys"),
        ("days", "30"),
        ("permissions[]", "deployment.deployRevisions.get"),
        ("permissions[]", "deployment.images.push"),
    ];
    let answer = send(&server, &cookie, "make-token", &tokens, &form).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    assert!(answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("'nonce-"));
    let html = answer.text().await.unwrap();
    assert!(html.contains(&format!("data-at=\"{tokens}\"")), "the script can make the page's address of it");
    let secret = between(&html, "class=\"secret\">", "<");
    assert!(secret.starts_with("bss_"), "{secret}");

    let api = server.client.get(format!("{}/api/v1/deployments", server.url)).bearer_auth(secret);
    assert_eq!(api.send().await.unwrap().status(), 200, "it is a token");
    let again = server.client.get(format!("{}{tokens}", server.url)).header(header::COOKIE, &cookie);
    let again = again.send().await.unwrap().text().await.unwrap();
    assert!(again.contains("deploys") && again.contains("deployment.images.push") && !again.contains(secret));
}

#[tokio::test]
async fn a_script_has_the_secret_from_the_functions_own_answer() {
    let place = Place::new();
    let server = Server::start(&place);
    let cookie = sign_in(&server).await;
    let made = server
        .client
        .post(format!("{}/ui/invite", server.url))
        .header(header::COOKIE, &cookie)
        .header(header::ORIGIN, &server.url)
        .form(&[("login", "ben@example.com"), ("name", "Ben")])
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 200);
    let made: Value = made.json().await.unwrap();
    assert!(made["path"].as_str().unwrap().starts_with("/set-up?token="), "{made}");
}

#[tokio::test]
async fn passwords_do_not_come_back_with_a_refused_form() {
    let place = Place::new();
    let server = Server::start(&place);
    let cookie = sign_in(&server).await;
    let answer = send(&server, &cookie, "invite", "/access", &[("login", "ben@example.com"), ("name", "Ben")]).await;
    let html = answer.text().await.unwrap();
    let link = between(&html, "class=\"secret\">", "<").replace("&amp;", "&");
    assert!(link.starts_with(&format!("{}/set-up?token=", server.url)), "the whole address: {link}");
    let (path, token) = (link.trim_start_matches(&server.url), link.split('=').nth(1).unwrap());
    let form = [("token", token), ("password", "canary-short"), ("password_again", "canary-other-one")];
    let refused = send(&server, "", "use-link", path, &form).await;
    assert_eq!(refused.status(), 303);
    let location = refused.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert!(location.starts_with(&format!("{path}&form=")), "{location}");
    let html = server.client.get(format!("{}{location}", server.url)).send().await.unwrap().text().await.unwrap();
    assert!(html.contains("The two passwords are not the same") && !html.contains("canary"));
    let kept = location.split("form=").nth(1).unwrap();
    let kept = server.client.get(format!("{}/ui/kept-form?form={kept}", server.url)).send().await.unwrap();
    let kept = kept.text().await.unwrap();
    assert!(!kept.contains("canary") && !kept.contains(token), "{kept}");
}
