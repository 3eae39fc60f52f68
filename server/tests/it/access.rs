//! Accounts, tokens and sessions, from outside.

use std::{io::Write as _, process::Stdio, time::Duration};

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::support::{Place, Server};

/// A service account with a role on a Deployment, and a token of it.
async fn service(server: &Server, name: &str, role: &str, deployment: &str, limits: Value) -> (String, Value) {
    let account = server.post("/api/v1/service-accounts", json!({ "name": name })).await;
    let account = account["id"].as_str().unwrap().to_owned();
    let grant = json!({ "accountId": account, "role": role, "deploymentId": deployment });
    server.post("/api/v1/grants", grant).await;
    let mut body = json!({ "name": "ci", "days": 30 });
    body.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
    let made = server.post(&format!("/api/v1/accounts/{account}/tokens"), body).await;
    (account, made)
}

async fn status(server: &Server, method: Method, path: &str, token: &str, body: Value) -> StatusCode {
    let request = server.client.request(method, format!("{}{path}", server.url)).bearer_auth(token).json(&body);
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_token_is_refused_at_once_when_it_or_its_owner_ends() {
    let place = Place::new();
    let server = Server::start(&place);
    let id = server.deployment().await;
    let path = format!("/api/v1/deployments/{id}");
    let (account, made) = service(&server, "ci", "DEPLOYMENT_EDITOR", &id, json!({})).await;
    let token = made["token"].as_str().unwrap();
    let read = || status(&server, Method::GET, &path, token, json!({}));
    assert_eq!(read().await, 200);
    let tokens = server.get(&format!("/api/v1/accounts/{account}/tokens")).await;
    assert!(!tokens.to_string().contains(token), "a list never shows the token");
    assert!(tokens["tokens"][0]["lastUsedAt"].is_string(), "{tokens}");

    server.post(&format!("/api/v1/accounts/{account}/disable"), json!({})).await;
    assert_eq!(read().await, 401);
    server.post(&format!("/api/v1/accounts/{account}/enable"), json!({})).await;
    assert_eq!(read().await, 200);

    let token_id = made["id"].as_str().unwrap();
    assert_eq!(server.send(Method::DELETE, &format!("/api/v1/tokens/{token_id}"), None).await.status(), 204);
    assert_eq!(read().await, 401);
}

#[tokio::test]
async fn a_rotated_token_goes_on_for_its_overlap_only() {
    let place = Place::new();
    let server = Server::start(&place);
    let id = server.deployment().await;
    let path = format!("/api/v1/deployments/{id}");
    let (_, first) = service(&server, "ci", "DEPLOYMENT_EDITOR", &id, json!({})).await;
    let rotate = |made: &Value, minutes: u32| {
        let path = format!("/api/v1/tokens/{}/rotate", made["id"].as_str().unwrap());
        let server = &server;
        async move { server.post(&path, json!({ "days": 30, "overlapMinutes": minutes })).await }
    };
    let second = rotate(&first, 10).await;
    let third = rotate(&second, 0).await;
    let read = |made: &Value| {
        let (server, path, token) = (&server, path.clone(), made["token"].as_str().unwrap().to_owned());
        async move { status(server, Method::GET, &path, &token, json!({})).await }
    };
    assert_eq!((read(&first).await, read(&second).await, read(&third).await).0, 200, "within its overlap");
    assert_eq!(read(&second).await, 401, "without overlap");
    assert_eq!(read(&third).await, 200);
}

#[tokio::test]
async fn a_token_has_no_more_than_its_owner_has_now() {
    let place = Place::new();
    let server = Server::start(&place);
    let id = server.deployment().await;
    let hold = format!("/api/v1/deployments/{id}/hold");
    let limits = json!({ "permissions": ["deployment.deployRevisions.get", "deployment.images.push"] });
    let (account, made) = service(&server, "ci", "DEPLOYMENT_EDITOR", &id, limits).await;
    let token = made["token"].as_str().unwrap();
    let settings = format!("/api/v1/deployments/{id}");
    assert_eq!(status(&server, Method::POST, &hold, token, json!({ "why": "" })).await, 422, "within the limit");
    assert_eq!(status(&server, Method::POST, &settings, token, json!({ "name": "x" })).await, 403, "beyond it");

    let grants = server.get(&format!("/api/v1/grants?deploymentId={id}")).await;
    let grant = grants["grants"].as_array().unwrap().iter().find(|g| g["subjectId"] == account.as_str()).unwrap();
    let taken = server.send(Method::DELETE, &format!("/api/v1/grants/{}", grant["id"].as_str().unwrap()), None).await;
    assert_eq!(taken.status(), 204);
    assert_eq!(status(&server, Method::GET, &settings, token, json!({})).await, 404, "the owner lost the role");
}

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    let place = Place::new();
    let server = Server::start(&place);
    let id = server.deployment().await;
    let (account, made) = service(&server, "lead", "DEPLOYMENT_EDITOR", &id, json!({})).await;
    let token = made["token"].as_str().unwrap();
    let give = |role: &str| json!({ "accountId": account, "role": role, "deploymentId": id });
    assert_eq!(status(&server, Method::POST, "/api/v1/grants", token, give("DEPLOYMENT_ADMIN")).await, 403);
    assert_eq!(status(&server, Method::POST, "/api/v1/grants", token, give("DEPLOYMENT_VIEWER")).await, 201);
    assert_eq!(status(&server, Method::POST, "/api/v1/grants", token, give("WORKSPACE_ADMIN")).await, 422);
    // Nor does a token make its owner another one: whoever stole it could stay.
    let path = format!("/api/v1/accounts/{account}/tokens");
    assert_eq!(status(&server, Method::POST, &path, token, json!({ "name": "x", "days": 1 })).await, 403);
}

#[tokio::test]
async fn a_panels_token_ends_with_its_portals_and_names_the_person() {
    let place = Place::new();
    let server = Server::start(&place);
    let id = server.deployment().await;
    let (_, portal) = service(&server, "portal", "DEPLOYMENT_EDITOR", &id, json!({})).await;
    let token = portal["token"].as_str().unwrap();
    let mint = |minutes: u32| {
        let body = json!({ "deployments": [id], "minutes": minutes, "onBehalfOf": "Jane", "permissions":
            ["deployment.deployRevisions.get", "deployment.dags.push"] });
        server.client.post(format!("{}/api/v1/panel-tokens", server.url)).bearer_auth(token).json(&body).send()
    };
    assert_eq!(mint(16).await.unwrap().status(), 422);
    let answer = mint(15).await.unwrap();
    assert_eq!(answer.status(), 201);
    let panel: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let panel = panel["token"].as_str().unwrap();
    let hold = format!("/api/v1/deployments/{id}/hold");
    assert_eq!(status(&server, Method::POST, &hold, panel, json!({ "why": "freeze" })).await, 200);
    let held = server.get(&hold).await;
    assert_eq!(held["hold"]["by"]["fullName"], "Jane via portal");
    let again = json!({ "deployments": [id], "minutes": 5, "onBehalfOf": "Eve" });
    assert_eq!(status(&server, Method::POST, "/api/v1/panel-tokens", panel, again).await, 404, "it mints none itself");
    let portal_id = portal["id"].as_str().unwrap();
    server.send(Method::DELETE, &format!("/api/v1/tokens/{portal_id}"), None).await;
    assert_eq!(status(&server, Method::GET, &hold, panel, json!({})).await, 401);
}

fn create_admin(place: &Place, login: &str, password: &str) -> std::process::Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_backstep"));
    command.args(["admin", "create", "--login", login, "--name", "Ada Admin", "--data"]).arg(place.path("data"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

async fn sign_in(server: &Server, login: &str, password: &str) -> reqwest::Response {
    let request = server.client.post(format!("{}/ui/sign-in", server.url)).header("sec-fetch-site", "same-origin");
    request.form(&[("login", login), ("password", password)]).send().await.unwrap()
}

#[tokio::test]
async fn an_administrator_made_on_the_server_signs_in_and_out() {
    let place = Place::new();
    assert!(!create_admin(&place, "ada", "short").status.success(), "a short password is refused");
    let made = create_admin(&place, "Ada@Acme.example", "correct horse battery");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let server = Server::start(&place);
    let answer = sign_in(&server, "ada@acme.EXAMPLE", "correct horse battery").await;
    assert!(answer.status().is_success() || answer.status().is_redirection(), "{}", answer.status());
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let me = || async {
        let request = server.client.get(format!("{}/ui/me", server.url)).header(header::COOKIE, &cookie);
        request.send().await.unwrap().text().await.unwrap()
    };
    assert!(me().await.contains("Ada Admin"));
    let out = server.client.post(format!("{}/ui/sign-out", server.url)).header(header::COOKIE, &cookie);
    let out = out.header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert!(out.headers()[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert!(!me().await.contains("Ada Admin"), "the cookie is worth nothing after signing out");
}

#[tokio::test]
async fn too_many_wrong_passwords_have_to_wait() {
    let place = Place::new();
    assert!(create_admin(&place, "ada", "correct horse battery").status.success());
    let server = Server::start(&place);
    for _ in 0..5 {
        assert_eq!(sign_in(&server, "ada", "wrong wrong wrong").await.status(), 401);
    }
    let locked = sign_in(&server, "ada", "correct horse battery").await;
    assert_eq!(locked.status(), 429, "also with the right one");
    assert!(locked.text().await.unwrap().contains("seconds"));
}

/// The stream of changes of a Deployment, which a page holds open.
async fn listen(server: &Server, deployment: &str, token: &str) -> reqwest::Response {
    let url = format!("{}/events/deployments/{deployment}", server.url);
    let stream = server.client.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(stream.status(), 200);
    stream
}

/// What came before the stream ended. Its last event makes the page ask again, and learn why.
async fn ends_within_a_second(stream: reqwest::Response) {
    let said = tokio::time::timeout(Duration::from_secs(1), stream.text()).await;
    let said = said.expect("the stream ends within a second").unwrap();
    assert!(said.ends_with("\n\n") && said.contains("event: changed"), "{said:?}");
}

#[tokio::test]
async fn an_open_stream_ends_with_the_right_to_listen() {
    let place = Place::new();
    let server = Server::start(&place);
    let id = server.deployment().await;
    let (account, made) = service(&server, "ci", "DEPLOYMENT_EDITOR", &id, json!({})).await;
    let token = made["token"].as_str().unwrap();

    let stream = listen(&server, &id, token).await;
    server.post(&format!("/api/v1/accounts/{account}/disable"), json!({})).await;
    ends_within_a_second(stream).await;
    server.post(&format!("/api/v1/accounts/{account}/enable"), json!({})).await;

    let stream = listen(&server, &id, token).await;
    let grants = server.get(&format!("/api/v1/grants?deploymentId={id}")).await;
    let grant = grants["grants"].as_array().unwrap().iter().find(|g| g["subjectId"] == account.as_str()).unwrap();
    let grant = format!("/api/v1/grants/{}", grant["id"].as_str().unwrap());
    assert_eq!(server.send(Method::DELETE, &grant, None).await.status(), 204);
    ends_within_a_second(stream).await;
    let role = json!({ "accountId": account, "role": "DEPLOYMENT_EDITOR", "deploymentId": id });
    server.post("/api/v1/grants", role).await;

    let stream = listen(&server, &id, token).await;
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(server.send(Method::DELETE, &path, None).await.status(), 204);
    ends_within_a_second(stream).await;
}

#[tokio::test]
async fn a_flood_of_rollbacks_is_refused() {
    let place = Place::new();
    let config = std::fs::read_to_string(place.path("backstep.toml")).unwrap();
    let config = config.replace("rollback_requests_per_minute = 0", "rollback_requests_per_minute = 3");
    std::fs::write(place.path("backstep.toml"), config).unwrap();
    let server = Server::start(&place);
    let id = server.deployment().await;
    server.deploy(&id, 1).await;
    server.settled(&id, 1).await;
    let path = format!("/api/v1/deployments/{id}/deploys/1/rollback");
    let ask = || async {
        let answer = server.send(Method::POST, &path, Some(json!({ "description": "again" }))).await;
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    for _ in 0..3 {
        assert_eq!(ask().await.0, 409, "what runs already is refused, and counted");
    }
    let (refused, problem) = ask().await;
    assert_eq!(refused, 429, "{problem}");
    assert_eq!(problem["code"], "too_many_requests", "{problem}");
    let (_, made) = service(&server, "ci", "DEPLOYMENT_EDITOR", &id, json!({})).await;
    let token = made["token"].as_str().unwrap();
    let other = status(&server, Method::POST, &path, token, json!({ "description": "again" })).await;
    assert_eq!(other, 409, "another account has its own minute");
}
