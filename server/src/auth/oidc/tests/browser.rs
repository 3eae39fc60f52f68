//! A person's browser, and this server as it meets it.

use std::{collections::BTreeMap, sync::Arc};

use backstep_app::api;
use backstep_domain::{Millis, Origin, Problem, Roles};
use serde_json::{Value, json};

use super::{
    jwt::{ITS, Key, at_hash, signed},
    provider::{ACCESS_TOKEN, CLIENT, Provider, SECRET},
};
use crate::{
    auth::{
        Auth, Parts, Passwords, SessionRules,
        oidc::{Identity, Oidc, OidcConfig, OidcError},
    },
    clock::{Clock, FixedClock, SequentialIds},
    store::Store,
};

pub const NOW: Millis = Millis(1_760_000_000_000);

pub struct Browser {
    pub provider: Provider,
    pub oidc: Oidc,
    pub auth: Auth,
    pub store: Store,
    pub clock: Arc<FixedClock>,
    _folder: tempfile::TempDir,
}

/// A sign-in that has begun; a test changes what the provider and the browser make of it.
pub struct Attempt<'a> {
    browser: &'a Browser,
    /// The query of the address that the person was sent to.
    pub asked: BTreeMap<String, String>,
    pub location: String,
    pub cookie: Option<String>,
    /// The query that comes back.
    pub query: Vec<(String, String)>,
}

impl Browser {
    pub async fn new() -> Self {
        Self::configured("").await
    }

    /// With more lines in `[oidc]`.
    pub async fn configured(more: &str) -> Self {
        Self::with(Provider::start().await, more).await
    }

    pub async fn with(provider: Provider, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite://{}", folder.path().join("backstep.db").display())).await.unwrap();
        let clock = Arc::new(FixedClock::at(NOW));
        let issuer = &provider.issuer;
        let text = format!("issuer = '{issuer}'\nclient_id = '{CLIENT}'\nclient_secret = '{SECRET}'\n{more}");
        let config: OidcConfig = toml::from_str(&text).unwrap();
        let settings = config.settings(Some("http://127.0.0.1:7411")).unwrap();
        let oidc = Oidc::new(settings, store.clone(), clock.clone()).unwrap();
        let auth = Auth::new(Parts {
            store: store.clone(),
            clock: clock.clone(),
            ids: Arc::new(SequentialIds::default()),
            roles: Arc::new(Roles::built_in()),
            passwords: Passwords::default(),
            turns: Default::default(),
            rules: SessionRules::default(),
            operator: None,
            provider: Some(oidc.clone()),
            demo: false,
            metrics: Default::default(),
        });
        Self { provider, oidc, auth, store, clock, _folder: folder }
    }

    pub fn wait(&self, ms: i64) {
        self.clock.advance(ms);
    }

    pub async fn begin(&self) -> Attempt<'_> {
        self.begin_with(None).await
    }

    pub async fn begin_with(&self, cookie: Option<&str>) -> Attempt<'_> {
        let begun = self.oidc.begin(cookie, "192.0.2.1").await.unwrap();
        let query = begun.location.split_once('?').unwrap().1;
        let asked: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let cookie = begun.cookie.split_once(';').unwrap().0.to_owned();
        let attempt = Attempt {
            browser: self,
            location: begun.location,
            cookie: Some(cookie),
            query: vec![("code".into(), "a-code".into()), ("state".into(), asked["state"].clone())],
            asked,
        };
        attempt.answers_with_key(&ITS);
        attempt
    }

    pub async fn sign_in(&self) -> Result<Identity, OidcError> {
        self.begin().await.finish().await
    }
}

impl Attempt<'_> {
    /// What a right ID token says here.
    pub fn claims(&self) -> Value {
        let now = self.browser.clock.now().0 / 1000;
        json!({
            "iss": self.browser.provider.issuer,
            "sub": "248289761001",
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": self.asked["nonce"],
            "at_hash": at_hash(ACCESS_TOKEN),
            "name": "Edda Editor",
            "email": "edda@example.com",
            "groups": ["airflow-editors"],
        })
    }

    pub fn answers_with_key(&self, key: &Key) {
        self.answers(json!(signed(key, &key.header(), &self.claims())));
    }

    /// With claims put over the right ones; `null` leaves one out.
    pub fn answers_with(&self, over: &Value) {
        let mut claims = self.claims();
        let all = claims.as_object_mut().unwrap();
        all.extend(over.as_object().unwrap().clone());
        all.retain(|_, value| !value.is_null());
        self.answers(json!(signed(&ITS, &ITS.header(), &claims)));
    }

    /// What the provider gives for the code; `null`: no ID token.
    pub fn answers(&self, id_token: Value) {
        let challenge = self.asked["code_challenge"].clone();
        self.browser.provider.change(|p| p.codes.insert("a-code".to_owned(), (challenge, id_token)));
    }

    pub fn set(&mut self, name: &str, value: Option<&str>) {
        self.query.retain(|(n, _)| n != name);
        self.query.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.query).finish()
    }

    pub async fn finish(&self) -> Result<Identity, OidcError> {
        self.browser.oidc.finish(&self.query(), self.cookie.as_deref()).await
    }

    /// Finishes it and starts a session.
    pub async fn arrive(&self) -> Result<String, Problem> {
        self.arrive_from("192.0.2.1").await
    }

    pub async fn arrive_from(&self, address: &str) -> Result<String, Problem> {
        let origin = Origin { address: address.to_owned(), ..Origin::default() };
        let browser = api::Browser { origin, agent: "a browser".to_owned(), cookies: self.cookie.clone() };
        self.browser.auth.arrive(&self.browser.oidc, &self.query(), &browser).await
    }
}
