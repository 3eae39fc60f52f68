//! A log of a thousand entries, damaged as somebody with a database client would: past triggers and references.

use std::collections::BTreeSet;

use backstep_domain::*;

use super::{
    audit::{entry, write},
    database::Database,
};
use crate::{
    audit::{Checkpoint, CheckpointKey, Report, Trusted, verify},
    store::{Snapshot, Store, pool::Pool},
};

on_each_database!(
    every_entry_that_is_edited_is_found,
    every_entry_that_is_deleted_is_found,
    every_entry_that_is_deleted_with_its_seal_is_found,
    every_entry_that_is_exchanged_with_its_neighbour_is_found,
    every_cut_of_the_tail_is_found_with_the_last_checkpoint,
    a_tail_that_was_written_anew_is_found_with_the_last_checkpoint,
    a_log_that_was_written_anew_as_a_whole_is_found_with_a_checkpoint_alone,
    an_entry_that_was_put_there_beside_the_server_is_found,
    columns_that_filters_use_say_what_the_entry_says,
    a_checkpoint_counts_with_the_right_key_only,
    a_history_that_is_not_what_it_must_be_is_found,
    what_has_no_audit_log_is_not_called_sound
);

const ENTRIES: u64 = 1000;

fn key() -> CheckpointKey {
    CheckpointKey::from_seed(&[7; 32])
}

/// A thousand entries, sealed, with a copy beside them, and nothing that protects them any more.
async fn unprotected(db: &Database) -> (Store, Checkpoint) {
    let store = db.open().await;
    write(&store, ENTRIES).await;
    assert_eq!(store.seal().await.unwrap(), 1000);
    let checkpoint = key().sign(&store.sealed_up_to().await.unwrap().unwrap(), Millis(0));
    for table in ["audit", "audit_seals", "audit_checkpoints"] {
        store.drop_triggers(table).await;
    }
    store
        .execute(match store.pool {
            Pool::Sqlite { .. } => "pragma foreign_keys = off",
            Pool::Postgres(_) => "alter table audit_seals drop constraint audit_seals_audit_id_fkey",
        })
        .await
        .unwrap();
    store.execute("create table was as select * from audit").await.unwrap();
    store.execute("create table seals_were as select * from audit_seals").await.unwrap();
    (store, checkpoint)
}

/// As `verify` is run: on its own, read only, with the key of the data folder, a minute after the last entry.
async fn report(db: &Database, given: &[Checkpoint]) -> Report {
    report_trusting(db, given, &[key().public_key()]).await
}

async fn report_trusting(db: &Database, given: &[Checkpoint], keys: &[String]) -> Report {
    let mut snapshot = Snapshot::open(&db.url).await.unwrap();
    let now = entry(ENTRIES).at.plus(MINUTE);
    verify(&mut snapshot, given, &Trusted { keys: keys.to_vec() }, now).await.unwrap()
}

fn kinds(report: &Report) -> BTreeSet<FlawKind> {
    report.flaws.iter().map(|flaw| flaw.kind).collect()
}

/// The places that are reported. Entry n is at place n here.
fn places(report: &Report) -> Vec<u64> {
    report.flaws.iter().map(|flaw| flaw.seq.unwrap()).collect()
}

fn numbers(rule: impl Fn(&u64) -> bool) -> Vec<u64> {
    (1..=ENTRIES).filter(rule).collect()
}

async fn every_entry_that_is_edited_is_found(db: &Database) {
    let (store, checkpoint) = unprotected(db).await;
    assert_eq!(report(db, std::slice::from_ref(&checkpoint)).await.flaws, []);
    for odd in [0, 1] {
        let edit = |from: &str, to: &str| {
            format!(
                "update audit set body = replace(body, '{from}', '{to}'), search_text = replace(search_text, '{from}', '{to}') \
                 where id % 2 = {odd}"
            )
        };
        assert_eq!(store.execute(&edit("happened", "occurred")).await.unwrap(), 500);
        let report = report(db, &[]).await;
        assert_eq!(places(&report), numbers(|n| n % 2 == odd));
        assert_eq!(kinds(&report), BTreeSet::from([FlawKind::EntryChanged]));
        store.execute(&edit("occurred", "happened")).await.unwrap();
    }
    assert!(report(db, &[checkpoint]).await.ok);
}

async fn restore(store: &Store) {
    store.execute("delete from audit").await.unwrap();
    store.execute("delete from audit_seals").await.unwrap();
    let overriding = match store.pool {
        Pool::Sqlite { .. } => "",
        Pool::Postgres(_) => "overriding system value",
    };
    store.execute(&format!("insert into audit {overriding} select * from was")).await.unwrap();
    store.execute("insert into audit_seals select * from seals_were").await.unwrap();
}

async fn every_entry_that_is_deleted_is_found(db: &Database) {
    let (store, _) = unprotected(db).await;
    for odd in [0, 1] {
        assert_eq!(store.execute(&format!("delete from audit where id % 2 = {odd}")).await.unwrap(), 500);
        let found = report(db, &[]).await;
        assert_eq!(places(&found), numbers(|n| n % 2 == odd));
        assert_eq!(kinds(&found), BTreeSet::from([FlawKind::EntryDeleted]));
        restore(&store).await;
    }
    assert!(report(db, &[]).await.ok);
}

async fn every_entry_that_is_deleted_with_its_seal_is_found(db: &Database) {
    let (store, checkpoint) = unprotected(db).await;
    for odd in [0, 1] {
        store.execute(&format!("delete from audit where id % 2 = {odd}")).await.unwrap();
        store.execute(&format!("delete from audit_seals where seq % 2 = {odd}")).await.unwrap();
        let found = report(db, std::slice::from_ref(&checkpoint)).await;
        // The last one is no gap; that it is gone, the checkpoint tells.
        assert_eq!(places(&found), numbers(|n| n % 2 == odd));
        let last = if odd == 0 { FlawKind::LogTruncated } else { FlawKind::SealMissing };
        assert_eq!(kinds(&found), BTreeSet::from([FlawKind::SealMissing, last]));
        restore(&store).await;
    }
    assert!(report(db, &[checkpoint]).await.ok);
}

async fn every_entry_that_is_exchanged_with_its_neighbour_is_found(db: &Database) {
    let (store, checkpoint) = unprotected(db).await;
    // Each with the one after it, and each with the one before it.
    for odd in [0, 1] {
        let columns = "at, action, actor_id, workspace_id, deployment_id, search_text, body";
        let other = format!("audit.id + case when audit.id % 2 = {odd} then 1 else -1 end");
        let exchange = format!(
            "update audit set ({columns}) = (select {columns} from was where was.id = {other}) where {other} between 1 and {ENTRIES}"
        );
        store.execute(&exchange).await.unwrap();
        let found = report(db, &[]).await;
        let expected = if odd == 1 { numbers(|_| true) } else { numbers(|n| *n > 1 && *n < ENTRIES) };
        assert_eq!(places(&found), expected);
        restore(&store).await;
    }
    // Two alone are called what they are, whether their texts, their ids or their seals changed places.
    let exchanges = [
        "update audit set body = (select body from was where was.id = 41 - audit.id), search_text = (select search_text from \
         was where was.id = 41 - audit.id), at = (select at from was where was.id = 41 - audit.id), action = (select action \
         from was where was.id = 41 - audit.id), actor_id = (select actor_id from was where was.id = 41 - audit.id), \
         workspace_id = (select workspace_id from was where was.id = 41 - audit.id), deployment_id = (select deployment_id \
         from was where was.id = 41 - audit.id) where id in (20, 21)",
        "update audit_seals set audit_id = -audit_id where seq in (20, 21); update audit_seals set audit_id = 41 + audit_id \
         where seq in (20, 21)",
    ];
    for exchange in exchanges {
        store.execute(exchange).await.unwrap();
        let found = report(db, std::slice::from_ref(&checkpoint)).await;
        assert_eq!((places(&found), kinds(&found)), (vec![20, 21], BTreeSet::from([FlawKind::EntryMoved])));
        restore(&store).await;
    }
    assert!(report(db, &[checkpoint]).await.ok);
}

async fn every_cut_of_the_tail_is_found_with_the_last_checkpoint(db: &Database) {
    let (store, checkpoint) = unprotected(db).await;
    // Shorter and shorter; every single length is walked in the domain's tests.
    for length in [999, 998, 990, 750, 501, 500, 499, 2, 1, 0] {
        store.execute(&format!("delete from audit where id > {length}")).await.unwrap();
        store.execute(&format!("delete from audit_seals where seq > {length}")).await.unwrap();
        assert!(report(db, &[]).await.ok, "the chain alone does not tell");
        let found = report(db, std::slice::from_ref(&checkpoint)).await;
        assert_eq!((places(&found), kinds(&found)), (vec![ENTRIES], BTreeSet::from([FlawKind::LogTruncated])));
        assert!(found.flaws[0].message.contains(&format!("ends at place {length},")), "{}", found.flaws[0].message);
    }
    // One that the server kept tells it too, unless it was removed with the rest.
    restore(&store).await;
    store.keep_checkpoint(&checkpoint).await.unwrap();
    store.execute("delete from audit where id > 900").await.unwrap();
    store.execute("delete from audit_seals where seq > 900").await.unwrap();
    assert_eq!(kinds(&report(db, &[]).await), BTreeSet::from([FlawKind::LogTruncated]));
}

async fn a_tail_that_was_written_anew_is_found_with_the_last_checkpoint(db: &Database) {
    let (store, checkpoint) = unprotected(db).await;
    store.execute("delete from audit where id > 990").await.unwrap();
    store.execute("delete from audit_seals where seq > 990").await.unwrap();
    // The server goes on, past the place that was signed.
    let waits = match store.pool {
        Pool::Sqlite { .. } => {
            "create trigger again after insert on audit begin insert into audit_unsealed values (new.id); end"
        }
        Pool::Postgres(_) => {
            "create trigger again after insert on audit for each row execute function audit_waits_for_its_seal()"
        }
    };
    store.execute(waits).await.unwrap();
    for n in 1..=20 {
        store.audit(&entry(n)).await.unwrap();
    }
    assert_eq!(store.seal().await.unwrap(), 20);
    assert!(report(db, &[]).await.ok, "the chain alone does not tell");
    let found = report(db, &[checkpoint]).await;
    assert_eq!((places(&found), kinds(&found)), (vec![ENTRIES], BTreeSet::from([FlawKind::CheckpointDiffers])));
}

/// Seals the log again from its start, as somebody can who knows how it is done.
async fn seal_again(store: &Store) {
    let bodies = store.texts("select body from audit order by id").await;
    let mut hash = ChainHash::START;
    let mut sql = String::new();
    for (seq, body) in (1..).zip(&bodies) {
        hash = ChainHash::seal(&hash, seq, seq, body);
        sql += &format!("update audit_seals set hash = '{hash}' where seq = {seq};");
    }
    store.execute(&sql).await.unwrap();
}

async fn a_log_that_was_written_anew_as_a_whole_is_found_with_a_checkpoint_alone(db: &Database) {
    let (store, checkpoint) = unprotected(db).await;
    store.execute("update audit set body = replace(body, 'happened', 'occurred') where id = 500").await.unwrap();
    store
        .execute("update audit set search_text = replace(search_text, 'happened', 'occurred') where id = 500")
        .await
        .unwrap();
    assert!(!report(db, &[]).await.ok);
    seal_again(&store).await;
    assert!(report(db, &[]).await.ok, "every hash fits: the chain alone does not tell");
    let found = report(db, std::slice::from_ref(&checkpoint)).await;
    assert_eq!((places(&found), kinds(&found)), (vec![ENTRIES], BTreeSet::from([FlawKind::CheckpointDiffers])));

    // A checkpoint of before the edit does not tell: what it vouches for is as it was.
    let early = store.texts("select hash from seals_were where seq = 499").await.remove(0);
    let early = key().sign(&SealedUpTo { seq: 499, hash: early.parse().unwrap(), at: None }, Millis(0));
    assert!(report(db, &[early]).await.ok);

    // Signing the new log with another key does not help.
    let head = store.sealed_up_to().await.unwrap().unwrap();
    let forged = CheckpointKey::from_seed(&[8; 32]).sign(&head, Millis(0));
    assert_eq!(kinds(&report(db, &[forged]).await), BTreeSet::from([FlawKind::OtherKey]));
}

async fn an_entry_that_was_put_there_beside_the_server_is_found(db: &Database) {
    let (store, _) = unprotected(db).await;
    // The triggers are gone, so nothing waits for a seal.
    store.audit(&entry(1)).await.unwrap();
    assert_eq!(store.seal().await.unwrap(), 0);
    let found = report(db, &[]).await;
    assert_eq!(
        found.flaws.iter().map(|f| (f.kind, f.entry)).collect::<Vec<_>>(),
        [(FlawKind::EntryUnsealed, Some(ENTRIES + 1))]
    );
    // One of this moment may still be sealed.
    let young = AuditEntry { at: entry(ENTRIES).at.plus(MINUTE - 1), ..entry(1) };
    store.audit(&young).await.unwrap();
    let found = report(db, &[]).await;
    assert_eq!((found.flaws.len(), found.waiting_entries), (1, 1));
}

async fn columns_that_filters_use_say_what_the_entry_says(db: &Database) {
    let (store, _) = unprotected(db).await;
    let changes = [
        ("at", "at = at + 1"),
        ("action", "action = 'session.started'"),
        ("actor_id", "actor_id = 'somebody else'"),
        ("workspace_id", "workspace_id = null"),
        ("deployment_id", "deployment_id = 'another'"),
        ("search_text", "search_text = ''"),
    ];
    for (column, change) in changes {
        store.execute(&format!("update audit set {change} where id = 8")).await.unwrap();
        let found = report(db, &[]).await;
        assert_eq!((places(&found), kinds(&found)), (vec![8], BTreeSet::from([FlawKind::ColumnDiffers])));
        assert!(found.flaws[0].message.contains(&format!("column {column} ")), "{}", found.flaws[0].message);
        restore(&store).await;
    }
}

async fn a_checkpoint_counts_with_the_right_key_only(db: &Database) {
    let (store, checkpoint) = unprotected(db).await;
    let given = std::slice::from_ref(&checkpoint);
    assert!(report(db, given).await.ok);
    assert!(report_trusting(db, given, &[]).await.ok, "without a key its own counts");
    let other = CheckpointKey::from_seed(&[8; 32]);
    let found = report_trusting(db, given, &[other.public_key()]).await;
    assert_eq!(kinds(&found), BTreeSet::from([FlawKind::OtherKey]));
    assert!(report_trusting(db, given, &[other.public_key(), key().public_key()]).await.ok);

    let changed = Checkpoint { seq: 999, ..checkpoint.clone() };
    assert_eq!(kinds(&report(db, &[changed]).await), BTreeSet::from([FlawKind::BadSignature]));
    // One that the server kept is checked as well.
    store.keep_checkpoint(&checkpoint).await.unwrap();
    store.execute("update audit_checkpoints set seq = 999").await.unwrap();
    let found = report(db, &[]).await;
    assert_eq!((found.checkpoints, kinds(&found)), (1, BTreeSet::from([FlawKind::BadSignature])));
}

async fn a_history_that_is_not_what_it_must_be_is_found(db: &Database) {
    let store = db.open().await;
    let workspace = Workspace { id: WorkspaceId::new("w"), name: "data".to_owned(), created_at: Millis(0) };
    store.create_workspace(&workspace, None, None, None).await.unwrap();
    let deployment = testing_deployment(&workspace);
    store.create_deployment(&deployment, None, None).await.unwrap();
    let mut tx = store.lock_deployment(&deployment.id).await.unwrap();
    for number in 1..=3 {
        tx.insert_deploy(&live_once(&deployment, number)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let sound = report(db, &[]).await;
    assert_eq!((sound.deploys, sound.flaws), (3, vec![]));

    for table in ["deploys", "deploy_events"] {
        store.drop_triggers(table).await;
    }
    for index in ["at_most_one_live", "at_most_one_running"] {
        store.execute(&format!("drop index {index}")).await.unwrap();
    }
    let damages = [
        ("update deploy_states set live_until = null", FlawKind::NotAlone),
        ("update deploy_states set status = 'running' where number < 3", FlawKind::NotAlone),
        ("update deploy_states set status = 'failed' where number = 2", FlawKind::EventsDiffer),
        ("delete from deploy_events where deploy_id = 'd-2'", FlawKind::EventsDiffer),
        ("delete from deploy_states where number = 3", FlawKind::EventsDiffer),
        ("delete from deploys where number = 2", FlawKind::NumbersHaveGaps),
    ];
    if let Pool::Sqlite { .. } = store.pool {
        store.execute("pragma foreign_keys = off").await.unwrap();
    } else {
        store
            .execute("alter table deploy_states drop constraint deploy_states_deployment_id_number_fkey")
            .await
            .unwrap();
        store.execute("alter table deploy_events drop constraint deploy_events_deploy_id_fkey").await.unwrap();
    }
    for (damage, kind) in damages {
        assert!(store.execute(damage).await.unwrap() > 0, "{damage}");
        let found = report(db, &[]).await;
        assert!(kinds(&found).contains(&kind), "{damage}: {:?}", found.flaws);
        assert!(found.flaws.iter().all(|flaw| flaw.message.contains("prod")), "{:?}", found.flaws);
    }
}

fn testing_deployment(workspace: &Workspace) -> Deployment {
    Deployment {
        id: DeploymentId::new("p"),
        workspace: workspace.id.clone(),
        name: "prod".to_owned(),
        description: String::new(),
        mechanism: Mechanism::DagDeploy,
        runtime: None,
        airflow: None,
        dags_target: None,
        image_target: None,
        rollback_enabled: true,
        created_at: Millis(0),
        created_by: entry(0).actor,
    }
}

fn live_once(of: &Deployment, n: u32) -> Deploy {
    let number = DeployNumber::new(n).unwrap();
    let at = Some(Millis(i64::from(n)));
    Deploy {
        id: DeployId::new(format!("d-{n}")),
        deployment: of.id.clone(),
        number,
        kind: DeployKind::Image,
        cause: Cause::Deploy,
        revision: Revision {
            mechanism: Mechanism::Image,
            mechanism_origin: DeployNumber::FIRST,
            image: ImagePart { image: None, runtime: None, airflow: None, heads: None, origin: number },
            dags: None,
        },
        git: None,
        created_at: Millis(0),
        created_by: entry(0).actor,
        description: "a reason with \"status\":\"running\" in it".to_owned(),
        status: DeployStatus::Succeeded,
        status_reason: None,
        started_at: at,
        ended_at: at,
        live_from: at,
        live_until: at,
        rejected: false,
        kept: Vec::new(),
        artifact_missing: false,
    }
}

async fn what_has_no_audit_log_is_not_called_sound(db: &Database) {
    let store = db.open().await;
    assert!(Snapshot::open(&db.url).await.is_ok(), "beside a server that runs");
    let known = store.integer("select max(version) from schema_version").await;
    store.execute(&format!("insert into schema_version values ({})", known + 1)).await.unwrap();
    let newer = Snapshot::open(&db.url).await.err().map(|e| e.to_string()).unwrap();
    assert!(newer.contains("newer Backstep"), "{newer}");
    store.execute("delete from schema_version where version > 3").await.unwrap();
    let older = Snapshot::open(&db.url).await.err().map(|e| e.to_string()).unwrap();
    assert!(older.contains("no audit log"), "{older}");
    store.execute("drop table schema_version").await.unwrap();
    let none = Snapshot::open(&db.url).await.err().map(|e| e.to_string()).unwrap();
    assert!(none.contains("no audit log"), "{none}");
}
