//! Each invariant that `backstep verify` looks at, broken past the schema, is found under its name.

use backstep_domain::*;

use super::{audit::entry, database::Database, given::*};
use crate::store::{Snapshot, Store, pool::Pool};

on_each_database!(
    what_the_server_wrote_is_sound,
    what_the_migrations_made_is_all_there,
    statuses_follow_each_other,
    the_last_that_succeeded_is_live,
    rollouts_fit_their_deploys,
    rows_states_and_audit_log_say_the_same,
    a_key_stands_for_one_thing,
    the_outbox_tells_of_what_is_there_and_once
);

/// Deploys 1 to 3 rolled out, 4 queued.
async fn given(db: &Database) -> (Store, Deployment) {
    let store = db.open().await;
    let prod = prod(&store).await;
    for n in 1..=3 {
        roll_out(&store, &prod, n).await;
    }
    queue(&store, &prod, 4).await;
    (store, prod)
}

async fn flaws(db: &Database) -> Vec<Flaw> {
    let mut snapshot = Snapshot::open(&db.url).await.unwrap();
    let mut flaws = snapshot.schema().await.unwrap();
    flaws.extend(snapshot.invariants().await.unwrap());
    flaws
}

/// One flaw of this kind, with these words.
async fn assert_found(db: &Database, kind: FlawKind, words: &str) {
    let flaws = flaws(db).await;
    assert!(flaws.iter().any(|flaw| flaw.kind == kind && flaw.message.contains(words)), "{kind} {words}: {flaws:#?}");
}

/// What protects a table, and what refers to it, is gone: the flaws of that are left out.
async fn unprotected(store: &Store, table: &str) {
    store.drop_triggers(table).await;
    if let Pool::Sqlite { .. } = store.pool {
        store.execute("pragma foreign_keys = off").await.unwrap();
    }
}

async fn breaks(store: &Store, sql: &str) {
    store.execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn what_the_server_wrote_is_sound(db: &Database) {
    let (store, prod) = given(db).await;
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    tx.set_status(&DeployId::new("prod-4"), DeployStatus::Held, Some("a hold"), START).await.unwrap();
    tx.set_status(&DeployId::new("prod-4"), DeployStatus::Queued, None, START).await.unwrap();
    tx.describe(&DeployId::new("prod-2"), "Another why", &author("Ada"), START).await.unwrap();
    tx.commit().await.unwrap();
    let running = claim(&store, "one").await;
    store.rebase(&running, &revision(1), START).await.unwrap();
    store.plan_steps(&running, &[StepKind::SwitchDags]).await.unwrap();
    store.set_export(Some(("https://e.example", "x"))).await.unwrap();
    let recorded = AuditEntry {
        action: AuditAction::DeployRecorded,
        actor: author("Ada"),
        deployment: Some(prod.id.clone()),
        deploy: Some(number(1)),
        ..entry(1)
    };
    store.audit(&recorded).await.unwrap();
    store.seal().await.unwrap();
    let failed = crate::store::RolloutEnd::Failed { reason: "a reason with \"status\":\"queued\" in it".to_owned() };
    store.finish_rollout(&running, failed, START).await.unwrap();
    assert_eq!(flaws(db).await, []);
}

async fn what_the_migrations_made_is_all_there(db: &Database) {
    let store = db.open().await;
    assert_eq!(flaws(db).await, []);
    let breaking: &[(&str, &str)] = match store.pool {
        Pool::Sqlite { .. } => &[
            ("drop trigger deploys_never_change", "trigger deploys_never_change of deploys is missing"),
            (
                "create trigger deploys_never_change before update on deploys begin select 1; end",
                "trigger deploys_never_change of deploys is not as",
            ),
            (
                "create trigger sneaks after insert on deploys begin select 1; end",
                "trigger sneaks of deploys was made by no migration",
            ),
        ],
        Pool::Postgres(_) => &[
            (
                "alter table deploys disable trigger deploys_append_only",
                "deploys_append_only of deploys is switched off",
            ),
            ("drop trigger deploys_append_only on deploys", "trigger deploys_append_only of deploys is missing"),
            (
                "create or replace function append_only() returns trigger language plpgsql as $$ begin return new; end $$",
                "function append_only is not as",
            ),
            (
                "create trigger sneaks after insert on deploys for each row execute function append_only()",
                "trigger sneaks of deploys was made by no migration",
            ),
        ],
    };
    let both = [
        ("drop index at_most_one_running", "index at_most_one_running of deploy_states is missing"),
        (
            "create index at_most_one_running on deploy_states (deployment_id)",
            "index at_most_one_running of deploy_states is not as",
        ),
        ("drop table forms", "table forms"),
        ("delete from schema_version where version = 2", "none is left out"),
    ];
    for (damage, words) in breaking.iter().chain(&both) {
        breaks(&store, damage).await;
        assert_found(db, FlawKind::SchemaDiffers, words).await;
    }
}

async fn statuses_follow_each_other(db: &Database) {
    let (store, _) = given(db).await;
    unprotected(&store, "deploy_events").await;
    breaks(&store, "update deploy_events set body = replace(body, 'running', 'held') where deploy_id = 'prod-2'").await;
    assert_found(db, FlawKind::StatusesOutOfOrder, "#2 of prod went from held to succeeded").await;
    let found = flaws(db).await.into_iter().find(|flaw| flaw.kind == FlawKind::StatusesOutOfOrder).unwrap();
    assert_eq!((found.deployment.as_deref(), found.deploy), (Some("prod"), Some(2)));
    breaks(&store, "update deploy_events set body = 'nothing' where deploy_id = 'prod-1'").await;
    assert_found(db, FlawKind::StatusesOutOfOrder, "#1 of prod has an event that says no status").await;
}

async fn the_last_that_succeeded_is_live(db: &Database) {
    let (store, _) = given(db).await;
    breaks(&store, "update deploy_states set live_until = live_from where number = 3").await;
    assert_found(db, FlawKind::LiveDiffers, "#3 of prod succeeded last, but none is said to be live").await;
    breaks(&store, "update deploy_states set live_until = null where number = 1").await;
    assert_found(db, FlawKind::LiveDiffers, "#3 of prod succeeded last, but #1 is said to be live").await;
    breaks(&store, "update deploy_states set live_from = null where number = 2").await;
    assert_found(db, FlawKind::LiveDiffers, "#2 of prod is succeeded, which its times").await;
}

async fn rollouts_fit_their_deploys(db: &Database) {
    let (store, _) = given(db).await;
    breaks(&store, "update rollouts set done = 0 where number = 1").await;
    assert_found(db, FlawKind::RolloutDiffers, "#1 of prod is succeeded, but has a rollout").await;
    breaks(&store, "update deploy_states set status = 'running' where number = 4").await;
    assert_found(db, FlawKind::RolloutDiffers, "#4 of prod is running, but has no rollout").await;
    breaks(
        &store,
        "insert into steps (deploy_id, position, kind, status) values ('prod-2', 0, 'switch_dags', 'pending')",
    )
    .await;
    assert_found(db, FlawKind::RolloutDiffers, "#2 of prod succeeded, but its step switch_dags did not").await;
}

async fn rows_states_and_audit_log_say_the_same(db: &Database) {
    let (store, prod) = given(db).await;
    let recorded = |n: u32, name: &str| AuditEntry {
        action: AuditAction::DeployRecorded,
        actor: author(name),
        deployment: Some(prod.id.clone()),
        deploy: Some(number(n)),
        ..entry(u64::from(n))
    };
    store.audit(&recorded(9, "Ada")).await.unwrap();
    assert_found(db, FlawKind::DeployGone, "#9 of prod is recorded in the audit log").await;
    store.audit(&recorded(3, "Eve")).await.unwrap();
    assert_found(db, FlawKind::DeployDiffers, "#3 of prod is by somebody else").await;
    unprotected(&store, "deploys").await;
    for (n, change) in
        [(1, "description = 'nothing happened'"), (2, "created_at = created_at + 1"), (4, "revision = '{}'")]
    {
        breaks(&store, &format!("update deploys set {change} where number = {n}")).await;
        assert_found(db, FlawKind::DeployDiffers, &format!("#{n} of prod and its state")).await;
    }
}

async fn a_key_stands_for_one_thing(db: &Database) {
    let (store, _) = given(db).await;
    breaks(
        &store,
        match store.pool {
            Pool::Sqlite { .. } => {
                "drop table idempotency; create table idempotency (author text, key text, body_hash text, resource text, at \
                 integer)"
            }
            Pool::Postgres(_) => "alter table idempotency drop constraint idempotency_pkey",
        },
    )
    .await;
    for resource in ["one", "another"] {
        breaks(
            &store,
            &format!(
                "insert into idempotency (author, key, body_hash, resource, at) values ('ada', 'k', '', '{resource}', 0)"
            ),
        )
        .await;
    }
    assert_found(db, FlawKind::KeyTwice, "The idempotency key k of ada stands for 2 things").await;
}

async fn the_outbox_tells_of_what_is_there_and_once(db: &Database) {
    let (store, _) = given(db).await;
    let row = "insert into export_outbox (kind, stream, seq, at, release) ";
    breaks(&store, &format!("{row} values ('line', 'prod-1', 77, 0, 'prod')")).await;
    assert_found(db, FlawKind::OutboxDiffers, "line 77 of prod-1, which is not in the store").await;
    for _ in 0..2 {
        breaks(&store, &format!("{row} select 'status', deploy_id, id, at, 'prod' from deploy_events where id = 1"))
            .await;
    }
    assert_found(db, FlawKind::OutboxDiffers, "status 1 of prod-1 2 times").await;
    breaks(&store, "delete from export_state").await;
    assert_found(db, FlawKind::OutboxDiffers, "no settings or no state").await;
}
