//! What the schema holds by itself: history is appended to only, and a Deployment runs one thing.

use super::{database::Database, given::*};
use crate::store::Store;

on_each_database!(
    a_row_never_changes,
    a_row_is_never_removed,
    at_most_one_deploy_is_running,
    at_most_one_deploy_is_queued,
    at_most_one_deploy_is_live,
    a_word_that_is_none_is_refused;
    postgres only: a_table_is_never_emptied
);

const TABLES: [(&str, &str); 4] =
    [("deploys", "description"), ("deploy_events", "body"), ("hold_events", "body"), ("step_log", "line")];

/// Something in each of the tables.
async fn filled(db: &Database) -> Store {
    let store = db.open().await;
    let prod = prod(&store).await;
    roll_out(&store, &prod, 1).await;
    queue(&store, &prod, 2).await;
    let claim = claim(&store, "one").await;
    store.log_lines(&claim, 0, &[(START, "a".to_owned()), (START, "b".to_owned())]).await.unwrap();
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    let hold =
        backstep_domain::Hold { since: START, by: author("Ada"), why: "why".to_owned(), rollback: None, until: None };
    tx.set_hold(&hold).await.unwrap();
    tx.commit().await.unwrap();
    store
}

async fn refuses(store: &Store, sql: &str) {
    let error = store.execute(sql).await.expect_err(sql).to_string();
    let told = ["never changes", "never removed", "is appended to only"].iter().any(|words| error.contains(words));
    assert!(told, "{sql}: {error}");
}

async fn a_row_never_changes(db: &Database) {
    let store = filled(db).await;
    for (table, column) in TABLES {
        let rows = store.integer(&format!("select count(*) from {table}")).await;
        assert!(rows > 0, "{table}");
        let before = store.contents().await;
        refuses(&store, &format!("update {table} set {column} = 'changed'")).await;
        refuses(&store, &format!("update {table} set {column} = {column}")).await;
        assert_eq!(store.contents().await, before);
        // The trigger is what refuses it.
        store.drop_triggers(table).await;
        assert_eq!(
            store.execute(&format!("update {table} set {column} = 'changed'")).await.unwrap(),
            rows.cast_unsigned()
        );
    }
}

async fn a_row_is_never_removed(db: &Database) {
    let store = filled(db).await;
    // References hold a deploy too; so what has events or log lines comes last.
    for (table, _) in TABLES.into_iter().rev() {
        let rows = store.integer(&format!("select count(*) from {table}")).await;
        let before = store.contents().await;
        refuses(&store, &format!("delete from {table}")).await;
        assert_eq!(store.contents().await, before);
        if table != "deploys" {
            store.drop_triggers(table).await;
            assert_eq!(store.execute(&format!("delete from {table}")).await.unwrap(), rows.cast_unsigned());
        }
    }
}

async fn a_table_is_never_emptied(db: &Database) {
    let store = filled(db).await;
    let before = store.contents().await;
    for (table, _) in TABLES {
        refuses(&store, &format!("truncate {table} cascade")).await;
    }
    assert_eq!(store.contents().await, before);
    store.drop_triggers("step_log").await;
    store.execute("truncate step_log").await.unwrap();
}

/// What `set` says is refused for a second deploy while the index is there, and passes without it.
async fn at_most_one(db: &Database, index: &str, set: &str) {
    let store = db.open().await;
    let (prod, other) = (prod(&store).await, another(&store, "other").await);
    insert(&store, &[superseded(&prod, 1), superseded(&prod, 2)]).await;
    insert(&store, &[superseded(&other, 1)]).await;
    let of = |id: &str, number: u32| {
        format!("update deploy_states set {set} where deployment_id = 'deployment-{id}' and number = {number}")
    };
    store.execute(&of("prod", 1)).await.unwrap();
    store.execute(&of("other", 1)).await.expect("another Deployment has its own");
    let error = store.execute(&of("prod", 2)).await.expect_err("there is one already");
    assert!(error.as_database_error().is_some_and(|e| e.is_unique_violation()), "{error}");

    store.execute(&format!("drop index {index}")).await.unwrap();
    assert_eq!(store.execute(&of("prod", 2)).await.unwrap(), 1, "the index is what refuses it");
}

async fn at_most_one_deploy_is_running(db: &Database) {
    at_most_one(db, "at_most_one_running", "status = 'running'").await;
}

async fn at_most_one_deploy_is_queued(db: &Database) {
    at_most_one(db, "at_most_one_queued", "status = 'queued'").await;
}

async fn at_most_one_deploy_is_live(db: &Database) {
    at_most_one(db, "at_most_one_live", "live_until = null").await;
}

async fn a_word_that_is_none_is_refused(db: &Database) {
    let store = filled(db).await;
    for wrong in [
        "insert into hold_events (deployment_id, at, kind, body) values ('deployment-prod', 0, 'ended', '')",
        "update deploy_states set rollback = 2",
        "update deploy_states set rejected = 2",
        "update deploy_states set artifact_missing = -1",
        "update rollouts set done = 2",
    ] {
        let error = store.execute(wrong).await.expect_err(wrong);
        assert!(error.as_database_error().is_some_and(|e| e.is_check_violation()), "{wrong}: {error}");
    }
}
