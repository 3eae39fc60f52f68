//! A backup that is made under load, put back elsewhere, is what was there.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::Value;
use sqlx::Connection as _;

use super::support::{Place, Server, dags};

const BEFORE: u32 = 6;

/// `backstep COMMAND` on a place, as an operator runs it.
pub fn run(command: &str, place: &Place, more: &[&str]) -> Output {
    let mut backstep = Command::new(env!("CARGO_BIN_EXE_backstep"));
    backstep.arg(command).args(more).arg("--data").arg(place.path("data"));
    backstep.arg("--config").arg(place.path("backstep.toml"));
    if let Some(database) = place.database() {
        backstep.args(["--database", database]);
    }
    backstep.output().unwrap()
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub fn works(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    said(output)
}

async fn history(server: &Server, id: &str) -> Vec<Value> {
    let page = server.get(&format!("/api/v1/deployments/{id}/deploys?limit=100")).await;
    page["deploys"].as_array().unwrap().iter().rev().cloned().collect()
}

/// One place with its history, and an empty one beside it.
pub async fn each_database(test: impl AsyncFn(Place, Place)) {
    test(Place::new(), Place::new()).await;
    test(Place::new().on_postgres().await, Place::new().on_postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn made_under_load_and_put_back_it_is_what_was_there() {
    each_database(async |place, other| {
        let server = Server::start(&place);
        let id = server.deployment().await;
        for version in 1..=BEFORE {
            let deploy = server.deploy(&id, version).await;
            server.settled(&id, deploy["number"].as_u64().unwrap()).await;
        }
        let acknowledged = history(&server, &id).await;
        let over = Arc::new(AtomicBool::new(false));
        let load = {
            let (server, id, over) = (Server::borrowed(&server), id.clone(), over.clone());
            tokio::spawn(async move {
                let mut version = BEFORE;
                while !over.load(Ordering::Relaxed) {
                    version += 1;
                    let deploy = server.deploy(&id, version).await;
                    server.settled(&id, deploy["number"].as_u64().unwrap()).await;
                }
                version
            })
        };
        let backup = place.path("backup");
        let to = backup.to_str().unwrap().to_owned();
        let made = {
            let place = Arc::new(place);
            let (inside, to) = (place.clone(), to.clone());
            let output = tokio::task::spawn_blocking(move || run("backup", &inside, &["--to", &to])).await.unwrap();
            over.store(true, Ordering::Relaxed);
            assert!(load.await.unwrap() > BEFORE, "nothing was written meanwhile");
            (place, output)
        };
        let (place, output) = made;
        works(&output);
        let list: Value = serde_json::from_slice(&fs::read(backup.join("backup.json")).unwrap()).unwrap();
        assert_eq!(list["missing"], serde_json::json!([]), "every bundle that the history names is in it");
        assert!(list["audit"]["seq"].as_u64().unwrap() > 0 && list["audit"]["hash"].as_str().unwrap().len() == 64);
        assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o700, "as secret as the data folder");
        assert!(said(&run("backup", &place, &["--to", &to])).contains("is there already"), "nothing is written over");

        let text = works(&run("restore", &other, &["--from", &to, "--verify"]));
        assert!(text.contains("Everything is as it was written."), "{text}");
        let again = run("restore", &other, &["--from", &to]);
        assert!(!again.status.success() && said(&again).contains("where nothing is"), "{}", said(&again));

        let restored = Server::start(&other);
        let found = history(&restored, &id).await;
        for before in &acknowledged {
            let after = found.iter().find(|deploy| deploy["number"] == before["number"]).unwrap();
            // The live one may have been superseded before the backup's moment.
            for field in ["id", "status", "description", "createdAt", "imageDigest", "dagTarballVersion"] {
                assert_eq!(after[field], before[field], "{field} of {}", before["number"]);
            }
        }
        // Every DAG bundle is there with all its files: the last of them is rolled out by a rollback from another.
        let newest = restored.deploy(&id, 1000).await;
        restored.settled(&id, newest["number"].as_u64().unwrap()).await;
        assert_eq!(other.files(), dags(1000));
        for version in [1, BEFORE] {
            let path = format!("/api/v1/deployments/{id}/deploys/{version}/rollback");
            let rollback =
                restored.post(&path, serde_json::json!({ "description": "after the restore", "hold": false })).await;
            let rollback = restored.settled(&id, rollback["number"].as_u64().unwrap()).await;
            assert_eq!(rollback["status"], "DEPLOYED", "{rollback}");
            assert_eq!(other.files(), dags(version));
        }
    })
    .await;
}

fn any_blob(folder: &Path) -> std::path::PathBuf {
    let first = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    if first.is_dir() { any_blob(&first) } else { first }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_not_what_it_was_is_not_put_back() {
    let place = Place::new();
    {
        let server = Server::start(&place);
        let id = server.deployment().await;
        let deploy = server.deploy(&id, 1).await;
        server.settled(&id, deploy["number"].as_u64().unwrap()).await;
    }
    let backup = place.path("backup");
    let to = backup.to_str().unwrap();
    works(&run("backup", &place, &["--to", to]));
    let restore = || {
        let other = Place::new();
        let output = run("restore", &other, &["--from", to]);
        assert!(!output.status.success());
        assert!(!other.path("data").exists(), "nothing was put down");
        said(&output)
    };
    let list = backup.join("backup.json");
    let text = fs::read_to_string(&list).unwrap();
    fs::write(&list, text.replacen("\"schema\": ", "\"schema\": 9", 1)).unwrap();
    assert!(restore().contains("Use a newer Backstep"), "{}", restore());
    fs::write(&list, text.replacen("\"path\": \"", "\"path\": \"../", 1)).unwrap();
    assert!(restore().contains("outside of the backup"), "{}", restore());
    fs::write(&list, &text).unwrap();

    let blob = any_blob(&backup.join("objects/blobs"));
    let content = fs::read(&blob).unwrap();
    fs::write(&blob, [&content[..], b"!"].concat()).unwrap();
    assert!(restore().contains("is not what it was when the backup was made"), "{}", restore());
    fs::remove_file(&blob).unwrap();
    assert!(restore().contains("is missing in the backup"), "{}", restore());
    fs::write(&blob, content).unwrap();
    fs::remove_file(&list).unwrap();
    assert!(restore().contains("is no backup"), "{}", restore());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_with_something_in_it_is_left_alone_and_a_restore_that_fails_leaves_nothing() {
    each_database(async |place, other| {
        {
            let mut server = Server::start(&place);
            let id = server.deployment().await;
            let deploy = server.deploy(&id, 1).await;
            server.settled(&id, deploy["number"].as_u64().unwrap()).await;
            // A clean stop seals the audit log; the list of a backup names the last seal.
            server.stop();
            assert!(server.wait_for_end(), "the server goes on");
        }
        let backup = place.path("backup");
        let to = backup.to_str().unwrap();
        works(&run("backup", &place, &["--to", to]));

        fs::create_dir_all(other.path("data")).unwrap();
        fs::write(other.path("data/notes.txt"), "mine").unwrap();
        let refused = run("restore", &other, &["--from", to]);
        assert!(!refused.status.success() && said(&refused).contains("where nothing is"), "{}", said(&refused));
        assert_eq!(fs::read_dir(other.path("data")).unwrap().count(), 1);
        fs::remove_file(other.path("data/notes.txt")).unwrap();

        if let Some(database) = other.database() {
            let mut connection = sqlx::PgConnection::connect(database).await.unwrap();
            sqlx::query("create table of_somebody_else (id bigint)").execute(&mut connection).await.unwrap();
            let refused = run("restore", &other, &["--from", to]);
            assert!(
                !refused.status.success() && said(&refused).contains("name an empty database"),
                "{}",
                said(&refused)
            );
            sqlx::query("drop table of_somebody_else").execute(&mut connection).await.unwrap();
        }

        // A list that says something else than the database in the backup: found at the end, and taken away again.
        let list = backup.join("backup.json");
        let text = fs::read_to_string(&list).unwrap();
        assert!(text.contains("\"seq\": "), "{text}");
        fs::write(&list, text.replacen("\"seq\": ", "\"seq\": 9", 1)).unwrap();
        let failed = run("restore", &other, &["--from", to]);
        assert!(!failed.status.success() && said(&failed).contains("does not say what the list"), "{}", said(&failed));
        let left: Vec<_> = fs::read_dir(other.path("data")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "{left:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_is_gone_is_told_and_stops_no_backup() {
    let place = Place::new();
    {
        let server = Server::start(&place);
        let id = server.deployment().await;
        for version in 1..=2 {
            let deploy = server.deploy(&id, version).await;
            server.settled(&id, deploy["number"].as_u64().unwrap()).await;
        }
    }
    let bundle = fs::read_dir(place.path("data/objects/bundles")).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(&bundle).unwrap();
    let backup = place.path("backup");
    let text = works(&run("backup", &place, &["--to", backup.to_str().unwrap()]));
    assert!(text.contains("1 DAG bundles that the history names are not there"), "{text}");
    let list: Value = serde_json::from_slice(&fs::read(backup.join("backup.json")).unwrap()).unwrap();
    let digest = bundle.file_stem().unwrap().to_str().unwrap();
    assert_eq!(list["missing"], serde_json::json!([format!("sha256:{digest}")]));
    assert!(!said(&run("backup", &Place::new(), &["--to", place.path("other").to_str().unwrap()])).is_empty());
    assert!(!place.path("other").exists(), "a backup that came to nothing leaves nothing");
}
