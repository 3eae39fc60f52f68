//! The SQLite file: of one server, and durable.

use futures::future::join_all;

use super::database::Database;
use crate::store::{Store, StoreError, pool::Pool};

on_each_database!(
    sqlite only:
    a_second_server_on_the_same_file_is_refused,
    of_servers_that_start_at_once_one_gets_the_file,
    the_file_is_in_wal_mode_and_synced_on_commit,
    the_connections_for_reading_cannot_write,
    a_file_that_is_no_database_is_refused_and_left_as_it_is
);

async fn a_second_server_on_the_same_file_is_refused(db: &Database) {
    let store = db.open().await;
    let error = Store::open(&db.url).await.err().expect("it is refused");
    assert!(matches!(&error, StoreError::InUse(file) if Some(file) == db.file.as_ref()), "{error}");
    // The first goes on, and its clones count for it.
    let clone = store.clone();
    drop(store);
    assert!(matches!(Store::open(&db.url).await, Err(StoreError::InUse(_))));
    assert_eq!(clone.workspaces().await.unwrap(), []);
    drop(clone);
    db.open().await;
}

async fn of_servers_that_start_at_once_one_gets_the_file(db: &Database) {
    let opened = join_all((0..8).map(|_| Store::open(&db.url))).await;
    let (won, lost): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|lost| matches!(lost, Err(StoreError::InUse(_)))));
}

/// A commit that was acknowledged survives a loss of power only with both.
async fn the_file_is_in_wal_mode_and_synced_on_commit(db: &Database) {
    let store = db.open().await;
    let Pool::Sqlite { write, read, .. } = &store.pool else { panic!("SQLite") };
    let text =
        async |pool, pragma: &'static str| sqlx::query_scalar::<_, String>(pragma).fetch_one(pool).await.unwrap();
    let number = async |pool, pragma: &'static str| sqlx::query_scalar::<_, i64>(pragma).fetch_one(pool).await.unwrap();
    assert_eq!(text(write, "pragma journal_mode").await, "wal");
    assert_eq!(text(read, "pragma journal_mode").await, "wal");
    assert_eq!(number(write, "pragma synchronous").await, 2, "FULL");
    assert_eq!(number(write, "pragma foreign_keys").await, 1);
    let wal = format!("{}-wal", db.file.as_ref().unwrap().display());
    assert!(std::fs::exists(&wal).unwrap(), "{wal}");
}

async fn the_connections_for_reading_cannot_write(db: &Database) {
    let store = db.open().await;
    let Pool::Sqlite { read, .. } = &store.pool else { panic!("SQLite") };
    let error = sqlx::query("delete from workspaces").execute(read).await.unwrap_err();
    assert!(error.to_string().contains("readonly"), "{error}");
}

async fn a_file_that_is_no_database_is_refused_and_left_as_it_is(db: &Database) {
    let file = db.file.as_ref().unwrap();
    let text = "not a database ".repeat(300);
    std::fs::write(file, &text).unwrap();
    assert!(matches!(Store::open(&db.url).await, Err(StoreError::Database(_))));
    assert_eq!(std::fs::read_to_string(file).unwrap(), text);
}
