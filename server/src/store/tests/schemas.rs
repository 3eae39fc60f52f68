//! The two schemas are one: the same tables, columns and indexes.

use super::database::{Database, on_sqlite};
use crate::store::Store;

on_each_database!(every_reference_is_checked; postgres only: the_two_schemas_are_the_same);

async fn the_two_schemas_are_the_same(db: &Database) {
    let postgres = db.open().await;
    on_sqlite(async |other| {
        let sqlite = other.open().await;
        // Each searches texts in its own way; the answers are compared where pages are filtered.
        let both = |name: &String| !name.starts_with("search_ordinals") && !name.contains(" deploys_by_text ");
        let tables: Vec<_> = sqlite.tables().await.into_iter().filter(both).collect();
        assert_eq!(tables, postgres.tables().await);
        for table in tables {
            assert_eq!(sqlite_columns(&sqlite, &table).await, postgres_columns(&postgres, &table).await, "{table}");
        }
        let indexes: Vec<_> = postgres_indexes(&postgres).await.into_iter().filter(both).collect();
        assert_eq!(sqlite_indexes(&sqlite).await, indexes);
    })
    .await;
}

/// Name, whether it must not be null, and its kind.
async fn sqlite_columns(store: &Store, table: &str) -> Vec<String> {
    store
        .texts(&format!(
            "select name || ' ' || (\"notnull\" or pk > 0) || ' ' || lower(type) from pragma_table_info('{table}') order \
             by cid"
        ))
        .await
}

async fn postgres_columns(store: &Store, table: &str) -> Vec<String> {
    store
        .texts(&format!(
            "select column_name || case is_nullable when 'NO' then ' 1' else ' 0' end || case data_type when 'bigint' \
             then ' integer' else ' ' || data_type end from information_schema.columns where table_schema = current_schema() and table_name = '{table}' order \
             by ordinal_position"
        ))
        .await
}

/// The indexes that have names of ours, and whether they are unique and partial.
async fn sqlite_indexes(store: &Store) -> Vec<String> {
    store
        .texts(
            "select m.tbl_name || ' ' || i.name || ' ' || i.\"unique\" || ' ' || i.partial from sqlite_master m, \
             pragma_index_list(m.tbl_name) i where m.type = 'table' and i.origin = 'c' order by 1",
        )
        .await
}

async fn postgres_indexes(store: &Store) -> Vec<String> {
    store
        .texts(
            "select r.relname || ' ' || c.relname || ' ' || i.indisunique::int || ' ' || (i.indpred is not null)::int \
             from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class r on r.oid = i.indrelid where \
             r.relnamespace = current_schema()::text::regnamespace and not exists (select from pg_constraint where conindid = c.oid) \
             order by 1",
        )
        .await
}

/// With SQLite references are checked only where a connection asks for it.
async fn every_reference_is_checked(db: &Database) {
    let store = db.open().await;
    for orphan in [
        "insert into deployments (id, workspace_id, name, body) values ('d', 'none', 'n', '{}')",
        "insert into uploads (id, deployment_id, created_at, body) values ('u', 'none', 0, '{}')",
        "insert into deploys (id, deployment_id, number, kind, cause, revision, created_at, author_id, author_name, \
         description) values ('d', 'none', 1, '', '', '', 0, '', '', '')",
        "insert into deploy_events (deploy_id, at, kind, body) values ('none', 0, '', '')",
        "insert into holds (deployment_id, body) values ('none', '')",
        "insert into hold_events (deployment_id, at, kind, body) values ('none', 0, 'set', '')",
        "insert into rollouts (deploy_id, deployment_id, number, owner, epoch, lease_until) values ('none', 'none', 1, \
         '', 1, 0)",
        "insert into steps (deploy_id, position, kind, status) values ('none', 0, '', '')",
        "insert into step_log (deploy_id, seq, step, at, line) values ('none', 1, 0, 0, '')",
        "insert into setting_changes (deployment_id, at, body) values ('none', 0, '')",
    ] {
        let error = store.execute(orphan).await.expect_err(orphan).to_string().to_lowercase();
        assert!(error.contains("foreign key"), "{orphan}: {error}");
    }
}
