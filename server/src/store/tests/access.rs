//! Accounts, teams, grants and tokens.

use backstep_domain::*;

use super::{database::Database, given::*};
use crate::store::{Kept, NewGrant, NewToken, Store, StoreError};

on_each_database!(
    a_login_is_one_persons,
    grants_come_directly_and_through_teams,
    the_last_admin_stays,
    a_disabled_admin_does_not_count,
    a_workspace_without_an_admin_is_the_installations,
    admin_and_workspace_made_at_once_find_each_other,
    an_issuers_groups_are_made_exactly_so,
    a_token_is_found_by_its_hash_and_ends,
    a_link_works_once,
    failures_are_counted_by_login_and_address,
    servers_that_start_at_once_make_the_operator_once,
);

/// An entry for the audit log; what it says is tested elsewhere.
pub fn entry() -> AuditEntry {
    AuditEntry::by(&Principal::new(author("Ada"), [].into()), START, AuditAction::RoleGiven, "a test")
}

pub fn person(id: &str) -> Account {
    Account {
        id: AccountId::new(id),
        kind: AccountKind::Person,
        name: id.to_owned(),
        login: Some(format!("{id}@acme.example")),
        disabled: false,
        home: Place::System,
        created_at: START,
    }
}

pub async fn people(store: &Store, ids: &[&str]) {
    for id in ids {
        store.create_account(&person(id), Some("a hash"), &entry()).await.unwrap();
    }
}

fn grant(id: &str, subject: Subject, role: &str, at: Place) -> NewGrant {
    NewGrant::local(GrantId::new(id), subject, role.parse().unwrap(), at)
}

fn account(id: &str) -> Subject {
    Subject::Account(AccountId::new(id))
}

fn here() -> Place {
    Place::Workspace(workspace("data").id)
}

async fn give(store: &Store, id: &str, subject: Subject, role: &str, at: Place) {
    store.give_role(&grant(id, subject, role, at), START, &entry()).await.unwrap();
}

async fn take(store: &Store, id: &str) -> Kept {
    store.take_role(&GrantId::new(id), &entry()).await.unwrap()
}

async fn a_login_is_one_persons(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada"]).await;
    let same = Account { id: AccountId::new("other"), ..person("ada") };
    let error = store.create_account(&same, None, &entry()).await.unwrap_err();
    assert!(matches!(error, StoreError::Taken("login")), "{error}");
    let (found, hash) = store.account_by_login("ada@acme.example").await.unwrap().unwrap();
    assert_eq!((found, hash.as_deref()), (person("ada"), Some("a hash")));
    assert_eq!(store.account_by_login("ada' or '1'='1").await.unwrap(), None);
}

async fn grants_come_directly_and_through_teams(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada", "bob"]).await;
    let team = TeamId::new("t");
    store.create_team(&team, "On call", START, &entry()).await.unwrap();
    store.add_member(&team, &AccountId::new("ada"), LOCAL, &entry()).await.unwrap();
    store.add_member(&team, &AccountId::new("ada"), LOCAL, &entry()).await.unwrap();
    give(&store, "1", account("ada"), "WORKSPACE_VIEWER", here()).await;
    give(&store, "2", Subject::Team(team.clone()), "WORKSPACE_EDITOR", here()).await;
    give(&store, "3", Subject::Team(team.clone()), "WORKSPACE_EDITOR", here()).await;
    let mut grants = store.grants_of(&AccountId::new("ada")).await.unwrap();
    grants.sort();
    let role = |role: &str, team: Option<&str>| Grant {
        role: role.parse().unwrap(),
        at: here(),
        team: team.map(str::to_owned),
    };
    assert_eq!(grants, [role("WORKSPACE_EDITOR", Some("On call")), role("WORKSPACE_VIEWER", None)]);
    assert_eq!(store.grants_of(&AccountId::new("bob")).await.unwrap(), []);
    assert_eq!(store.grants().await.unwrap().len(), 2, "twice is once");
    assert_eq!(store.remove_team(&team, &entry()).await.unwrap(), Kept::Done);
    assert_eq!(store.grants_of(&AccountId::new("ada")).await.unwrap(), [role("WORKSPACE_VIEWER", None)]);
}

async fn the_last_admin_stays(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada", "bob"]).await;
    give(&store, "1", account("ada"), "SYSTEM_ADMIN", Place::System).await;
    give(&store, "2", account("ada"), "WORKSPACE_ADMIN", here()).await;
    assert_eq!(take(&store, "1").await, Kept::LastAdmin);
    assert_eq!(take(&store, "2").await, Kept::LastAdmin);
    assert!(store.has_administrator().await.unwrap());
    give(&store, "3", account("bob"), "WORKSPACE_ADMIN", here()).await;
    assert_eq!(take(&store, "2").await, Kept::Done);
    assert_eq!(take(&store, "3").await, Kept::LastAdmin);
    // Another Workspace's Admin does not count here.
    give(&store, "4", account("ada"), "WORKSPACE_ADMIN", Place::Workspace(workspace("other").id)).await;
    assert_eq!(take(&store, "3").await, Kept::LastAdmin);
}

async fn a_disabled_admin_does_not_count(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada", "bob"]).await;
    give(&store, "1", account("ada"), "SYSTEM_ADMIN", Place::System).await;
    let ada = AccountId::new("ada");
    assert_eq!(store.disable(&ada, &entry()).await.unwrap(), Kept::LastAdmin);
    assert!(!store.account(&ada).await.unwrap().disabled, "nothing was done");
    let team = TeamId::new("t");
    store.create_team(&team, "Admins", START, &entry()).await.unwrap();
    store.add_member(&team, &AccountId::new("bob"), LOCAL, &entry()).await.unwrap();
    give(&store, "2", Subject::Team(team.clone()), "SYSTEM_ADMIN", Place::System).await;
    assert_eq!(store.disable(&ada, &entry()).await.unwrap(), Kept::Done);
    let bob = AccountId::new("bob");
    assert_eq!(store.remove_member(&team, &bob, &entry()).await.unwrap(), Kept::LastAdmin);
    store.enable(&ada, &entry()).await.unwrap();
    assert_eq!(store.remove_member(&team, &bob, &entry()).await.unwrap(), Kept::Done);
}

/// Who is Admin of a Workspace, by id.
async fn admins(store: &Store, at: &Place) -> Vec<String> {
    let all = store.grants().await.unwrap();
    let here = all.into_iter().filter(|g| g.role.as_str() == RoleId::WORKSPACE_ADMIN && g.at == *at);
    let mut admins: Vec<_> = here.map(|g| g.subject.id().to_owned()).collect();
    admins.sort();
    admins
}

async fn a_workspace_without_an_admin_is_the_installations(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada", "bob", "cleo"]).await;
    let other = Place::Workspace(workspace("other").id);
    // Made by the operator's token before there is anybody.
    store.create_workspace(&workspace("data"), None, None, Some(&entry())).await.unwrap();
    assert_eq!(admins(&store, &here()).await, Vec::<String>::new());
    give(&store, "1", account("ada"), "SYSTEM_ADMIN", Place::System).await;
    assert_eq!(admins(&store, &here()).await, ["ada"]);
    let told = store.audit_page(&AuditFilter::default(), None, 1).await.unwrap().remove(0).entry;
    assert_eq!((told.action, told.workspace), (AuditAction::RoleGiven, Some(workspace("data").id)));
    assert_eq!(told.detail, "WORKSPACE_ADMIN on data to ada: it had no Admin");
    // Who is Admin of the installation later finds none without one.
    give(&store, "2", account("bob"), "SYSTEM_ADMIN", Place::System).await;
    assert_eq!(admins(&store, &here()).await, ["ada"]);
    // A program made the next one: its own role does not count.
    let program = Account { kind: AccountKind::Service, login: None, ..person("ci") };
    store.create_account(&program, None, &entry()).await.unwrap();
    let own = grant("3", account("ci"), RoleId::WORKSPACE_ADMIN, other.clone());
    store.create_workspace(&workspace("other"), None, Some(&own), Some(&entry())).await.unwrap();
    assert_eq!(admins(&store, &other).await, ["ada", "bob", "ci"]);
    // A person made this one.
    let own = grant("4", account("cleo"), RoleId::WORKSPACE_ADMIN, Place::Workspace(workspace("third").id));
    store.create_workspace(&workspace("third"), None, Some(&own), Some(&entry())).await.unwrap();
    assert_eq!(admins(&store, &Place::Workspace(workspace("third").id)).await, ["cleo"]);
    assert_eq!(take(&store, "4").await, Kept::LastAdmin);
}

async fn admin_and_workspace_made_at_once_find_each_other(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada"]).await;
    for n in 0..20 {
        let new = workspace(&format!("data {n}"));
        let at = Place::Workspace(new.id.clone());
        let admin = grant(&format!("admin {n}"), account("ada"), "SYSTEM_ADMIN", Place::System);
        let (entry, maker) = (entry(), store.clone());
        let (made, given) =
            tokio::join!(async { maker.create_workspace(&new, None, None, Some(&entry)).await }, async {
                store.give_role(&admin, START, &entry).await
            });
        made.unwrap();
        given.unwrap();
        assert_eq!(admins(&store, &at).await, ["ada"], "round {n}");
        // So that the next round starts without an Admin of the installation.
        store.execute("delete from grants").await.unwrap();
    }
}

async fn an_issuers_groups_are_made_exactly_so(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada"]).await;
    let ada = AccountId::new("ada");
    give(&store, "1", account("ada"), "WORKSPACE_VIEWER", here()).await;
    let issuer = "https://id.acme.example";
    let from = |id: &str, role: &str| NewGrant { source: issuer.to_owned(), ..grant(id, account("ada"), role, here()) };
    for wanted in [vec!["WORKSPACE_EDITOR", "WORKSPACE_VIEWER"], vec!["WORKSPACE_EDITOR"], vec![]] {
        let grants: Vec<_> = wanted.iter().map(|role| from(&format!("{role}-{}", wanted.len()), role)).collect();
        assert_eq!(store.sync_grants(&ada, issuer, &grants, START, &[entry()]).await.unwrap(), Kept::Done);
        let all = store.grants().await.unwrap();
        assert_eq!(all.iter().filter(|g| g.source == issuer).count(), wanted.len());
        assert_eq!(all.iter().filter(|g| g.source == LOCAL).count(), 1, "what a person gave stays");
    }
}

async fn a_token_is_found_by_its_hash_and_ends(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada"]).await;
    let token = |id: &str| ApiToken {
        id: TokenId::new(id),
        account: AccountId::new("ada"),
        kind: TokenKind::Person,
        name: "laptop".to_owned(),
        hint: "bsp_...wxyz".to_owned(),
        limit: TokenLimit { deployments: vec![], permissions: Some([Permission::ImagesPush].into()) },
        created_at: START,
        expires_at: START.plus(1000),
        revoked_at: None,
        last_used_at: None,
    };
    let new = |id: &str, parent: Option<&str>| NewToken {
        token: token(id),
        hash: format!("hash of {id}"),
        on_behalf: parent.map(|_| "jane".to_owned()),
        parent: parent.map(TokenId::new),
    };
    store.create_token(&new("a", None), &entry()).await.unwrap();
    store.create_token(&new("b", Some("a")), &entry()).await.unwrap();
    assert!(store.sent_token("hash of nothing").await.unwrap().is_none());
    let sent = store.sent_token("hash of a").await.unwrap().unwrap();
    assert_eq!((sent.token, sent.owner, sent.parent_ends), (token("a"), person("ada"), None));
    store.token_used(&TokenId::new("a"), START.plus(5)).await.unwrap();
    assert_eq!(store.token(&TokenId::new("a")).await.unwrap().last_used_at, Some(START.plus(5)));
    store.revoke_token(&TokenId::new("a"), START.plus(20), &entry()).await.unwrap();
    store.revoke_token(&TokenId::new("a"), START.plus(30), &entry()).await.unwrap();
    assert_eq!(store.token(&TokenId::new("a")).await.unwrap().revoked_at, Some(START.plus(20)), "never later again");
    let child = store.sent_token("hash of b").await.unwrap().unwrap();
    assert_eq!((child.on_behalf.as_deref(), child.parent_ends), (Some("jane"), Some(START.plus(20))));
}

async fn a_link_works_once(db: &Database) {
    let store = db.open().await;
    people(&store, &["ada"]).await;
    let ada = AccountId::new("ada");
    store.keep_link("old", Some(&ada), START.plus(10)).await.unwrap();
    store.keep_link("new", Some(&ada), START.plus(10)).await.unwrap();
    assert_eq!(store.link("old", START).await.unwrap(), None, "a newer one replaced it");
    assert_eq!(store.link("new", START.plus(9)).await.unwrap(), Some(Some(ada.clone())));
    assert_eq!(store.link("new", START.plus(10)).await.unwrap(), None, "it is over");
    assert!(store.use_link("new", &ada, "hash", &entry()).await.unwrap());
    assert!(!store.use_link("new", &ada, "other", &entry()).await.unwrap());
    let (_, hash) = store.account_by_login("ada@acme.example").await.unwrap().unwrap();
    assert_eq!(hash.as_deref(), Some("hash"));
    store.keep_link("first", None, START.plus(10)).await.unwrap();
    let admin = grant("g", account("root"), "SYSTEM_ADMIN", Place::System);
    let made = store.create_administrator(&person("root"), "hash", &admin, Some("first"), &entry()).await.unwrap();
    assert!(made && store.has_administrator().await.unwrap());
    let again = store.create_administrator(&person("eve"), "hash", &admin, Some("first"), &entry()).await.unwrap();
    assert!(!again && store.account(&AccountId::new("eve")).await.is_err());
}

async fn failures_are_counted_by_login_and_address(db: &Database) {
    let store = db.open().await;
    for (login, address, at) in [("ada", "192.0.2.1", 1), ("ada", "192.0.2.2", 2), ("bob", "192.0.2.1", 3)] {
        store.sign_in_failed(login, address, START.plus(at), &entry()).await.unwrap();
    }
    let counted = store.sign_in_failures("ada", "192.0.2.1", START).await.unwrap();
    assert_eq!(counted, (2, 2, Some(START.plus(3))));
    assert_eq!(store.sign_in_failures("eve", "192.0.2.9", START).await.unwrap(), (0, 0, None));
    assert_eq!(store.sign_in_failures("ada", "192.0.2.9", START.plus(1)).await.unwrap().0, 1);
    store.forget_failures("ada").await.unwrap();
    assert_eq!(store.sign_in_failures("ada", "192.0.2.1", START).await.unwrap(), (0, 1, Some(START.plus(3))));
}

async fn servers_that_start_at_once_make_the_operator_once(db: &Database) {
    let store = db.open().await;
    let other = db.open_beside(&store).await;
    let operator = Account { kind: AccountKind::Service, login: None, ..person("operator") };
    let all = (0..12).map(|n| {
        let (store, operator) = (if n % 2 == 0 { store.clone() } else { other.clone() }, operator.clone());
        tokio::spawn(async move { store.ensure_account(&operator).await })
    });
    for outcome in futures::future::join_all(all).await {
        outcome.unwrap().unwrap();
    }
    assert_eq!(store.account(&operator.id).await.unwrap(), operator);
    // Under another id the name is somebody's.
    let namesake = Account { id: AccountId::new("another"), ..operator };
    assert!(matches!(store.ensure_account(&namesake).await, Err(StoreError::Taken(_))));
}
