//! The audit log: appended to, and read newest first.

use backstep_domain::*;

use super::database::Database;
use crate::store::Store;

on_each_database!(
    an_entry_reads_back_as_it_was_written,
    an_entry_is_there_with_what_it_tells_or_not_at_all,
    pages_follow_each_other_without_gap_or_overlap,
    every_filter_leaves_what_it_says,
    a_search_means_its_signs_themselves,
    the_log_is_appended_to_only,
    an_id_is_never_given_twice
);

pub fn entry(n: u64) -> AuditEntry {
    let number = i64::try_from(n).unwrap();
    AuditEntry {
        at: Millis(1_780_000_000_000 + number * 1000),
        actor: Author {
            id: format!("account-{}", n % 3),
            name: ["Ada", "Zoë Çelik", "CI"][(n % 3) as usize].to_owned(),
        },
        action: [AuditAction::RollbackRecorded, AuditAction::SignedIn][(n % 2) as usize],
        workspace: n.is_multiple_of(2).then(|| WorkspaceId::new(format!("workspace-{}", n % 4))),
        deployment: n.is_multiple_of(4).then(|| DeploymentId::new("deployment")),
        deploy: DeployNumber::new(u32::try_from(n).unwrap()),
        detail: format!("What happened at {n}"),
        origin: Origin {
            address: "2001:db8::1".to_owned(),
            request: format!("request-{n}"),
            token: n.is_multiple_of(5).then(|| "token".to_owned()),
        },
    }
}

/// Entries 1 to n, in one transaction.
pub async fn write(store: &Store, n: u64) {
    store.audit_all(&(1..=n).map(entry).collect::<Vec<_>>()).await.unwrap();
}

async fn all(store: &Store, filter: &AuditFilter) -> Vec<AuditEntry> {
    let page = store.audit_page(filter, None, 1000).await.unwrap();
    page.into_iter().map(|record| record.entry).collect()
}

async fn an_entry_reads_back_as_it_was_written(db: &Database) {
    let store = db.open().await;
    let odd = AuditEntry { detail: "=1\0\u{202e}\n\"😀\\".to_owned(), deploy: None, ..entry(1) };
    store.audit(&odd).await.unwrap();
    store.audit(&entry(20)).await.unwrap();
    let page = store.audit_page(&AuditFilter::default(), None, 10).await.unwrap();
    assert_eq!(page.iter().map(|r| &r.entry).collect::<Vec<_>>(), [&entry(20), &odd]);
    assert!(page[0].id > page[1].id && page.iter().all(|r| r.seal.is_none()));
    store.seal().await.unwrap();
    let page = store.audit_page(&AuditFilter::default(), None, 10).await.unwrap();
    assert_eq!(page.iter().map(|r| r.seal).collect::<Vec<_>>(), [Some(2), Some(1)]);
}

async fn an_entry_is_there_with_what_it_tells_or_not_at_all(db: &Database) {
    let store = db.open().await;
    let new = Workspace { id: WorkspaceId::new("w"), name: "data".to_owned(), created_at: Millis(0) };
    store.create_workspace(&new, None, None, Some(&entry(1))).await.unwrap();
    assert_eq!(all(&store, &AuditFilter::default()).await, [entry(1)]);
    let same_name = Workspace { id: WorkspaceId::new("x"), ..new };
    store.create_workspace(&same_name, None, None, Some(&entry(2))).await.unwrap_err();
    assert_eq!(all(&store, &AuditFilter::default()).await, [entry(1)]);
}

async fn pages_follow_each_other_without_gap_or_overlap(db: &Database) {
    let store = db.open().await;
    write(&store, 25).await;
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = store.audit_page(&AuditFilter::default(), before, 10).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        seen.extend(page.into_iter().map(|record| record.entry));
    }
    assert_eq!(seen, (1..=25).rev().map(entry).collect::<Vec<_>>());
}

async fn every_filter_leaves_what_it_says(db: &Database) {
    let store = db.open().await;
    write(&store, 40).await;
    let no = AuditFilter::default();
    type Rule = fn(u64) -> bool;
    let filters: [(AuditFilter, Rule); 10] = [
        (AuditFilter { action: Some(AuditAction::SignedIn), ..no.clone() }, |n| n % 2 == 1),
        (AuditFilter { action: Some(AuditAction::TeamCreated), ..no.clone() }, |_| false),
        (AuditFilter { actor: Some("account-1".to_owned()), ..no.clone() }, |n| n % 3 == 1),
        (AuditFilter { workspace: Some(WorkspaceId::new("workspace-2")), ..no.clone() }, |n| n % 4 == 2),
        (AuditFilter { deployment: Some(DeploymentId::new("deployment")), ..no.clone() }, |n| n % 4 == 0),
        (AuditFilter { since: Some(entry(7).at), until: Some(entry(9).at), ..no.clone() }, |n| n == 7 || n == 8),
        (AuditFilter { text: Some("HAPPENED at 3".to_owned()), ..no.clone() }, |n| n == 3 || (30..40).contains(&n)),
        (AuditFilter { text: Some("zoë ç".to_owned()), ..no.clone() }, |n| n % 3 == 1),
        (
            AuditFilter {
                actor: Some("account-0".to_owned()),
                deployment: Some(DeploymentId::new("deployment")),
                action: Some(AuditAction::RollbackRecorded),
                ..no.clone()
            },
            |n| n % 12 == 0,
        ),
        (AuditFilter { actor: Some("nul\0".to_owned()), ..no.clone() }, |_| false),
    ];
    for (filter, rule) in filters {
        let expected: Vec<_> = (1..=40).rev().filter(|n| rule(*n)).map(entry).collect();
        assert_eq!(all(&store, &filter).await, expected, "{filter:?}");
    }
}

async fn a_search_means_its_signs_themselves(db: &Database) {
    let store = db.open().await;
    for detail in ["100% sure", "100 times", "a_b", "aXb", "c\\d"] {
        store.audit(&AuditEntry { detail: detail.to_owned(), ..entry(1) }).await.unwrap();
    }
    for (text, found) in [("0%", vec!["100% sure"]), ("A_B", vec!["a_b"]), ("c\\", vec!["c\\d"])] {
        let filter = AuditFilter { text: Some(text.to_owned()), ..AuditFilter::default() };
        let details: Vec<_> = all(&store, &filter).await.into_iter().map(|e| e.detail).collect();
        assert_eq!(details, found, "{text}");
    }
}

async fn the_log_is_appended_to_only(db: &Database) {
    let store = db.open().await;
    write(&store, 3).await;
    store.seal().await.unwrap();
    let key = crate::audit::CheckpointKey::from_seed(&[1; 32]);
    store.keep_checkpoint(&key.sign(&store.sealed_up_to().await.unwrap().unwrap(), Millis(0))).await.unwrap();
    for (table, column) in [("audit", "body"), ("audit_seals", "hash"), ("audit_checkpoints", "hash")] {
        for wrong in [format!("update {table} set {column} = {column}"), format!("delete from {table}")] {
            let before = store.contents().await;
            let error = store.execute(&wrong).await.expect_err(&wrong).to_string();
            let told = ["never changes", "never removed", "is appended to only"].iter().any(|w| error.contains(w));
            assert!(told, "{wrong}: {error}");
            assert_eq!(store.contents().await, before);
        }
        // The triggers are what refuses it.
        store.drop_triggers(table).await;
        assert!(store.execute(&format!("update {table} set {column} = {column}")).await.unwrap() > 0);
    }
}

async fn an_id_is_never_given_twice(db: &Database) {
    let store = db.open().await;
    write(&store, 3).await;
    let newest = store.audit_page(&AuditFilter::default(), None, 1).await.unwrap()[0].id;
    store.drop_triggers("audit").await;
    assert_eq!(store.execute("delete from audit").await.unwrap(), 3);
    store.audit(&entry(4)).await.unwrap();
    assert!(store.audit_page(&AuditFilter::default(), None, 1).await.unwrap()[0].id > newest);
}
