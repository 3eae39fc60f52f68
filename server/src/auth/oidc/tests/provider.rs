//! The provider of the tests: right by itself, and wrong where a test says so.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Form, Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, StatusCode, header};
use openidconnect::core::CoreJsonWebKey;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::jwt::{ITS, challenge};

pub const CLIENT: &str = "backstep";
pub const SECRET: &str = "the-client-secret";
pub const ACCESS_TOKEN: &str = "an-access-token";

/// How the provider behaves, and what it saw.
pub struct Behaviour {
    pub keys: Vec<CoreJsonWebKey>,
    /// Put over the discovery document.
    pub metadata: Value,
    pub user_info: Option<Value>,
    pub down: bool,
    /// Codes that were given out, with the challenge that was sent for each and the ID token that it is worth.
    pub codes: BTreeMap<String, (String, Value)>,
    pub seen: Seen,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub discoveries: usize,
    pub keys: usize,
    pub user_infos: usize,
}

#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    behaviour: Arc<Mutex<Behaviour>>,
}

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider = Self::new(issuer);
        let router = provider.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    pub fn new(issuer: String) -> Self {
        let behaviour = Behaviour {
            keys: vec![ITS.public()],
            metadata: json!({}),
            user_info: None,
            down: false,
            codes: BTreeMap::new(),
            seen: Seen::default(),
        };
        Self { issuer, behaviour: Arc::new(Mutex::new(behaviour)) }
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut Behaviour) -> T) -> T {
        change(&mut self.behaviour.lock().unwrap())
    }

    pub fn seen(&self) -> Seen {
        self.change(|b| b.seen)
    }

    pub fn description(&self) -> Value {
        let issuer = &self.issuer;
        let mut document = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        });
        let over = self.change(|b| b.metadata.clone());
        document.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
        document
    }

    #[expect(clippy::disallowed_methods, reason = "the provider's routes, not this server's")]
    pub fn router(&self) -> Router {
        Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/user-info", get(user_info))
            .with_state(self.clone())
    }
}

async fn discovery(State(provider): State<Provider>) -> Response {
    let down = provider.change(|b| {
        b.seen.discoveries += 1;
        b.down
    });
    if down { StatusCode::BAD_GATEWAY.into_response() } else { Json(provider.description()).into_response() }
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    provider.change(|b| {
        b.seen.keys += 1;
        Json(json!({"keys": b.keys}))
    })
}

async fn user_info(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    let authorized = headers.get(header::AUTHORIZATION).is_some_and(|a| a == &format!("Bearer {ACCESS_TOKEN}"));
    let info = provider.change(|b| {
        b.seen.user_infos += 1;
        b.user_info.clone()
    });
    match info {
        Some(info) if authorized => Json(info).into_response(),
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn token(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let credentials = BASE64_STANDARD.encode(format!("{CLIENT}:{SECRET}"));
    if headers.get(header::AUTHORIZATION).is_none_or(|a| a != &format!("Basic {credentials}")) {
        return error("invalid_client");
    }
    let Some((sent_ahead, id_token)) = provider.change(|b| b.codes.remove(field("code"))) else {
        return error("invalid_grant");
    };
    let redirect = "http://127.0.0.1:7411/sign-in/oidc/callback";
    if field("redirect_uri") != redirect || challenge(field("code_verifier")) != sent_ahead {
        return error("invalid_grant");
    }
    let mut answer = json!({"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 60});
    if !id_token.is_null() {
        answer["id_token"] = id_token;
    }
    Json(answer).into_response()
}

fn error(code: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": code, "error_description": "as a test wants"}))).into_response()
}
