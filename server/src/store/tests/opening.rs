//! Opening a database: its schema is brought up to date, once.

use futures::future::join_all;

use super::{database::Database, given::*};
use crate::store::{Store, StoreError};

on_each_database!(
    a_new_database_gets_the_schema,
    opening_again_changes_nothing,
    a_newer_schema_is_refused,
    a_migration_that_fails_leaves_nothing;
    postgres only: servers_that_start_at_once_do_not_race, an_older_schema_is_migrated_once
);

/// Each migration was done once, none was left out.
async fn assert_up_to_date(store: &Store) -> i64 {
    let versions = store.texts("select cast(version as text) from schema_version order by version").await;
    assert!(!versions.is_empty());
    assert_eq!(versions, (1..=versions.len()).map(|version| version.to_string()).collect::<Vec<_>>());
    i64::try_from(versions.len()).unwrap()
}

async fn a_new_database_gets_the_schema(db: &Database) {
    let store = db.open().await;
    assert_up_to_date(&store).await;
    assert_eq!(store.workspaces().await.unwrap(), []);
    let prod = prod(&store).await;
    assert!(roll_out(&store, &prod, 1).await.is_live());
}

async fn opening_again_changes_nothing(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    roll_out(&store, &prod, 1).await;
    let before = store.contents().await;
    store.close().await;
    drop(store);
    for _ in 0..2 {
        let store = db.open().await;
        assert_eq!(store.contents().await, before);
        assert_eq!(store.deployment(&prod.id).await.unwrap(), prod);
    }
}

async fn a_newer_schema_is_refused(db: &Database) {
    let store = db.open().await;
    let newest = assert_up_to_date(&store).await;
    store.execute("insert into schema_version (version) values (1000)").await.unwrap();
    let before = store.contents().await;
    drop(store);
    let error = Store::open(&db.url).await.err().expect("it is refused");
    assert!(matches!(error, StoreError::NewerSchema { found: 1000, known } if known == newest), "{error}");
    assert!(error.to_string().contains("start a newer Backstep"), "{error}");

    // Refusing it left nothing behind: with the newer Backstep's row gone, the database opens as it was.
    let repaired = open_past_the_check(db).await;
    assert_eq!(repaired.contents().await, before);
    repaired.execute("delete from schema_version where version = 1000").await.unwrap();
    drop(repaired);
    db.open().await;
}

/// The store without looking at the schema.
async fn open_past_the_check(db: &Database) -> Store {
    use crate::store::pool::Pool;
    let pool = match &db.file {
        Some(file) => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
            let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
            let lock = std::fs::File::open(file).unwrap();
            Pool::Sqlite { read: pool.clone(), write: pool, _lock: lock.into() }
        }
        None => Pool::Postgres(sqlx::PgPool::connect(&db.url).await.unwrap()),
    };
    Store { pool }
}

async fn a_migration_that_fails_leaves_nothing(db: &Database) {
    let empty = open_past_the_check_of_nothing(db).await;
    empty.execute("create table step_log (seq bigint)").await.unwrap();
    drop(empty);
    let error = Store::open(&db.url).await.err().expect("a table is in the way");
    assert!(matches!(error, StoreError::Database(_)), "{error}");
    let after = open_past_the_check(db).await;
    assert_eq!(after.tables().await, ["step_log"], "nothing half done");
    after.execute("drop table step_log").await.unwrap();
    drop(after);
    db.open().await;
}

async fn open_past_the_check_of_nothing(db: &Database) -> Store {
    if let Some(file) = &db.file {
        std::fs::File::create(file).unwrap();
    }
    open_past_the_check(db).await
}

async fn servers_that_start_at_once_do_not_race(db: &Database) {
    let opened = join_all((0..8).map(|_| Store::open(&db.url))).await;
    for store in &opened {
        assert!(store.is_ok(), "{:?}", store.as_ref().err());
    }
    let store = opened.into_iter().next().unwrap().unwrap();
    assert_up_to_date(&store).await;
}

async fn an_older_schema_is_migrated_once(db: &Database) {
    let empty = open_past_the_check(db).await;
    empty.execute("create table schema_version (version bigint primary key)").await.unwrap();
    let opened = join_all((0..8).map(|_| Store::open(&db.url))).await;
    assert!(opened.iter().all(Result::is_ok));
    assert_up_to_date(&empty).await;
}

#[tokio::test]
async fn an_address_of_another_kind_is_refused_without_its_password() {
    for address in ["mysql://ada:secret@db/backstep", "postgres://ada:secret@db:no-port/backstep", "backstep.db", ""] {
        let error = Store::open(address).await.err().expect("it is refused");
        assert!(matches!(error, StoreError::Address(_)), "{address}: {error}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("secret"), "{text}");
        assert!(text.contains("sqlite:///PATH or postgres://USER@HOST/NAME"), "{text}");
    }
}
