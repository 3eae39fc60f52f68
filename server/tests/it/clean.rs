//! `backstep clean` beside a running server.

use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, SystemTime},
};

use super::{
    backup::{each_database, run, works},
    support::{Server, dags},
};

fn age(path: &Path) {
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| age(&entry.unwrap().path()));
    } else {
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_needs_goes_while_the_server_runs_and_deploys() {
    each_database(async |place, _| {
        let server = Server::start(&place);
        let id = server.deployment().await;
        for version in 1..=3 {
            let deploy = server.deploy(&id, version).await;
            server.settled(&id, deploy["number"].as_u64().unwrap()).await;
        }
        // An upload that was left, and which nobody knows any more.
        let orphan = place.path("data/objects/bundles").join(format!("{}.json", "c".repeat(64)));
        fs::write(&orphan, "{\"files\":[]}").unwrap();
        age(&place.path("data/objects"));
        let said = works(&run("clean", &place, &["--dry-run"]));
        assert!(said.contains("1 DAG bundles would be removed") && said.contains("3 stay"), "{said}");
        assert!(said.contains("nothing names it") && orphan.exists(), "{said}");
        let (place, server) = (std::sync::Arc::new(place), server);
        let cleaning = {
            let place = place.clone();
            tokio::task::spawn_blocking(move || (0..5).map(|_| works(&run("clean", &place, &[]))).collect::<Vec<_>>())
        };
        for version in [4, 1, 5, 2] {
            let deploy = server.deploy(&id, version).await;
            assert_eq!(server.settled(&id, deploy["number"].as_u64().unwrap()).await["status"], "DEPLOYED");
            assert_eq!(place.files(), dags(version));
        }
        assert!(cleaning.await.unwrap()[0].contains("1 DAG bundles were removed"));
        assert!(!orphan.exists());
        works(&run("verify", &place, &[]));
    })
    .await;
}
