//! Sign-ins that are refused: each differs from a right one in one thing.

use backstep_domain::MINUTE;
use serde_json::{Value, json};

use super::{
    browser::{Attempt, Browser},
    jwt::{FORGED, ITS, NEXT, part, signed, with_secret},
    provider::SECRET,
};

/// The code of the refusal after something was changed.
async fn refusal(change: impl FnOnce(&mut Attempt<'_>)) -> &'static str {
    let browser = Browser::new().await;
    let mut attempt = browser.begin().await;
    change(&mut attempt);
    attempt.finish().await.expect_err("it is refused").code()
}

async fn refusal_of_claims(over: Value) -> &'static str {
    refusal(|attempt| attempt.answers_with(&over)).await
}

fn now(attempt: &Attempt<'_>) -> i64 {
    attempt.claims()["iat"].as_i64().unwrap()
}

#[tokio::test]
async fn a_state_that_was_not_given_out() {
    assert_eq!(refusal(|a| a.set("state", Some(&"0".repeat(64)))).await, "not_under_way");
    assert_eq!(refusal(|a| a.set("state", Some(""))).await, "callback");
    assert_eq!(refusal(|a| a.set("state", None)).await, "callback");
}

#[tokio::test]
async fn another_browser() {
    assert_eq!(refusal(|a| a.cookie = None).await, "other_browser");
    let other = format!("backstep_oidc={}", "0".repeat(64));
    assert_eq!(refusal(|a| a.cookie = Some(other)).await, "other_browser");
}

#[tokio::test]
async fn the_same_callback_twice() {
    let browser = Browser::new().await;
    let attempt = browser.begin().await;
    attempt.finish().await.unwrap();
    attempt.answers_with(&json!({}));
    assert_eq!(attempt.finish().await.unwrap_err().code(), "not_under_way");
}

#[tokio::test]
async fn a_refused_callback_cannot_be_mended() {
    let browser = Browser::new().await;
    let mut attempt = browser.begin().await;
    let cookie = attempt.cookie.take();
    assert_eq!(attempt.finish().await.unwrap_err().code(), "other_browser");
    attempt.cookie = cookie;
    assert_eq!(attempt.finish().await.unwrap_err().code(), "not_under_way");
}

#[tokio::test]
async fn after_ten_minutes() {
    let browser = Browser::new().await;
    let attempt = browser.begin().await;
    browser.wait(10 * MINUTE - 1);
    attempt.answers_with(&json!({}));
    attempt.finish().await.unwrap();

    let attempt = browser.begin().await;
    browser.wait(10 * MINUTE);
    attempt.answers_with(&json!({}));
    assert_eq!(attempt.finish().await.unwrap_err().code(), "not_under_way");
}

#[tokio::test]
async fn the_provider_says_no() {
    assert_eq!(refusal(|a| a.set("error", Some("access_denied"))).await, "denied");
    assert_eq!(refusal(|a| a.set("error", Some("temporarily_unavailable"))).await, "provider_error");
    assert_eq!(refusal(|a| a.set("code", None)).await, "callback");
    assert_eq!(refusal(|a| a.set("iss", Some("https://evil.example"))).await, "other_provider");
}

#[tokio::test]
async fn an_answer_without_the_name_that_was_announced() {
    let browser = Browser::new().await;
    browser.provider.change(|p| p.metadata = json!({"authorization_response_iss_parameter_supported": true}));
    let mut attempt = browser.begin().await;
    assert_eq!(attempt.finish().await.unwrap_err().code(), "other_provider");
    attempt = browser.begin().await;
    attempt.set("iss", Some(&browser.provider.issuer));
    attempt.finish().await.unwrap();
}

#[tokio::test]
async fn a_code_that_was_used_or_made_up() {
    let browser = Browser::new().await;
    browser.sign_in().await.unwrap();
    let attempt = browser.begin().await;
    browser.provider.change(|p| p.codes.clear());
    assert_eq!(attempt.finish().await.unwrap_err().code(), "code");
}

#[tokio::test]
async fn a_code_of_another_sign_in() {
    let browser = Browser::new().await;
    let theirs = browser.begin().await;
    let mine = browser.begin().await;
    // The code is worth a token for the other one's challenge.
    theirs.answers_with(&json!({}));
    assert_eq!(mine.finish().await.unwrap_err().code(), "code");
}

#[tokio::test]
async fn a_client_that_the_provider_does_not_know() {
    let browser = Browser::configured("name = 'x'\n").await;
    let attempt = browser.begin().await;
    browser.provider.change(|p| p.metadata = json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}));
    browser.wait(backstep_domain::HOUR);
    let late = browser.begin().await;
    // This provider of the tests takes Basic only; the announcement makes the secret go another way.
    assert_eq!(late.finish().await.unwrap_err().code(), "client");
    drop(attempt);
}

#[tokio::test]
async fn an_answer_without_id_token() {
    assert_eq!(refusal(|a| a.answers(Value::Null)).await, "id_token_missing");
    assert_eq!(refusal(|a| a.answers(json!("not.a.token"))).await, "answer");
    assert_eq!(refusal(|a| a.answers(json!({"a": "b"}))).await, "answer");
}

#[tokio::test]
async fn an_unsigned_token() {
    let none = |a: &Attempt<'_>| format!("{}.{}.", part(&json!({"alg": "none"})), part(&a.claims()));
    assert_eq!(refusal(|a| a.answers(json!(none(a)))).await, "id_token_algorithm");
    let pretended = |a: &Attempt<'_>| format!("{}.{}.", part(&ITS.header()), part(&a.claims()));
    assert_eq!(refusal(|a| a.answers(json!(pretended(a)))).await, "id_token_signature");
}

#[tokio::test]
async fn a_token_signed_with_a_shared_secret() {
    assert_eq!(refusal(|a| a.answers(json!(with_secret(SECRET.as_bytes(), &a.claims())))).await, "id_token_algorithm");
    let public = serde_json::to_value(ITS.public()).unwrap()["x"].as_str().unwrap().to_owned();
    assert_eq!(refusal(|a| a.answers(json!(with_secret(public.as_bytes(), &a.claims())))).await, "id_token_algorithm");
}

#[tokio::test]
async fn a_token_signed_by_somebody_else() {
    assert_eq!(refusal(|a| a.answers_with_key(&FORGED)).await, "id_token_signature");
    assert_eq!(refusal(|a| a.answers_with_key(&NEXT)).await, "id_token_key");
    let flipped = |a: &Attempt<'_>| {
        let token = signed(&ITS, &ITS.header(), &a.claims());
        let (rest, signature) = token.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { 'B' } else { 'A' };
        format!("{rest}.{first}{}", &signature[1..])
    };
    assert_eq!(refusal(|a| a.answers(json!(flipped(a)))).await, "id_token_signature");
    let changed = |a: &Attempt<'_>| {
        let token = signed(&ITS, &ITS.header(), &a.claims());
        let mut claims = a.claims();
        claims["sub"] = json!("somebody-else");
        let parts: Vec<&str> = token.split('.').collect();
        format!("{}.{}.{}", parts[0], part(&claims), parts[2])
    };
    assert_eq!(refusal(|a| a.answers(json!(changed(a)))).await, "id_token_signature");
}

#[tokio::test]
async fn headers_that_are_not_understood() {
    for header in [json!({"crit": ["x"]}), json!({"cty": "JWT"}), json!({"typ": "at+jwt"})] {
        let with = |a: &Attempt<'_>| {
            let mut all = ITS.header();
            all.as_object_mut().unwrap().extend(header.as_object().unwrap().clone());
            signed(&ITS, &all, &a.claims())
        };
        assert_eq!(refusal(|a| a.answers(json!(with(a)))).await, "id_token_form", "{header}");
    }
}

#[tokio::test]
async fn a_token_of_another_provider() {
    assert_eq!(refusal_of_claims(json!({"iss": "https://evil.example"})).await, "id_token_issuer");
    assert_eq!(refusal_of_claims(json!({"iss": Value::Null})).await, "answer");
}

#[tokio::test]
async fn a_token_for_another_application() {
    assert_eq!(refusal_of_claims(json!({"aud": "other"})).await, "id_token_audience");
    assert_eq!(refusal_of_claims(json!({"aud": ["backstep", "other"]})).await, "id_token_audience");
    assert_eq!(refusal_of_claims(json!({"aud": Value::Null})).await, "id_token_audience");
    assert_eq!(refusal_of_claims(json!({"azp": "other"})).await, "id_token_audience");
}

#[tokio::test]
async fn a_token_of_another_time() {
    assert_eq!(refusal(|a| a.answers_with(&json!({"exp": now(a) - 61}))).await, "id_token_expired");
    assert_eq!(refusal(|a| a.answers_with(&json!({"iat": now(a) + 61}))).await, "id_token_issued_at");
    assert_eq!(refusal(|a| a.answers_with(&json!({"iat": now(a) - 601}))).await, "id_token_issued_at");
    assert_eq!(refusal(|a| a.answers_with(&json!({"nbf": now(a) + 61}))).await, "id_token_issued_at");
    assert_eq!(refusal_of_claims(json!({"exp": Value::Null})).await, "answer");
    assert_eq!(refusal_of_claims(json!({"iat": Value::Null})).await, "answer");
}

#[tokio::test]
async fn a_token_of_another_sign_in() {
    assert_eq!(refusal_of_claims(json!({"nonce": "other"})).await, "id_token_nonce");
    assert_eq!(refusal_of_claims(json!({"nonce": Value::Null})).await, "id_token_nonce");
    assert_eq!(refusal_of_claims(json!({"at_hash": "other"})).await, "id_token_access_token");
}

#[tokio::test]
async fn a_token_about_nobody() {
    assert_eq!(refusal_of_claims(json!({"sub": Value::Null})).await, "answer");
    assert_eq!(refusal_of_claims(json!({"sub": ""})).await, "id_token_subject");
    assert_eq!(refusal_of_claims(json!({"sub": "x".repeat(256)})).await, "id_token_subject");
}

#[tokio::test]
async fn groups_that_are_kept_elsewhere() {
    let over = json!({"groups": Value::Null, "_claim_names": {"groups": "src1"}});
    assert_eq!(refusal_of_claims(over).await, "too_many_groups");
}

#[tokio::test]
async fn further_details_about_somebody_else() {
    let browser = Browser::new().await;
    let address = format!("{}/user-info", browser.provider.issuer);
    browser.provider.change(|p| {
        p.metadata = json!({"userinfo_endpoint": address});
        p.user_info = Some(json!({"sub": "somebody-else", "groups": ["admins"]}));
    });
    let attempt = browser.begin().await;
    attempt.answers_with(&json!({"name": Value::Null}));
    assert_eq!(attempt.finish().await.unwrap_err().code(), "user_info");
    browser.provider.change(|p| p.user_info = None);
    let attempt = browser.begin().await;
    attempt.answers_with(&json!({"name": Value::Null}));
    assert_eq!(attempt.finish().await.unwrap_err().code(), "user_info");
}

#[tokio::test]
async fn words_for_people_hold_nothing_of_the_answer() {
    let browser = Browser::new().await;
    let attempt = browser.begin().await;
    attempt.answers_with(&json!({"aud": "canary-audience"}));
    let error = attempt.finish().await.unwrap_err();
    assert!(error.detail().contains("canary-audience"));
    let problem = error.problem();
    assert!(!format!("{problem:?}").contains("canary"), "{problem:?}");
    assert!(problem.message.contains("meant for another application"), "{problem:?}");
}
