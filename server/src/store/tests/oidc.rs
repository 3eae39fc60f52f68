//! Sign-ins with a provider: those under way, and who came of them.

use backstep_domain::*;

use super::{
    access::{entry, people, person},
    database::Database,
    given::*,
};
use crate::store::{Kept, NewGrant, StoreError};

on_each_database!(
    a_sign_in_is_taken_once,
    a_sign_in_that_is_over_is_none,
    racing_callbacks_have_one_winner,
    an_identity_is_one_account,
    only_the_issuers_grants_are_its,
);

async fn a_sign_in_is_taken_once(db: &Database) {
    let store = db.open().await;
    store.keep_oidc_flow("one", "{\"a\":1}", START.plus(10)).await.unwrap();
    store.keep_oidc_flow("two", "{}", START.plus(10)).await.unwrap();
    assert_eq!(store.take_oidc_flow("none", START).await.unwrap(), None);
    assert_eq!(store.take_oidc_flow("one", START).await.unwrap().as_deref(), Some("{\"a\":1}"));
    assert_eq!(store.take_oidc_flow("one", START).await.unwrap(), None);
    assert_eq!(store.texts("select state_hash from oidc_flows").await, ["two"]);
}

async fn a_sign_in_that_is_over_is_none(db: &Database) {
    let store = db.open().await;
    for id in ["in time", "too late", "swept"] {
        store.keep_oidc_flow(id, "{}", START.plus(10)).await.unwrap();
    }
    assert!(store.take_oidc_flow("in time", START.plus(9)).await.unwrap().is_some());
    assert_eq!(store.take_oidc_flow("too late", START.plus(10)).await.unwrap(), None);
    store.sweep(START.plus(9)).await.unwrap();
    assert_eq!(store.texts("select state_hash from oidc_flows").await, ["swept"]);
    store.sweep(START.plus(10)).await.unwrap();
    assert_eq!(store.texts("select state_hash from oidc_flows").await, Vec::<String>::new());
}

async fn racing_callbacks_have_one_winner(db: &Database) {
    let store = db.open().await;
    let beside = db.open_beside(&store).await;
    for n in 0..20 {
        let state = format!("state-{n}");
        store.keep_oidc_flow(&state, "{}", START.plus(10)).await.unwrap();
        let (one, other) = tokio::join!(store.take_oidc_flow(&state, START), beside.take_oidc_flow(&state, START));
        assert_eq!([one.unwrap(), other.unwrap()].iter().flatten().count(), 1, "{state}");
    }
}

async fn an_identity_is_one_account(db: &Database) {
    let store = db.open().await;
    let issuer = "https://login.example";
    assert_eq!(store.account_of_identity(issuer, "1").await.unwrap(), None);
    store.create_account_with_identity(&person("ada"), issuer, "1", &entry()).await.unwrap();
    let same = store.create_account_with_identity(&person("bob"), issuer, "1", &entry()).await.unwrap_err();
    assert!(matches!(same, StoreError::Taken("identity")), "{same}");
    let login = store.create_account_with_identity(&person("ada"), issuer, "2", &entry()).await.unwrap_err();
    assert!(matches!(login, StoreError::Taken(_)), "{login}");
    assert_eq!(store.account_of_identity(issuer, "1").await.unwrap(), Some(AccountId::new("ada")));
    assert_eq!(store.account_of_identity("https://other.example", "1").await.unwrap(), None);
    assert!(store.account(&AccountId::new("bob")).await.is_err(), "nothing was done");
    store.rename_account(&AccountId::new("ada"), "Ada L.").await.unwrap();
    assert_eq!(store.account(&AccountId::new("ada")).await.unwrap().name, "Ada L.");
}

async fn only_the_issuers_grants_are_its(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada", "bob"]).await;
    let (ada, bob) = (AccountId::new("ada"), AccountId::new("bob"));
    let grant = |id: &str, account: &AccountId, role: &str, source: &str| NewGrant {
        source: source.to_owned(),
        ..NewGrant::local(GrantId::new(id), Subject::Account(account.clone()), role.parse().unwrap(), Place::System)
    };
    for (source, account, role) in [
        (LOCAL, &ada, "SYSTEM_ADMIN"),
        ("https://one.example", &ada, "SYSTEM_VIEWER"),
        ("https://two.example", &ada, "SYSTEM_EDITOR"),
        ("https://one.example", &bob, "SYSTEM_EDITOR"),
    ] {
        let wanted = [grant(&format!("{source} {account}"), account, role, source)];
        assert_eq!(store.sync_grants(account, source, &wanted, START, &[entry()]).await.unwrap(), Kept::Done);
    }
    let from = async |account: &AccountId, source: &str| {
        let grants = store.grants_from(account, source).await.unwrap();
        grants.into_iter().map(|g| g.role.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(from(&ada, "https://one.example").await, ["SYSTEM_VIEWER"]);
    assert_eq!(from(&ada, "https://two.example").await, ["SYSTEM_EDITOR"]);
    assert_eq!(store.sync_grants(&ada, "https://one.example", &[], START, &[entry()]).await.unwrap(), Kept::Done);
    assert_eq!(from(&ada, "https://one.example").await, Vec::<String>::new());
    assert_eq!(from(&ada, LOCAL).await, ["SYSTEM_ADMIN"]);
    assert_eq!(from(&bob, "https://one.example").await, ["SYSTEM_EDITOR"]);
}
