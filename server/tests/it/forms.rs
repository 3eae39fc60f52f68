//! Forms sent without script: a refused one comes back with everything that was typed.

use reqwest::header;

use super::support::{Place, Server, TOKEN};

async fn sign_in(server: &Server) -> String {
    let answer = server
        .client
        .post(format!("{}/ui/sign-in-with-token", server.url))
        .header(header::ACCEPT, "text/html")
        .header(header::ORIGIN, &server.url)
        .header(header::REFERER, format!("{}/sign-in", server.url))
        .form(&[("token", TOKEN)])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 303);
    assert_eq!(answer.headers()[header::LOCATION], "/");
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_refused_form_comes_back_with_what_was_typed() {
    let place = Place::new();
    let server = Server::start(&place);
    let id = server.deployment().await;
    let cookie = sign_in(&server).await;
    let page = format!("/deployments/{id}/settings");
    let answer = server
        .client
        .post(format!("{}/ui/update-settings", server.url))
        .header(header::ACCEPT, "text/html")
        .header(header::COOKIE, &cookie)
        .header(header::ORIGIN, &server.url)
        .header(header::REFERER, format!("{}{page}", server.url))
        .form(&[("id", id.as_str()), ("name", " "), ("description", "typed & kept <b>")])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 303);
    let location = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert!(location.starts_with(&format!("{page}?form=")), "{location}");
    let page = server.client.get(format!("{}{location}", server.url)).header(header::COOKIE, &cookie);
    let html = page.send().await.unwrap().text().await.unwrap();
    assert!(html.contains("typed &amp; kept"), "what was typed is on the page");
    assert!(html.contains("1 to 100 characters"), "and so is what was wrong");
}

#[tokio::test]
async fn a_visitor_is_asked_for_the_token_and_the_wrong_one_is_not_kept() {
    let place = Place::new();
    let server = Server::start(&place);
    let answer = server.client.get(format!("{}/", server.url)).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()[header::LOCATION]), (303, &"/sign-in".parse().unwrap()));
    let answer = server
        .client
        .post(format!("{}/ui/sign-in-with-token", server.url))
        .header(header::ACCEPT, "text/html")
        .header(header::ORIGIN, &server.url)
        .header(header::REFERER, format!("{}/sign-in", server.url))
        .form(&[("token", "canary-wrong-token")])
        .send()
        .await
        .unwrap();
    let location = answer.headers()[header::LOCATION].to_str().unwrap();
    let html = server.client.get(format!("{}{location}", server.url)).send().await.unwrap().text().await.unwrap();
    assert!(html.contains("BACKSTEP_ADMIN_TOKEN"), "the page says which token is meant");
    assert!(!html.contains("canary-wrong-token"), "a secret is never sent back");
}

/// Whoever has the session of an old token gets no further with it than with the old token itself.
#[tokio::test]
async fn a_session_of_the_operator_ends_with_the_token_it_was_opened_with() {
    let place = Place::new();
    let server = Server::start(&place);
    let cookie = sign_in(&server).await;
    let home = async |server: &Server| {
        let page = server.client.get(format!("{}/", server.url)).header(header::COOKIE, &cookie);
        page.send().await.unwrap().status().as_u16()
    };
    assert_eq!(home(&server).await, 200);
    server.kill();
    let server = Server::start(&place);
    assert_eq!(home(&server).await, 200, "the same token, so the same session");
    server.kill();
    let server = Server::start_with(&place, &[("BACKSTEP_ADMIN_TOKEN", "another-token-of-enough-characters")]);
    assert_eq!(home(&server).await, 303, "to the sign-in page");
}
