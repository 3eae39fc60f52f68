//! Sign-ins that come about.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{browser::Browser, jwt::part};

#[tokio::test]
async fn the_provider_is_asked_with_state_nonce_and_pkce() {
    let browser = Browser::new().await;
    let attempt = browser.begin().await;
    let asked = |name: &str| attempt.asked[name].as_str();
    assert!(attempt.location.starts_with(&format!("{}/authorize?", browser.provider.issuer)));
    assert_eq!(asked("response_type"), "code");
    assert_eq!(asked("client_id"), "backstep");
    assert_eq!(asked("redirect_uri"), "http://127.0.0.1:7411/sign-in/oidc/callback");
    assert_eq!(asked("scope"), "openid profile email");
    assert_eq!(asked("code_challenge_method"), "S256");
    assert_eq!(asked("code_challenge").len(), 43);
    assert_eq!((asked("state").len(), asked("nonce").len()), (64, 64));
    let second = browser.begin().await;
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(second.asked[name], attempt.asked[name], "{name}");
    }
}

#[tokio::test]
async fn who_it_is_comes_from_the_id_token() {
    let browser = Browser::new().await;
    let attempt = browser.begin().await;
    let identity = attempt.finish().await.unwrap();
    assert_eq!(identity.issuer, browser.provider.issuer);
    assert_eq!(identity.subject, "248289761001");
    assert_eq!(identity.name, "Edda Editor");
    assert_eq!(identity.email.as_deref(), Some("edda@example.com"));
    assert_eq!(identity.groups, BTreeSet::from(["airflow-editors".to_owned()]));
    assert_eq!(browser.provider.seen().user_infos, 0);
    assert!(identity.id_token.contains(&part(&attempt.claims())));
    assert!(!format!("{identity:?}").contains(&identity.id_token));
}

#[tokio::test]
async fn what_the_token_leaves_out_is_asked_for() {
    let browser = Browser::new().await;
    let address = format!("{}/user-info", browser.provider.issuer);
    browser.provider.change(|p| {
        p.metadata = json!({"userinfo_endpoint": address});
        p.user_info = Some(
            json!({"sub": "248289761001", "preferred_username": "edda", "groups": ["a", "b"], "email": "e@x.example"}),
        );
    });
    let attempt = browser.begin().await;
    attempt.answers_with(&json!({"groups": Value::Null, "name": Value::Null}));
    let identity = attempt.finish().await.unwrap();
    assert_eq!(identity.name, "edda");
    assert_eq!(identity.groups.len(), 2);
    // The token's word goes first.
    assert_eq!(identity.email.as_deref(), Some("edda@example.com"));
}

#[tokio::test]
async fn groups_bring_roles() {
    let browser = Browser::configured(
        "groups_claim = 'realm_access.roles'\n\
         [[roles]]\ngroup = 'editors'\nrole = 'DEPLOYMENT_EDITOR'\ndeployment = 'analytics-prod'\n\
         [[roles]]\ngroup = 'editors'\nrole = 'WORKSPACE_VIEWER'\nworkspace = 'Data'\n\
         [[roles]]\ngroup = 'admins'\nrole = 'SYSTEM_ADMIN'\n",
    )
    .await;
    let attempt = browser.begin().await;
    attempt.answers_with(&json!({"realm_access": {"roles": ["editors", "others"]}}));
    let identity = attempt.finish().await.unwrap();
    let roles: Vec<_> = browser.oidc.roles(&identity.groups).map(|r| r.role.as_str()).collect();
    assert_eq!(roles, ["DEPLOYMENT_EDITOR", "WORKSPACE_VIEWER"]);
}

#[tokio::test]
async fn two_tabs_of_a_browser_both_come_through() {
    let browser = Browser::new().await;
    let first = browser.begin().await;
    let second = browser.begin_with(first.cookie.as_deref()).await;
    assert_eq!(first.cookie, second.cookie);
    second.finish().await.unwrap();
    first.answers_with(&json!({}));
    first.finish().await.unwrap();
}

#[tokio::test]
async fn a_clock_that_is_a_little_off_does_no_harm() {
    let browser = Browser::new().await;
    let attempt = browser.begin().await;
    let now = attempt.claims()["iat"].as_i64().unwrap();
    // Expired half a minute ago; dated back by five minutes, as some providers do; half a minute ahead.
    for (iat, exp) in [(now - 300, now - 30), (now - 300, now + 300), (now + 30, now + 330)] {
        let attempt = browser.begin().await;
        attempt.answers_with(&json!({"iat": iat, "exp": exp}));
        attempt.finish().await.unwrap();
    }
}

#[tokio::test]
async fn the_way_out_leads_through_the_provider() {
    let browser = Browser::new().await;
    assert_eq!(browser.oidc.end_session_url("").await, None);

    let browser = Browser::new().await;
    browser.provider.change(|p| p.metadata = json!({"end_session_endpoint": "https://login.example/logout?x=y"}));
    let id_token = browser.sign_in().await.unwrap().id_token;
    let address = browser.oidc.end_session_url(&id_token).await.unwrap();
    let (endpoint, query) = address.split_once('?').unwrap();
    assert_eq!(endpoint, "https://login.example/logout");
    let query: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    for (name, value) in [
        ("x", "y"),
        ("client_id", "backstep"),
        ("id_token_hint", &id_token),
        ("post_logout_redirect_uri", "http://127.0.0.1:7411/sign-in"),
    ] {
        assert!(query.contains(&(name.into(), value.into())), "{name}: {query:?}");
    }
}
