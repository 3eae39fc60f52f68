//! A database for one test, gone when the test is over, also when it fails.

use std::{env, panic::AssertUnwindSafe, panic::resume_unwind, path::PathBuf};

use futures::FutureExt as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, raw_sql};

use crate::{
    clock::{Ids, TimeOrderedIds},
    store::Store,
};

/// Set by `cargo xtask test store`.
const POSTGRES: &str = "BACKSTEP_TEST_POSTGRES";

/// An empty database.
pub struct Database {
    pub url: String,
    /// The file, where it is SQLite.
    pub file: Option<PathBuf>,
}

impl Database {
    pub async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }

    /// The store as another server has it. With SQLite there is no other, so it is another part of this one.
    pub async fn open_beside(&self, store: &Store) -> Store {
        if self.file.is_some() { store.clone() } else { self.open().await }
    }
}

pub async fn on_sqlite(test: impl AsyncFnOnce(&Database)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backstep.db");
    test(&Database { url: format!("sqlite://{}", file.display()), file: Some(file) }).await;
}

/// The database is a schema of its own, made and dropped in tens of milliseconds where a whole one takes a second.
pub async fn on_postgres(test: impl AsyncFnOnce(&Database)) {
    let server = env::var(POSTGRES).unwrap_or_else(|_| {
        panic!("{POSTGRES} names no PostgreSQL server; run `cargo xtask test server store`, which starts one")
    });
    let mut admin = PgConnection::connect(&server).await.expect("the server that BACKSTEP_TEST_POSTGRES names answers");
    let name = format!("store_{}", TimeOrderedIds.next().replace('-', "_"));
    let and = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{and}application_name={name}&options[search_path]={name}");
    does(&mut admin, format!("create schema {name}")).await;
    let outcome = AssertUnwindSafe(test(&Database { url, file: None })).catch_unwind().await;
    // What a failed test left in the middle of a transaction would keep its tables.
    let left = format!("select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{name}'");
    does(&mut admin, format!("{left}; set client_min_messages = warning; drop schema {name} cascade")).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

async fn does(admin: &mut PgConnection, sql: String) {
    raw_sql(AssertSqlSafe(sql)).execute(admin).await.unwrap();
}
