//! The table of routes, the document and the repository agree; problems are answered as the document says.

use std::collections::BTreeSet;

use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    response::IntoResponse,
    routing::{get, post},
};
use backstep_domain::{Author, DeployNumber, Origin, Permission, Principal, Problem, ProblemCode, Scope};
use http::{Request, StatusCode};
use tower::ServiceExt;

use super::{ApiProblem, Authenticate, Caller, ProblemBody, document, table};

fn operations() -> BTreeSet<(String, String)> {
    let document: serde_json::Value = serde_json::from_str(&document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let methods = |item: &serde_json::Value| item.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    paths.iter().flat_map(|(path, item)| methods(item).into_iter().map(|m| (m.to_uppercase(), path.clone()))).collect()
}

#[test]
fn every_route_is_in_the_document_and_every_operation_is_a_route() {
    let routes: BTreeSet<_> = table().into_iter().map(|r| (r.method.to_string(), r.path.to_owned())).collect();
    assert_eq!(routes, operations());
    assert_eq!(routes.len(), table().len(), "no route is listed twice");
}

#[test]
fn the_document_in_the_repository_is_the_present_one() {
    let kept = include_str!("../../../../openapi.json");
    assert!(kept == document(), "openapi.json is old: write it again with `backstep openapi > openapi.json`");
}

#[test]
fn every_operation_names_its_problems() {
    let document: serde_json::Value = serde_json::from_str(&document()).unwrap();
    for (method, path) in operations() {
        let responses = &document["paths"][&path][method.to_lowercase()]["responses"];
        let expected: &[&str] = match (path.as_str(), method.as_str()) {
            ("/api/v1/openapi.json", _) => &[],
            (_, "GET") => &["401", "403", "422", "500", "503"],
            _ => &["401", "403", "404", "409", "413", "422", "500", "503"],
        };
        for status in expected {
            let schema = &responses[status]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{method} {path} {status}");
        }
    }
}

/// Every `$ref` of the document leads somewhere.
#[test]
fn every_schema_that_is_named_is_there() {
    let text = document();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let named = text.split("\"#/components/schemas/").skip(1).map(|rest| rest.split_once('"').unwrap().0);
    for name in named {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}

struct OneToken;

#[async_trait]
impl Authenticate for OneToken {
    async fn bearer(&self, token: &str, _: &Origin) -> Option<Principal> {
        let author = Author { id: "token:ci".to_owned(), name: "CI".to_owned() };
        (token == "right").then(|| Principal::new(author, [Permission::DeployRevisionsGet].into()))
    }
}

async fn body_of(response: axum::response::Response) -> serde_json::Value {
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The extractor alone, without use cases behind it.
async fn call(headers: &[(&str, &str)]) -> axum::response::Response {
    let mut request = Request::builder().uri("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    match super::caller::caller_of(&parts, &OneToken).await {
        Ok(Caller(who)) => who.author.id.into_response(),
        Err(problem) => problem.into_response(),
    }
}

#[tokio::test]
async fn only_a_bearer_token_tells_who_calls() {
    assert_eq!(call(&[("authorization", "Bearer right")]).await.status(), StatusCode::OK);
    assert_eq!(call(&[("authorization", "bearer  right ")]).await.status(), StatusCode::OK);
    for bad in ["Bearer wrong", "Bearer ", "Bearer", "Basic right", "right"] {
        let response = call(&[("authorization", bad)]).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{bad}");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
    }
    let by_cookie = call(&[("cookie", "__Host-session=right; session=right; token=right")]).await;
    assert_eq!(by_cookie.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_problem_is_answered_with_its_status_and_code() {
    for code in ProblemCode::ALL {
        let response = ApiProblem::from(Problem::new(*code, "What it is.")).into_response();
        assert_eq!(response.status().as_u16(), code.status());
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let body: ProblemBody = serde_json::from_value(body_of(response).await).unwrap();
        assert_eq!((body.code, body.status, body.detail.as_str()), (*code, code.status(), "What it is."));
        assert!(!body.title.is_empty());
    }
}

#[test]
fn a_problem_carries_what_a_program_needs() {
    let mut problem = Problem::invalid("scope", "You may roll back DAGs only.");
    problem.allowed_scopes = vec![Scope::Dags];
    problem.winner = DeployNumber::new(58);
    insta::assert_snapshot!(serde_json::to_string_pretty(&ProblemBody::from(problem)).unwrap(), @r#"
    {
      "type": "urn:backstep:problem:invalid",
      "title": "Input that cannot be right",
      "status": 422,
      "detail": "You may roll back DAGs only.",
      "code": "invalid",
      "field": "scope",
      "allowedScopes": [
        "dags"
      ],
      "winner": 58
    }
    "#);
}

/// The paths live together in one router: `deploys/diff` beside `deploys/{deploy}`.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a router of this test alone")]
async fn the_paths_can_be_routed_together() {
    let mut router = Router::new();
    for route in table() {
        let answer = route.path;
        // The real handlers need use cases; where a request arrives is what is tested.
        let handler = match route.method.as_str() {
            "GET" => get(move || async move { answer }),
            "POST" => post(move || async move { answer }),
            "DELETE" => axum::routing::delete(move || async move { answer }),
            "PATCH" => axum::routing::patch(move || async move { answer }),
            _ => axum::routing::put(move || async move { answer }),
        };
        router = router.route(route.path, handler);
    }
    let arrives = |method: &'static str, uri: &'static str| {
        let router: Router = router.clone();
        async move {
            let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
            let response = router.oneshot(request).await.unwrap();
            String::from_utf8(axum::body::to_bytes(response.into_body(), 1000).await.unwrap().to_vec()).unwrap()
        }
    };
    let base = "/api/v1/deployments/{deployment}/deploys";
    assert_eq!(arrives("GET", "/api/v1/deployments/d/deploys/diff?from=1&to=2").await, format!("{base}/diff"));
    assert_eq!(arrives("GET", "/api/v1/deployments/d/deploys/52").await, format!("{base}/{{deploy}}"));
    assert_eq!(arrives("POST", "/api/v1/deployments/d/deploys/52").await, format!("{base}/{{deploy}}"));
    assert_eq!(arrives("PUT", "/api/v1/deployments/d/deploys/x/dags").await, format!("{base}/{{deploy}}/dags"));
    assert_eq!(
        arrives("GET", "/api/v1/deployments/d/deploys/2/steps/0/logs").await,
        format!("{base}/{{deploy}}/steps/{{step}}/logs")
    );
}
