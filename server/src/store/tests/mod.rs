//! Every test of the store runs on SQLite and on PostgreSQL, from one body.
//!
//! A test that is in no list of its file is dead code, which clippy refuses.

/// Makes `AREA::sqlite::TEST` and `AREA::postgres::TEST` of each test. What comes after `sqlite only:` or `postgres only:` is
/// about what one of the two does.
macro_rules! on_each_database {
    (sqlite only: $($sqlite:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $sqlite() {
                    crate::store::tests::database::on_sqlite(super::$sqlite).await;
                }
            )+
        }
    };
    (postgres only: $($postgres:ident),+ $(,)?) => {
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $postgres() {
                    crate::store::tests::database::on_postgres(super::$postgres).await;
                }
            )+
        }
    };
    ($($both:ident),+ $(,)? $(; postgres only: $($postgres:ident),+ $(,)?)?) => {
        on_each_database!(sqlite only: $($both),+);
        on_each_database!(postgres only: $($both),+ $(, $($postgres),+)?);
    };
}

pub(crate) use on_each_database;

mod access;
mod append_only;
mod audit;
mod claims;
pub(crate) mod database;
mod deployments;
mod events;
mod fences;
mod filters;
mod finishing;
mod forms;
pub(crate) mod given;
mod holds;
mod idempotency;
mod invariants;
mod locks;
mod long_history;
mod numbers;
mod oidc;
mod opening;
mod pages;
mod present;
mod query_plans;
mod races;
mod schemas;
mod seals;
mod sessions;
mod settings;
mod sql;
mod sqlite_file;
mod steps;
mod synced;
mod tampered;
mod uploads;
mod verbatim;
mod workspaces;
