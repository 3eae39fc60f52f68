//! From the provider's word to an account, its roles and a session here.

use backstep_app::api;
use backstep_domain::{
    Account, AccountId, AccountKind, AuditAction, AuditEntry, Author, GrantId, Origin, Place, Principal, ProblemCode,
    RoleId, Subject,
};
use serde_json::{Value, json};

use super::browser::{Browser, NOW};
use crate::{auth::given, store::NewGrant};

/// Signs in with claims put over the right ones; answers the session's account.
async fn arrive_with(browser: &Browser, over: &Value) -> Account {
    let attempt = browser.begin().await;
    attempt.answers_with(over);
    let arrived = attempt.arrive().await.unwrap();
    account(browser, &arrived).await
}

async fn principal(browser: &Browser, cookie: &str) -> Option<Principal> {
    let cookie = cookie.split(';').next();
    browser.auth.session(cookie, &Origin::default(), crate::auth::Use::Request).await.map(|session| session.principal)
}

async fn account(browser: &Browser, cookie: &str) -> Account {
    let principal = principal(browser, cookie).await.unwrap();
    browser.store.account(&AccountId::new(principal.author.id)).await.unwrap()
}

async fn roles(browser: &Browser, account: &Account) -> Vec<String> {
    let grants = browser.store.grants_of(&account.id).await.unwrap();
    let mut roles: Vec<_> = grants.iter().map(|g| format!("{}@{}", g.role, g.at.id())).collect();
    roles.sort();
    roles
}

fn entry(action: AuditAction) -> AuditEntry {
    let author = Author { id: "test".to_owned(), name: "Test".to_owned() };
    AuditEntry::by(&Principal::new(author, [].into()), NOW, action, "by a test")
}

fn person(id: &str, login: &str) -> Account {
    Account {
        id: AccountId::new(id),
        kind: AccountKind::Person,
        name: "Somebody".to_owned(),
        login: Some(login.to_owned()),
        disabled: false,
        home: Place::System,
        created_at: NOW,
    }
}

async fn give(browser: &Browser, account: &AccountId, role: &str) {
    let grant = NewGrant::local(
        GrantId::new(format!("{role}-of-{account}")),
        Subject::Account(account.clone()),
        role.parse().unwrap(),
        Place::System,
    );
    browser.store.give_role(&grant, NOW, &entry(AuditAction::RoleGiven)).await.unwrap();
}

#[tokio::test]
async fn somebody_has_one_account_however_often_they_come() {
    let browser = Browser::new().await;
    let first = arrive_with(&browser, &json!({})).await;
    assert_eq!(first.name, "Edda Editor");
    assert_eq!(first.login.as_deref(), Some("edda@example.com"));
    let again = arrive_with(&browser, &json!({"name": "Edda Edited", "email": "edda@elsewhere.example"})).await;
    assert_eq!(again.id, first.id);
    assert_eq!(again.name, "Edda Edited");
    assert_eq!(again.login, first.login);
}

#[tokio::test]
async fn an_email_address_makes_nobody_somebody_else() {
    let browser = Browser::new().await;
    let local = person("local", "edda@example.com");
    browser.store.create_account(&local, None, &entry(AuditAction::AccountCreated)).await.unwrap();
    give(&browser, &local.id, RoleId::SYSTEM_ADMIN).await;
    let first = arrive_with(&browser, &json!({})).await;
    assert_ne!(first.id, local.id);
    assert!(first.login.as_ref().unwrap().starts_with("248289761001@127.0.0.1"), "{:?}", first.login);
    assert_eq!(roles(&browser, &first).await, Vec::<String>::new());
    let second = arrive_with(&browser, &json!({"sub": "another"})).await;
    assert!(second.id != first.id && second.id != local.id);
    // An address that nobody has checked is no name for anything.
    let third =
        arrive_with(&browser, &json!({"sub": "third", "email": "free@example.com", "email_verified": false})).await;
    assert!(third.login.as_ref().unwrap().starts_with("third@"), "{:?}", third.login);
}

const ROLES: &str = "[[roles]]\ngroup = 'admins'\nrole = 'SYSTEM_ADMIN'\n\
                     [[roles]]\ngroup = 'data'\nrole = 'WORKSPACE_EDITOR'\nworkspace = 'Data'\n\
                     [[roles]]\ngroup = 'data'\nrole = 'WORKSPACE_VIEWER'\nworkspace = 'not yet there'\n";

async fn with_roles() -> Browser {
    let browser = Browser::configured(ROLES).await;
    workspace(&browser, "w1", "Data").await;
    browser
}

async fn workspace(browser: &Browser, id: &str, name: &str) {
    browser.store.create_workspace(&given::workspace(id, name), None, None, None).await.unwrap();
}

async fn deployment(browser: &Browser, id: &str, workspace: &str, name: &str) {
    browser.store.create_deployment(&given::deployment(id, workspace, name), None, None).await.unwrap();
}

#[tokio::test]
async fn groups_give_and_take_roles_at_each_sign_in() {
    let browser = with_roles().await;
    give_local_admin(&browser).await;
    let edda = arrive_with(&browser, &json!({"groups": ["data", "others"]})).await;
    assert_eq!(roles(&browser, &edda).await, ["WORKSPACE_EDITOR@w1"]);
    give(&browser, &edda.id, "SYSTEM_VIEWER").await;
    arrive_with(&browser, &json!({"groups": ["admins", "data"]})).await;
    assert_eq!(roles(&browser, &edda).await, ["SYSTEM_ADMIN@", "SYSTEM_VIEWER@", "WORKSPACE_EDITOR@w1"]);
    // Only what a person here gave is left.
    arrive_with(&browser, &json!({"groups": []})).await;
    assert_eq!(roles(&browser, &edda).await, ["SYSTEM_VIEWER@"]);
    // Nothing said of groups is no group.
    arrive_with(&browser, &json!({"groups": ["data"]})).await;
    arrive_with(&browser, &json!({"groups": Value::Null})).await;
    assert_eq!(roles(&browser, &edda).await, ["SYSTEM_VIEWER@"]);
}

#[tokio::test]
async fn a_deployment_of_the_same_name_elsewhere_takes_no_role_away() {
    let browser =
        Browser::configured("[[roles]]\ngroup = 'data'\nrole = 'DEPLOYMENT_EDITOR'\ndeployment = 'prod'\n").await;
    give_local_admin(&browser).await;
    workspace(&browser, "w1", "Data").await;
    workspace(&browser, "w2", "Else").await;
    deployment(&browser, "d1", "w1", "prod").await;
    let edda = arrive_with(&browser, &json!({"groups": ["data"]})).await;
    assert_eq!(roles(&browser, &edda).await, ["DEPLOYMENT_EDITOR@d1"]);
    // Anybody may make a Workspace of their own, and a Deployment in it.
    deployment(&browser, "d2", "w2", "prod").await;
    arrive_with(&browser, &json!({"groups": ["data"]})).await;
    assert_eq!(roles(&browser, &edda).await, ["DEPLOYMENT_EDITOR@d1"]);
    // Somebody new gets neither: it is not clear which is meant.
    let fay = arrive_with(&browser, &json!({"sub": "fay", "groups": ["data"]})).await;
    assert_eq!(roles(&browser, &fay).await, Vec::<String>::new());
    // Who left the group has it no more, clear or not.
    arrive_with(&browser, &json!({"groups": []})).await;
    assert_eq!(roles(&browser, &edda).await, Vec::<String>::new());
}

async fn give_local_admin(browser: &Browser) {
    let admin = person("admin", "admin");
    browser.store.create_account(&admin, None, &entry(AuditAction::AccountCreated)).await.unwrap();
    give(browser, &admin.id, RoleId::SYSTEM_ADMIN).await;
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let browser = with_roles().await;
    let edda = arrive_with(&browser, &json!({"groups": ["admins", "data"]})).await;
    // The Workspace had no Admin, so it is the installation's.
    let admin = ["SYSTEM_ADMIN@", "WORKSPACE_ADMIN@w1"];
    assert_eq!(roles(&browser, &edda).await, ["SYSTEM_ADMIN@", "WORKSPACE_ADMIN@w1", "WORKSPACE_EDITOR@w1"]);
    arrive_with(&browser, &json!({"groups": ["admins"]})).await;
    assert_eq!(roles(&browser, &edda).await, admin);
    arrive_with(&browser, &json!({"groups": []})).await;
    assert_eq!(roles(&browser, &edda).await, admin);
    give_local_admin(&browser).await;
    arrive_with(&browser, &json!({"groups": []})).await;
    assert_eq!(roles(&browser, &edda).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_disabled_account_is_not_let_in() {
    let browser = with_roles().await;
    give_local_admin(&browser).await;
    let edda = arrive_with(&browser, &json!({})).await;
    let _ = browser.store.disable(&edda.id, &entry(AuditAction::AccountDisabled)).await.unwrap();
    let attempt = browser.begin().await;
    attempt.answers_with(&json!({"groups": ["admins"]}));
    let problem = attempt.arrive().await.err().unwrap();
    assert!(problem.message.contains("disabled"), "{problem:?}");
    assert_eq!(roles(&browser, &edda).await, Vec::<String>::new());
}

#[tokio::test]
async fn made_up_answers_are_not_tried_for_long() {
    let browser = Browser::new().await;
    let mut made_up = browser.begin().await;
    made_up.set("state", Some("made-up"));
    for _ in 0..20 {
        assert_eq!(made_up.arrive().await.err().unwrap().code, ProblemCode::Unauthenticated);
    }
    assert_eq!(made_up.arrive().await.err().unwrap().code, ProblemCode::TooManyRequests);
    let right = browser.begin().await;
    assert_eq!(right.arrive().await.err().unwrap().code, ProblemCode::TooManyRequests);
    right.arrive_from("192.0.2.2").await.unwrap();
}

#[tokio::test]
async fn refusals_of_the_provider_lock_nobody_out() {
    let browser = Browser::new().await;
    for _ in 0..25 {
        let mut declined = browser.begin().await;
        declined.set("error", Some("access_denied"));
        assert_eq!(declined.arrive().await.err().unwrap().code, ProblemCode::Unauthenticated);
    }
    browser.begin().await.arrive().await.unwrap();
}

#[tokio::test]
async fn signing_out_leads_through_the_provider() {
    let browser = Browser::new().await;
    browser.provider.change(|p| p.metadata = json!({"end_session_endpoint": "https://login.example/logout"}));
    let arrived = browser.begin().await.arrive().await.unwrap();
    let cookie = arrived.split(';').next();
    let who = principal(&browser, &arrived).await.unwrap();
    let api::SignedOut { cookie: forgotten, to } = browser.auth.sign_out(cookie, &who).await.unwrap();
    assert!(to.starts_with("https://login.example/logout?") && to.contains("id_token_hint="), "{to}");
    assert!(forgotten.contains("Max-Age=0"));
    assert!(principal(&browser, &arrived).await.is_none());

    let local = person("local", "local");
    browser.store.create_account(&local, None, &entry(AuditAction::AccountCreated)).await.unwrap();
    let started = browser.auth.start(&local, &Origin::default(), "", None).await.unwrap();
    let out = browser.auth.sign_out(started.cookie.split(';').next(), &started.principal).await.unwrap();
    assert_eq!(out.to, "/sign-in");
}
