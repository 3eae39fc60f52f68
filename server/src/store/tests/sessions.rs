//! Sessions: there until their time is over, they were unused for too long, or their account ends.

use backstep_domain::*;

use super::{access::*, database::Database, given::*};
use crate::store::{NewSession, Store};

on_each_database!(
    a_session_lasts_until_its_end,
    an_unused_session_ends,
    a_sweep_removes_only_sessions_that_are_over,
    a_token_is_given_once,
    sessions_end_with_their_account_and_its_password,
);

const LONG_AGO: Millis = Millis(0);

async fn start(store: &Store, hash: &str, account: &str, until: i64) -> Result<(), crate::store::StoreError> {
    let session = NewSession {
        id: SessionId::new(format!("session-{hash}")),
        token_hash: hash.to_owned(),
        account: AccountId::new(account),
        at: START,
        until: START.plus(until),
        address: "192.0.2.1".to_owned(),
        agent: "Firefox".to_owned(),
        id_token: None,
    };
    store.start_session(&session, None).await
}

async fn who(store: &Store, hash: &str, at: i64) -> Option<String> {
    let session = store.session(hash, START.plus(at), LONG_AGO).await.unwrap();
    session.map(|session| session.account.id.to_string())
}

async fn a_session_lasts_until_its_end(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada", "bob"]).await;
    start(&store, "hash", "ada", 10).await.unwrap();
    start(&store, "other", "bob", 5).await.unwrap();
    for (now, expected) in [(0, Some("ada")), (9, Some("ada")), (10, None), (11, None)] {
        assert_eq!(who(&store, "hash", now).await.as_deref(), expected, "{now}");
    }
    assert_eq!(who(&store, "other", 0).await.as_deref(), Some("bob"));
    for none in ["", "HASH", "has_", "hash' or '1'='1"] {
        assert_eq!(who(&store, none, 0).await, None, "{none}");
    }
}

async fn an_unused_session_ends(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada"]).await;
    start(&store, "hash", "ada", 1000).await.unwrap();
    assert!(store.session("hash", START.plus(100), START).await.unwrap().is_none(), "not seen after the start");
    store.session_seen(&SessionId::new("session-hash"), START.plus(50)).await.unwrap();
    assert!(store.session("hash", START.plus(100), START.plus(49)).await.unwrap().is_some());
    assert!(store.session("hash", START.plus(100), START.plus(50)).await.unwrap().is_none());
}

async fn a_sweep_removes_only_sessions_that_are_over(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada"]).await;
    for (hash, until) in [("before", 9), ("now", 10), ("after", 11)] {
        start(&store, hash, "ada", until).await.unwrap();
    }
    store.sweep(START.plus(10)).await.unwrap();
    assert_eq!(store.texts("select token_hash from sessions").await, ["after"]);
    assert_eq!(who(&store, "after", 10).await.as_deref(), Some("ada"));
}

async fn a_token_is_given_once(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada", "bob"]).await;
    start(&store, "hash", "ada", 10).await.unwrap();
    assert!(start(&store, "hash", "bob", 99).await.is_err());
    assert_eq!(who(&store, "hash", 0).await.as_deref(), Some("ada"));
    assert_eq!(who(&store, "hash", 50).await, None);
}

async fn sessions_end_with_their_account_and_its_password(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada", "bob"]).await;
    for (hash, account) in [("here", "ada"), ("elsewhere", "ada"), ("bobs", "bob")] {
        start(&store, hash, account, 100).await.unwrap();
    }
    store.set_password(&AccountId::new("ada"), "new hash", Some("here"), &entry()).await.unwrap();
    assert_eq!(who(&store, "here", 1).await.as_deref(), Some("ada"), "the one that asked");
    assert_eq!(who(&store, "elsewhere", 1).await, None);
    assert_eq!(store.disable(&AccountId::new("bob"), &entry()).await.unwrap(), crate::store::Kept::Done);
    assert_eq!(who(&store, "bobs", 1).await, None);
}
