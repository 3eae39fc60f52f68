//! A disk that is full: nothing is said to be done that is not, what is there still reads, and with room again all goes on.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use reqwest::{Body, Method, StatusCode};
use serde_json::{Value, json};

use super::support::{Place, Server, TOKEN, archive, dags, image};

const RECOVERS_WITHIN: Duration = Duration::from_secs(10);

/// A small file system of its own in a folder of the place.
struct Disk {
    at: PathBuf,
}

impl Disk {
    fn mount(at: PathBuf, size: &str) -> Self {
        fs::create_dir_all(&at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "backstep-test"]).arg(&at);
        let output = mount.output().expect("there is a program `mount`");
        assert!(
            output.status.success(),
            "this test mounts a small file system, which takes root: run it as root, for example in a container with \
             CAP_SYS_ADMIN, or with `sudo -E`. mount says: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self { at }
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }

    /// To the last byte.
    fn fill(&self) {
        let mut file = fs::File::create(self.filler()).unwrap();
        let mut piece = vec![7; 1 << 20];
        while !piece.is_empty() {
            if std::io::Write::write_all(&mut file, &piece).is_err() {
                piece.truncate(piece.len() / 2);
            }
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.at).status();
    }
}

async fn send(server: &Server, method: Method, path: &str, body: impl Into<Body>) -> (StatusCode, String, Value) {
    let request = server.client.request(method, format!("{}{path}", server.url)).bearer_auth(TOKEN);
    let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    (answer.status(), kind, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}

/// 503, and a person is told why.
#[track_caller]
fn assert_full((status, kind, problem): &(StatusCode, String, Value)) {
    let told = problem["detail"].as_str().is_some_and(|detail| detail.contains("disk is full"));
    assert!(
        *status == StatusCode::SERVICE_UNAVAILABLE && kind == "application/problem+json" && told,
        "{status} {problem}"
    );
}

async fn ready(server: &Server) -> (StatusCode, String) {
    let answer = server.client.get(format!("{}/readyz", server.url)).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

fn verify(place: &Place) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backstep"));
    command.args(["verify", "--config"]).arg(place.path("backstep.toml")).arg("--data").arg(place.path("data"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
}

fn used(folder: &Path) -> u64 {
    let stat = rustix::fs::statvfs(folder).unwrap();
    (stat.f_blocks - stat.f_bfree) * stat.f_frsize
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_full_data_disk_nothing_is_lost_and_reading_goes_on() {
    let place = Place::new();
    let disk = Disk::mount(place.path("data"), "32m");
    let server = Server::start(&place);
    let id = server.deployment().await;
    server.deploy(&id, 1).await;
    server.settled(&id, 1).await;
    server.deploy(&id, 2).await;
    server.settled(&id, 2).await;
    let base = format!("/api/v1/deployments/{id}");
    let open = server.post(&format!("{base}/deploys"), json!({ "type": "DAG_ONLY", "description": "later" })).await;
    let open = open["id"].as_str().unwrap().to_owned();

    disk.fill();
    // There may be room for a few in the files that are there already; those count as any others.
    let (mut acknowledged, mut refused) = (BTreeSet::from(["Data".to_owned()]), 0);
    for n in 0..2000 {
        let name = format!("W{n}");
        let answer = send(&server, Method::POST, "/api/v1/workspaces", json!({ "name": name }).to_string()).await;
        if answer.0.is_success() {
            acknowledged.insert(name);
        } else {
            assert_full(&answer);
            refused += 1;
        }
        if refused == 50 {
            break;
        }
    }
    assert_eq!(refused, 50, "{} of them got through", acknowledged.len());
    for (path, body) in [
        (format!("{base}/deploys"), json!({ "type": "IMAGE_ONLY", "image": image(3), "runtimeVersion": "3.1-12" })),
        (format!("{base}/deploys/1/rollback"), json!({ "description": "it is full" })),
        (format!("{base}/hold"), json!({ "why": "it is full" })),
    ] {
        assert_full(&send(&server, Method::POST, &path, body.to_string()).await);
    }
    let upload = send(&server, Method::PUT, &format!("{base}/deploys/{open}/dags"), archive(&dags(3))).await;
    assert_full(&upload);

    for path in ["/api/v1/deployments", &base, &format!("{base}/deploys"), &format!("{base}/deploys/1/steps")] {
        assert_eq!(send(&server, Method::GET, path, "").await.0, StatusCode::OK, "{path}");
    }
    let (status, words) = ready(&server).await;
    assert_eq!(status, StatusCode::OK, "{words}");
    assert!(words.contains("degraded: the data folder has only 0 MiB free"), "{words}");

    disk.make_room();
    let since = Instant::now();
    let recovered = loop {
        let answer = send(&server, Method::POST, "/api/v1/workspaces", json!({ "name": "After" }).to_string()).await;
        if answer.0.is_success() {
            break since.elapsed();
        }
        assert!(since.elapsed() < RECOVERS_WITHIN, "{} {}", answer.0, answer.2);
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    acknowledged.insert("After".to_owned());
    server.deploy(&id, 3).await;
    assert_eq!(server.settled(&id, 3).await["status"], "DEPLOYED");
    assert_eq!(place.files(), dags(3));
    while ready(&server).await.1 != "ok\n" {
        assert!(since.elapsed() < RECOVERS_WITHIN, "{:?}", ready(&server).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(since.elapsed() < RECOVERS_WITHIN, "{:?}", since.elapsed());

    let there = server.get("/api/v1/workspaces").await;
    let there = there["workspaces"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
    assert_eq!(there.collect::<BTreeSet<_>>(), acknowledged);
    assert_eq!(server.get(&base).await["hold"], Value::Null, "what was refused is not there");
    verify(&place);
    println!(
        "disk full: {refused} writes refused, {} acknowledged and there, 0 violations; writes again after {} ms",
        acknowledged.len(),
        recovered.as_millis()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_full_disk_for_bundles_only_they_are_refused() {
    let place = Place::new();
    let disk = Disk::mount(place.path("data/objects"), "8m");
    let server = Server::start(&place);
    let id = server.deployment().await;
    server.deploy(&id, 1).await;
    server.settled(&id, 1).await;
    let deploys = format!("/api/v1/deployments/{id}/deploys");
    let open = server.post(&deploys, json!({ "type": "DAG_ONLY", "description": "later" })).await;
    let dags_of_open = format!("{deploys}/{}/dags", open["id"].as_str().unwrap());

    disk.fill();
    let full = used(&disk.at);
    for _ in 0..20 {
        assert_full(&send(&server, Method::PUT, &dags_of_open, archive(&dags(2))).await);
    }
    assert_eq!(used(&disk.at), full, "nothing of a refused one stays");
    // Whatever needs no bundle goes on.
    let new = json!({ "type": "IMAGE_ONLY", "image": image(2), "runtimeVersion": "3.1-12", "airflowVersion": "3.1.8" });
    let upload = server.post(&deploys, new).await;
    server.post(&format!("{deploys}/{}/finalize", upload["id"].as_str().unwrap()), json!({})).await;
    assert_eq!(server.settled(&id, 2).await["status"], "DEPLOYED");
    assert_eq!(place.files(), dags(1));

    disk.make_room();
    let again = send(&server, Method::PUT, &dags_of_open, archive(&dags(2))).await;
    assert!(again.0.is_success(), "the same upload: {} {}", again.0, again.2);
    server.post(&format!("{deploys}/{}/finalize", open["id"].as_str().unwrap()), json!({})).await;
    assert_eq!(server.settled(&id, 3).await["status"], "DEPLOYED");
    assert_eq!(place.files(), dags(2));
    verify(&place);
}
