//! The provider that is away, describes itself wrongly, is slow to end, or is not the one that it says.

use backstep_domain::HOUR;
use serde_json::json;

use super::browser::Browser;

async fn refusal(browser: &Browser) -> &'static str {
    browser.oidc.begin(None, "192.0.2.1").await.unwrap_err().code()
}

#[tokio::test]
async fn a_provider_that_is_away() {
    let browser = Browser::new().await;
    browser.provider.change(|p| p.down = true);
    for _ in 0..4 {
        assert_eq!(refusal(&browser).await, "provider_unreachable");
    }
    // It is left alone for three seconds.
    assert_eq!(browser.provider.seen().discoveries, 1);
    browser.provider.change(|p| p.down = false);
    browser.wait(3_000);
    browser.sign_in().await.unwrap();
    // Its description is an hour old, but it does not give a new one.
    browser.provider.change(|p| p.down = true);
    browser.wait(HOUR);
    browser.sign_in().await.unwrap();
}

#[tokio::test]
async fn a_description_of_somebody_else() {
    let browser = Browser::new().await;
    browser.provider.change(|p| p.metadata = json!({"issuer": "https://login.example"}));
    assert_eq!(refusal(&browser).await, "provider_description");
}

#[tokio::test]
async fn a_description_that_leads_off_in_plain_text() {
    for endpoint in
        ["jwks_uri", "token_endpoint", "authorization_endpoint", "userinfo_endpoint", "end_session_endpoint"]
    {
        for address in ["http://login.example/x", "javascript:alert(1)"] {
            let browser = Browser::new().await;
            browser.provider.change(|p| p.metadata = json!({endpoint: address}));
            assert_eq!(refusal(&browser).await, "provider_description", "{endpoint} {address}");
        }
    }
}

#[tokio::test]
async fn an_endless_answer() {
    let browser = Browser::new().await;
    browser.provider.change(|p| p.metadata = json!({"padding": "x".repeat(1024 * 1024)}));
    let error = browser.oidc.begin(None, "192.0.2.1").await.unwrap_err();
    assert_eq!((error.code(), error.detail()), ("provider_unreachable", "the answer is larger than 1 MB"));
}
