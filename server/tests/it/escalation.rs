//! What somebody with few rights could try to get more, and does not.

use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};

use super::support::{Place, Server, image};

const PASSWORD: &str = "correct horse battery staple";

async fn call(server: &Server, method: Method, path: &str, token: &str, body: Value) -> (StatusCode, Value) {
    let request = server.client.request(method, format!("{}{path}", server.url)).bearer_auth(token).json(&body);
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap_or(Value::Null))
}

/// A form as a browser without script sends it.
async fn form(server: &Server, cookie: &str, function: &str, fields: &[(&str, &str)]) -> Response {
    let request = server
        .client
        .post(format!("{}/ui/{function}", server.url))
        .header(header::ACCEPT, "text/html")
        .header(header::COOKIE, cookie)
        .header(header::ORIGIN, &server.url)
        .header(header::REFERER, format!("{}/me", server.url));
    request.form(fields).send().await.unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A service account with a role on a Deployment, and its token.
async fn service(server: &Server, name: &str, role: &str, deployment: &str) -> (String, String) {
    let account = text(&server.post("/api/v1/service-accounts", json!({ "name": name })).await["id"]);
    let grant = json!({ "accountId": account, "role": role, "deploymentId": deployment });
    server.post("/api/v1/grants", grant).await;
    let made = server.post(&format!("/api/v1/accounts/{account}/tokens"), json!({ "name": "t", "days": 1 })).await;
    (account, text(&made["token"]))
}

/// A person without any role, their one-time link's token, and their session's cookie.
async fn person(server: &Server, login: &str) -> (String, String) {
    let invited = server.post("/api/v1/people", json!({ "login": login, "name": login })).await;
    let link = text(&invited["link"]);
    let token = link.split_once("token=").unwrap().1;
    let fields = [("token", token), ("password", PASSWORD), ("password_again", PASSWORD)];
    let answer = form(server, "", "use-link", &fields).await;
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    (text(&invited["account"]["id"]), cookie)
}

#[tokio::test]
async fn a_workspace_of_ones_own_opens_no_target_of_others() {
    let place = Place::new();
    let config = std::fs::read_to_string(place.path("backstep.toml")).unwrap();
    let more = config.replace("[targets.image]\n", "[targets.image]\nworkspaces = [\"Mine\"]\n");
    let free = place.path("free");
    std::fs::create_dir_all(&free).unwrap();
    std::fs::write(
        place.path("backstep.toml"),
        format!("{more}\n[targets.free]\nkind = \"directory\"\nroot = {free:?}\n"),
    )
    .unwrap();
    let server = Server::start(&place);
    let id = server.deployment().await;
    let (_, token) = service(&server, "eve", "DEPLOYMENT_VIEWER", &id).await;
    // Everybody may make a Workspace, and is its Admin.
    let (status, mine) = call(&server, Method::POST, "/api/v1/workspaces", &token, json!({ "name": "Mine" })).await;
    assert_eq!(status, 201, "{mine}");
    let create = |name: &'static str, targets: Value| {
        let mut body = json!({ "workspaceId": mine["id"], "name": name, "mechanism": "dag_deploy" });
        body.as_object_mut().unwrap().extend(targets.as_object().unwrap().clone());
        let (server, token) = (&server, token.clone());
        async move { call(server, Method::POST, "/api/v1/deployments", &token, body).await }
    };
    let (status, problem) = create("a", json!({ "dagsTarget": "free" })).await;
    assert_eq!(status, 403, "what the configuration opens to nobody: {problem}");
    let (status, problem) = create("b", json!({ "imageTarget": "image" })).await;
    assert_eq!(status, 422, "what is open to this Workspace, and another Deployment's already: {problem}");
    let (status, made) = create("c", json!({})).await;
    assert_eq!(status, 201, "without a target: {made}");
}

#[tokio::test]
async fn a_panels_token_makes_nothing_that_outlasts_it() {
    let place = Place::new();
    let server = Server::start(&place);
    let id = server.deployment().await;
    let (account, portal) = service(&server, "portal", "DEPLOYMENT_ADMIN", &id).await;
    let asked = json!({ "deployments": [id], "minutes": 15, "onBehalfOf": "jane" });
    let (status, minted) = call(&server, Method::POST, "/api/v1/panel-tokens", &portal, asked.clone()).await;
    assert_eq!(status, 201, "{minted}");
    let panel = text(&minted["token"]);
    let history = format!("/api/v1/deployments/{id}/deploys");
    assert_eq!(call(&server, Method::GET, &history, &panel, json!({})).await.0, 200);
    let grant = json!({ "accountId": account, "role": "DEPLOYMENT_ADMIN", "deploymentId": id });
    let tries = [
        ("/api/v1/service-accounts".to_owned(), json!({ "name": "stays", "deploymentId": id })),
        (format!("/api/v1/accounts/{account}/tokens"), json!({ "name": "stays", "days": 366 })),
        ("/api/v1/grants".to_owned(), grant),
        (format!("/api/v1/deployments/{id}"), json!({ "rollbackEnabled": false })),
        ("/api/v1/panel-tokens".to_owned(), asked),
    ];
    for (path, body) in tries {
        let (status, problem) = call(&server, Method::POST, &path, &panel, body).await;
        assert!([403, 404].contains(&status.as_u16()), "{path}: {status} {problem}");
    }
}

#[tokio::test]
async fn the_mechanism_takes_both_rights() {
    let place = Place::new();
    std::fs::write(
        place.path("roles.yaml"),
        "roles:\n  IMAGES_ONLY: { level: deployment, permissions: { deployment.deployRevisions.get: , \
         deployment.images.push: } }\n",
    )
    .unwrap();
    let config = std::fs::read_to_string(place.path("backstep.toml")).unwrap();
    let roles = format!("\n[access]\nroles = {:?}\n", place.path("roles.yaml"));
    std::fs::write(place.path("backstep.toml"), config + &roles).unwrap();
    let server = Server::start(&place);
    let id = server.deployment().await;
    server.deploy(&id, 1).await;
    server.settled(&id, 1).await;
    let (_, token) = service(&server, "images", "IMAGES_ONLY", &id).await;
    let path = format!("/api/v1/deployments/{id}/deploys");
    let upload = json!({ "type": "IMAGE_ONLY", "image": image(2), "description": "x", "mechanism": "git_sync" });
    let (status, problem) = call(&server, Method::POST, &path, &token, upload).await;
    assert_eq!(status, 403, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("deployment.dags.push"), "{problem}");
    let same = json!({ "type": "IMAGE_ONLY", "image": image(2), "description": "x", "mechanism": "dag_deploy" });
    assert_eq!(call(&server, Method::POST, &path, &token, same).await.0, 201, "the mechanism of today is no change");
}

#[tokio::test]
async fn an_empty_login_locks_nobody_out() {
    let place = Place::new();
    let server = Server::start(&place);
    let (_, _) = person(&server, "ada@example.com").await;
    for _ in 0..30 {
        form(&server, "", "sign-in", &[("login", " "), ("password", "x")]).await;
    }
    let fields = [("login", "ada@example.com"), ("password", PASSWORD)];
    let answer = form(&server, "", "sign-in", &fields).await;
    assert_eq!(answer.headers()[header::LOCATION], "/", "the right password still signs in");
}

#[tokio::test]
async fn many_guesses_at_once_count_like_one_after_the_other() {
    let place = Place::new();
    let server = Server::start(&place);
    person(&server, "ada@example.com").await;
    let guess = |n: usize| {
        let (server, password) = (&server, format!("a guess with the number {n}"));
        async move {
            let fields = [("login", "ada@example.com"), ("password", password.as_str())];
            let url = format!("{}/ui/sign-in", server.url);
            let request = server.client.post(url).header(header::ORIGIN, &server.url).form(&fields);
            request.send().await.unwrap().status().as_u16()
        }
    };
    let statuses = futures::future::join_all((0..16).map(guess)).await;
    let tried = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(tried, 5, "the rest waits unread: {statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 11, "{statuses:?}");
}

#[tokio::test]
async fn a_kept_form_is_for_whoever_sent_it() {
    let place = Place::new();
    let server = Server::start(&place);
    let (_, ada) = person(&server, "ada@example.com").await;
    let (_, eve) = person(&server, "eve@example.com").await;
    let refused = form(&server, &ada, "create-team", &[("name", "my secret plan")]).await;
    let location = refused.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let form_id = location.split_once("form=").unwrap().1.to_owned();
    let read = |cookie: &str| {
        let url = format!("{}/ui/kept-form?form={form_id}", server.url);
        let request = server.client.get(url).header(header::COOKIE, cookie.to_owned());
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    assert!(read(&ada).await.contains("my secret plan"));
    assert_eq!(read(&eve).await, "null");
    assert_eq!(read("").await, "null");
    // A visitor's own form is not kept at all, but for signing in.
    let sent = form(&server, "", "roll-back", &[("description", "prefilled by a stranger")]).await;
    assert_eq!(sent.headers()[header::LOCATION], "/sign-in");
}

#[tokio::test]
async fn a_link_from_before_a_promotion_is_worth_nothing_after_it() {
    let place = Place::new();
    let server = Server::start(&place);
    let (account, _) = person(&server, "ada@example.com").await;
    let path = format!("/api/v1/accounts/{account}/password-link");
    let use_it = |link: String| {
        let server = &server;
        async move {
            let token = link.split_once("token=").unwrap().1.to_owned();
            let fields = [("token", token.as_str()), ("password", PASSWORD), ("password_again", PASSWORD)];
            form(server, "", "use-link", &fields).await.headers().contains_key(header::SET_COOKIE)
        }
    };
    let link = text(&server.post(&path, json!({})).await["link"]);
    server.post("/api/v1/grants", json!({ "accountId": account, "role": "SYSTEM_ADMIN" })).await;
    assert!(!use_it(link).await, "made before the role");
    let link = text(&server.post(&path, json!({})).await["link"]);
    assert!(use_it(link).await, "made after it");
    let new = server.post("/api/v1/people", json!({ "login": "cy@example.com", "name": "Cy" })).await;
    server.post("/api/v1/grants", json!({ "accountId": new["account"]["id"], "role": "SYSTEM_VIEWER" })).await;
    assert!(use_it(text(&new["link"])).await, "an invitation that is under way while the role is given");
    let other = server.post("/api/v1/people", json!({ "login": "bo@example.com", "name": "Bo" })).await;
    server.post(&format!("/api/v1/accounts/{}/disable", text(&other["account"]["id"])), json!({})).await;
    assert!(!use_it(text(&other["link"])).await, "of a disabled account");
}
