//! `backstep verify` on the files of DAG bundles; what it finds in the database is tested where that is.

use std::{
    fs::{self, File},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use serde_json::Value;

use super::{
    backup::{each_database, run, said},
    support::{Place, Server},
};

/// Three versions were deployed, and the server is gone.
async fn deployed(place: &Place) {
    let server = Server::start(place);
    let id = server.deployment().await;
    for version in 1..=3 {
        let deploy = server.deploy(&id, version).await;
        server.settled(&id, deploy["number"].as_u64().unwrap()).await;
    }
}

fn verified(place: &Place, more: &[&str]) -> (bool, Value) {
    let output = run("verify", place, &[&["--json"], more].concat());
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    (output.status.success(), report)
}

fn objects(place: &Place, below: &str) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(place.path("data/objects").join(below)).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())),
            false => all.push(path),
        }
    }
    all
}

fn blob_with(place: &Place, text: &str) -> PathBuf {
    objects(place, "blobs").into_iter().find(|path| fs::read_to_string(path).unwrap().contains(text)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_is_kept_is_there_with_every_file() {
    each_database(async |place, _| {
        deployed(&place).await;
        let (sound, report) = verified(&place, &[]);
        assert!(sound && report["ok"] == true && report["bundles"] == 3 && report["warnings"] == serde_json::json!([]));

        // Another content of the same length: only who reads it finds it.
        let blob = blob_with(&place, "VERSION = 2");
        let content = fs::read_to_string(&blob).unwrap();
        fs::write(&blob, content.replace('2', "9")).unwrap();
        assert!(verified(&place, &["--quick"]).0);
        let (sound, report) = verified(&place, &[]);
        let flaw = &report["flaws"][0];
        assert!(!sound && flaw["kind"] == "bundle_damaged", "{report:#}");
        assert!(flaw["deployment"] == "analytics" && flaw["deploy"] == 2, "{report:#}");
        assert!(flaw["message"].as_str().unwrap().contains("etl.py was changed"), "{report:#}");

        fs::remove_file(&blob).unwrap();
        let (sound, report) = verified(&place, &["--quick"]);
        assert!(
            !sound && report["flaws"][0]["message"].as_str().unwrap().contains("etl.py is not there"),
            "{report:#}"
        );
        fs::write(&blob, content).unwrap();

        let list = objects(&place, "bundles").remove(0);
        let text = fs::read(&list).unwrap();
        fs::remove_file(&list).unwrap();
        let (sound, report) = verified(&place, &["--quick"]);
        assert!(!sound && report["flaws"][0]["kind"] == "bundle_missing", "{report:#}");
        fs::write(&list, text).unwrap();
        assert!(verified(&place, &[]).0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_names_is_a_warning_once_it_is_old() {
    let place = Place::new();
    deployed(&place).await;
    let folder = place.path("data/objects/blobs/aa");
    fs::create_dir_all(&folder).unwrap();
    let blob = folder.join("a".repeat(64));
    fs::write(&blob, "left by somebody").unwrap();
    let (sound, report) = verified(&place, &[]);
    assert!(sound && report["warnings"] == serde_json::json!([]), "it may be on its way: {report:#}");
    let file = File::options().write(true).open(&blob).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
    let (sound, report) = verified(&place, &[]);
    assert!(sound && report["warnings"][0]["kind"] == "bundle_orphaned", "{report:#}");
    let text = said(&run("verify", &place, &[]));
    assert!(text.contains("Warning: bundle_orphaned: 1 files (16 bytes)"), "{text}");
}
