//! Keys that the provider changes.

use super::{
    browser::Browser,
    jwt::{ITS, NEXT},
};

#[tokio::test]
async fn a_key_that_came_later_is_fetched() {
    let browser = Browser::new().await;
    browser.sign_in().await.unwrap();
    browser.provider.change(|p| p.keys = vec![NEXT.public()]);
    browser.wait(31_000);
    let attempt = browser.begin().await;
    attempt.answers_with_key(&NEXT);
    attempt.finish().await.unwrap();
    assert_eq!(browser.provider.seen().keys, 2);
}

#[tokio::test]
async fn unknown_keys_do_not_make_it_ask_again_and_again() {
    let browser = Browser::new().await;
    for _ in 0..5 {
        let attempt = browser.begin().await;
        attempt.answers_with_key(&NEXT);
        assert_eq!(attempt.finish().await.unwrap_err().code(), "id_token_key");
    }
    assert_eq!(browser.provider.seen().keys, 1);
}

#[tokio::test]
async fn a_key_that_is_gone_is_not_accepted_after_an_hour() {
    let browser = Browser::new().await;
    browser.sign_in().await.unwrap();
    browser.provider.change(|p| p.keys = vec![NEXT.public()]);
    browser.wait(backstep_domain::HOUR);
    let attempt = browser.begin().await;
    attempt.answers_with_key(&ITS);
    assert_eq!(attempt.finish().await.unwrap_err().code(), "id_token_key");
    assert_eq!(browser.provider.seen().discoveries, 2);
}
