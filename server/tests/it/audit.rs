//! The audit log from outside: what a server did is in it, it can be taken out, and `backstep verify` checks it.

use std::process::{Command, Output};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::{Place, Server, TOKEN};

fn verify(place: &Place, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backstep"));
    command.args(["verify", "--json", "--data"]).arg(place.path("data")).args(more);
    command.env_remove("BACKSTEP_DATABASE").output().unwrap()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// As `sqlite3` would, beside the server.
async fn with_a_client(place: &Place, sql: &str) {
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(place.path("data/backstep.db")).foreign_keys(false);
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}

async fn actions(server: &Server) -> Vec<String> {
    let page = server.get("/api/v1/audit?limit=200").await;
    let entries = page["entries"].as_array().unwrap();
    entries.iter().rev().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_rollout_leaves_its_steps_in_the_log() {
    let place = Place::new();
    let server = Server::start(&place);
    let id = server.deployment().await;
    server.deploy(&id, 1).await;
    assert_eq!(server.settled(&id, 1).await["status"], "DEPLOYED");
    let all = actions(&server).await;
    assert_eq!(all[..3], ["workspace.created", "deployment.created", "deploy.recorded"], "{all:?}");
    let steps = ["rollout.step_started", "rollout.step_ended"];
    assert!(all[3..all.len() - 1].chunks(2).all(|pair| pair == steps), "{all:?}");
    assert_eq!(all.last().unwrap(), "rollout.ended");

    let page = server.get(&format!("/api/v1/audit?deployment={id}&action=rollout.ended")).await;
    let ended = &page["entries"][0];
    assert_eq!((&ended["deploy"], &ended["detail"]), (&json!(1), &json!("succeeded")));
    assert_eq!(
        ended["actor"]["id"],
        server.get("/api/v1/audit?action=deploy.recorded").await["entries"][0]["actor"]["id"]
    );
    assert_eq!(ended["address"], "", "the server did it by itself");
}

#[tokio::test]
async fn pages_and_exports_are_the_same_log() {
    let place = Place::new();
    let server = Server::start(&place);
    for name in ["one", "two", "=HYPERLINK(0)", "+1", "-1", "@SUM(A1)", "seven", "eight", "nine"] {
        server.post("/api/v1/workspaces", json!({ "name": name })).await;
    }
    let (mut paged, mut path) = (Vec::new(), "/api/v1/audit?limit=3".to_owned());
    loop {
        let page = server.get(&path).await;
        paged.extend(page["entries"].as_array().unwrap().clone());
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("/api/v1/audit?limit=3&cursor={cursor}");
    }
    assert_eq!(paged.len(), 9);

    let answer = server.send(Method::GET, "/api/v1/audit/export?format=jsonl", None).await;
    assert_eq!(answer.headers()["content-type"], "application/jsonl");
    let text = answer.text().await.unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.remove(0)["action"], "audit.exported");
    // What was not sealed a moment ago may be by now.
    let without_seal = |entries: &[Value]| -> Vec<Value> {
        let mut entries = entries.to_vec();
        entries.iter_mut().for_each(|entry| {
            entry.as_object_mut().unwrap().remove("seal");
        });
        entries
    };
    assert_eq!(without_seal(&lines), without_seal(&paged));

    let answer = server.send(Method::GET, "/api/v1/audit/export?format=csv&action=workspace.created", None).await;
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("audit.csv"));
    let csv = answer.text().await.unwrap();
    assert_eq!(csv.lines().count(), 10, "{csv}");
    assert!(csv.contains(",'=HYPERLINK(0),") && csv.contains(",'+1,"), "{csv}");
    let cells = csv.split([',', '\n', '\r']).map(|cell| cell.trim_start_matches('"'));
    let formulas: Vec<_> = cells.filter(|cell| cell.starts_with(['=', '+', '-', '@'])).collect();
    assert_eq!(formulas, [] as [&str; 0]);

    for wrong in
        ["audit/export", "audit/export?format=xml", "audit?action=x", "audit?limit=0", "audit?cursor=x", "audit?x=y"]
    {
        let answer = server.send(Method::GET, &format!("/api/v1/{wrong}"), None).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
}

/// As the migration makes them: somebody who hides something puts them back.
const NEVER_CHANGES: &str = "create trigger audit_never_changes before update on audit begin select raise(abort, 'an audit \
                             entry never changes'); end;";
const NEVER_REMOVED: &str = "create trigger audit_is_never_removed before delete on audit begin select raise(abort, 'an audit entry is never \
     removed'); end; create trigger audit_seals_are_never_removed before delete on audit_seals begin select raise(abort, 'a \
     seal is never removed'); end; create trigger audit_checkpoints_are_never_removed before delete on audit_checkpoints \
     begin select raise(abort, 'a checkpoint is never removed'); end;";

#[tokio::test]
async fn verify_runs_beside_the_server_and_finds_what_was_changed() {
    let place = Place::new();
    let server = Server::start(&place);
    let id = server.deployment().await;
    server.deploy(&id, 1).await;
    server.settled(&id, 1).await;
    let checkpoint = server.get("/api/v1/audit/checkpoint").await;
    let file = place.path("checkpoint.json");
    std::fs::write(&file, checkpoint.to_string()).unwrap();
    let file = file.to_str().unwrap();

    let sound = verify(&place, &["--checkpoint", file]);
    let found = report(&sound);
    assert!(sound.status.success(), "{found}");
    assert_eq!((&found["flaws"], &found["sealedEntries"]), (&json!([]), &checkpoint["seq"]));
    assert!(found["deploys"] == 1 && found["checkpoints"].as_u64() >= Some(2), "{found}");

    // The server knows nothing of it and goes on.
    with_a_client(
        &place,
        "drop trigger audit_never_changes; update audit set body = replace(body, 'analytics', 'somethings') where id = 2",
    )
    .await;
    let edited = verify(&place, &[]);
    assert_eq!(edited.status.code(), Some(1));
    let found = report(&edited);
    let kinds: Vec<_> = found["flaws"].as_array().unwrap().iter().map(|f| f["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"entry_changed"), "{found}");
    assert_eq!(found["flaws"][0]["seq"], 2);
    assert!(kinds.contains(&"schema_differs"), "the trigger is missed too: {found}");
    with_a_client(
        &place,
        &format!("update audit set body = replace(body, 'somethings', 'analytics') where id = 2; {NEVER_CHANGES}"),
    )
    .await;
    assert!(verify(&place, &["--checkpoint", file]).status.success());
    drop(server);

    // With the tail gone, only the checkpoint that was kept elsewhere tells.
    with_a_client(
        &place,
        &format!(
            "drop trigger audit_is_never_removed; drop trigger audit_seals_are_never_removed; \
             drop trigger audit_checkpoints_are_never_removed; delete from audit_checkpoints; delete from audit_seals where \
             seq > 2; delete from audit where id > 2; delete from audit_unsealed; {NEVER_REMOVED}"
        ),
    )
    .await;
    assert!(verify(&place, &[]).status.success());
    let cut = verify(&place, &["--checkpoint", file]);
    assert_eq!(report(&cut)["flaws"][0]["kind"], "log_truncated");

    let other_key = verify(
        &place,
        &["--checkpoint", file, "--public-key", &"A".repeat(43).chars().chain(['=']).collect::<String>()],
    );
    assert_eq!(report(&other_key)["flaws"][0]["kind"], "other_key");
}

#[tokio::test]
async fn the_command_line_takes_out_the_log_and_a_checkpoint() {
    let place = Place::new();
    let mut server = Server::start(&place);
    server.deployment().await;
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstep"));
        command.args(arguments).env("BACKSTEP_URL", &server.url).env("BACKSTEP_TOKEN", TOKEN).output().unwrap()
    };
    let export = run(&["audit", "export", "--format", "csv", "--action", "workspace.created"]);
    let text = String::from_utf8(export.stdout).unwrap();
    assert!(export.status.success() && text.starts_with("id,seal,at,action,"), "{text}");
    assert_eq!(text.lines().count(), 2);
    let checkpoint = run(&["audit", "checkpoint"]);
    let checkpoint: Value = serde_json::from_slice(&checkpoint.stdout).unwrap();
    assert!(checkpoint["seq"].as_u64() >= Some(3), "with the export itself: {checkpoint}");

    // A clean stop seals and signs the rest.
    server.post("/api/v1/workspaces", json!({ "name": "the last one" })).await;
    server.stop();
    assert!(server.wait_for_end());
    let found = report(&verify(&place, &[]));
    assert_eq!((&found["ok"], &found["waitingEntries"]), (&json!(true), &json!(0)), "{found}");
    let signed = found["sealedEntries"].as_u64().unwrap();
    assert_eq!(signed, checkpoint["seq"].as_u64().unwrap() + 1);
}
