//! How SQLite answers what is asked often: through an index, whatever else is in the table.

use super::{database::Database, given::*};
use crate::store::{Store, counted, deployment_tx, history, pool::Pool, present, rollouts};

on_each_database!(
    sqlite only:
    what_is_asked_often_is_answered_through_an_index,
    a_page_begins_where_the_one_before_ended,
    what_runs_is_found_by_its_own_indexes,
    a_slow_plan_is_seen
);

/// What is asked on every page and several times a second.
const OFTEN: [(&str, &str); 10] = [
    ("a page of the history", history::PAGE),
    ("a deploy", history::ONE),
    ("a deploy by its id", history::BY_ID),
    ("the deploys above", history::ABOVE),
    ("what is live, running and queued", present::ACTIVE),
    ("the numbers of the present", present::NUMBERS),
    ("the held deploys", deployment_tx::HELD),
    ("the next queued deploy", rollouts::QUEUED),
    ("a rollout whose lease ended", rollouts::EXPIRED),
    ("what metrics count", counted::COUNTED),
];

async fn explain(store: &Store, sql: &'static str) -> String {
    let Pool::Sqlite { read, .. } = &store.pool else { panic!("SQLite") };
    let mut connection = read.acquire().await.unwrap();
    // To explain reads no table, and so would not notice that another connection changed the schema.
    sqlx::query("select count(*) from deploys").fetch_one(&mut *connection).await.unwrap();
    let sql = sqlx::AssertSqlSafe(format!("explain query plan {sql}"));
    let query = sqlx::query_as::<_, (i64, i64, i64, String)>(sql).persistent(false);
    let rows = query.fetch_all(&mut *connection).await.unwrap();
    rows.into_iter().map(|row| row.3).collect::<Vec<_>>().join("\n")
}

/// What has nothing else in it than what is asked for: of these all may be read.
const SMALL: [&str; 6] = [
    "CONSTANT ROW",
    " INDEX waiting_rollouts",
    " INDEX at_most_one_running",
    " INDEX held_deploys",
    "holds USING COVERING INDEX sqlite_autoindex_holds_1",
    "audit_unsealed",
];

/// Whether the plan reads a whole table or index, or sorts what it read.
fn is_slow(plan: &str) -> bool {
    let fast_scan = |line: &str| SMALL.iter().any(|small| line.ends_with(small));
    plan.lines().any(|line| line.starts_with("SCAN ") && !fast_scan(line) || line.contains("TEMP B-TREE"))
}

async fn filled(db: &Database) -> Store {
    let store = db.open().await;
    for name in ["prod", "other", "third"] {
        let of = another(&store, name).await;
        insert(&store, &super::long_history::long_history(&of, 300, 5)).await;
    }
    store
}

async fn what_is_asked_often_is_answered_through_an_index(db: &Database) {
    let store = filled(db).await;
    for analyzed in [false, true] {
        if analyzed {
            store.execute("analyze").await.unwrap();
        }
        for (what, sql) in OFTEN {
            let plan = explain(&store, sql).await;
            assert!(!plan.is_empty() && !is_slow(&plan), "{what}, analyzed {analyzed}:\n{plan}");
        }
    }
}

/// One statement serves every filter, so its plan does too: down the numbers of one Deployment, from where the page begins.
async fn a_page_begins_where_the_one_before_ended(db: &Database) {
    let store = filled(db).await;
    let plan = explain(&store, history::PAGE).await;
    assert!(
        plan.contains("SEARCH s USING INDEX sqlite_autoindex_deploy_states_1 (deployment_id=? AND number<?)"),
        "{plan}"
    );
    assert!(plan.contains("SEARCH d USING PRIMARY KEY (deployment_id=? AND number=?)"), "{plan}");
}

/// However long the history is: not by looking through all of it for the three that count.
async fn what_runs_is_found_by_its_own_indexes(db: &Database) {
    let store = filled(db).await;
    let plan = explain(&store, present::ACTIVE).await;
    assert!(
        plan.contains("SEARCH s USING INDEX sqlite_autoindex_deploy_states_1 (deployment_id=? AND number=?)"),
        "{plan}"
    );
    assert_eq!(plan.matches("INDEX deploys_by_status (deployment_id=? AND status=?)").count(), 2, "{plan}");
    assert!(plan.contains("INDEX at_most_one_live (deployment_id=?)"), "{plan}");
    let plan = explain(&store, present::NUMBERS).await;
    assert!(plan.contains("INDEX deploys_that_ended_live (deployment_id=? AND live_until>?)"), "{plan}");
    assert!(plan.contains("INDEX deploys_by_status (deployment_id=? AND status=?)"), "{plan}");
}

/// The plans of slow statements are told from those above.
async fn a_slow_plan_is_seen(db: &Database) {
    let store = filled(db).await;
    for slow in [
        "select * from deploys where description = 'x'",
        "select * from deploy_states order by search_text",
        "select * from deploys d join deploy_states s on s.number = d.number",
        "select * from deploy_states where deployment_id = 'x' and number < 7 order by created_at",
    ] {
        assert!(is_slow(&explain(&store, slow).await), "{slow}");
    }
    store.execute("drop index waiting_rollouts").await.unwrap();
    assert!(is_slow(&explain(&store, rollouts::QUEUED).await), "without its index it is slow");
}
