//! A server of a test's own, on a free port and a temporary data folder.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

pub const TOKEN: &str = "a-token-for-the-integration-tests";

/// The folders that a server works on; they outlive it, so that a test can start it again.
pub struct Place {
    pub folder: TempDir,
}

impl Place {
    /// With one DAGs target `dags` and one image target `image`, the shipped Compose adapter.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("dags")).unwrap();
        fs::write(at(".env"), ENV).unwrap();
        let config = format!(
            "[targets.dags]\nkind = \"directory\"\nroot = {:?}\n\n[targets.image]\nkind = \"command\"\nprogram = [{:?}, \
             \"compose-env\", \"--file\", {:?}]\n\n[embed]\nallowed_origins = [\"https://portal.example\"]\n\n\
             [policy]\nrollback_requests_per_minute = 0\n",
            at("dags"),
            env!("CARGO_BIN_EXE_backstep"),
            at(".env"),
        );
        fs::write(at("backstep.toml"), config).unwrap();
        site(&at("site"));
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The files below `current`.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path("dags/current"), "", &mut files);
        files
    }

    pub fn env(&self) -> String {
        fs::read_to_string(self.path(".env")).unwrap()
    }
}

/// A `.env` with more in it than the image.
pub const ENV: &str = "# mine\nAIRFLOW_IMAGE_NAME=apache/airflow@sha256:\
    0000000000000000000000000000000000000000000000000000000000000000\nAIRFLOW_UID=50000\nSECRET=canary-4711\n";

fn collect(folder: &Path, below: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

/// A web part that is enough to start: these tests look at what the server says, not at what the browser does.
fn site(folder: &Path) {
    fs::create_dir_all(folder.join("pkg")).unwrap();
    let mut manifest = BTreeMap::new();
    for name in ["app.css", "app.js", "app.wasm", "start.js", "document.js", "panel.js"] {
        fs::write(folder.join("pkg").join(name), name).unwrap();
        manifest.insert(name, format!("pkg/{name}"));
    }
    fs::write(folder.join("manifest.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    pub url: String,
    pub client: Client,
}

impl Server {
    pub fn start(place: &Place) -> Self {
        Self::start_with(place, &[])
    }

    pub fn start_with(place: &Place, env: &[(&str, &str)]) -> Self {
        Self::spawn(Self::command(place, env))
    }

    /// Writes all that it logs, the least important too, to `server.log`.
    pub fn start_logged(place: &Place) -> Self {
        let mut command = Self::command(place, &[("RUST_LOG", "trace,h2=info,hyper=debug,sqlx=trace")]);
        command.stderr(fs::File::create(place.path("server.log")).unwrap());
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap_or_else(|| panic!("the server ended at its start")).unwrap();
        let url = first.rsplit(' ').next().unwrap().to_owned();
        assert!(url.starts_with("http://"), "the first line names the address: {first}");
        // Whatever it prints later must not fill the pipe.
        std::thread::spawn(move || for _ in lines {});
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { child, url, client }
    }

    pub fn command(place: &Place, env: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstep"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(place.path("backstep.toml"))
            .arg("--data")
            .arg(place.path("data"))
            .env("BACKSTEP_SITE", place.path("site"))
            .env("BACKSTEP_ADMIN_TOKEN", TOKEN)
            .env("RUST_LOG", "warn")
            .envs(env.iter().copied())
            .stdin(Stdio::null());
        command
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM: a clean stop.
    pub fn stop(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits until the process ended by itself.
    pub fn wait_for_end(&mut self) -> bool {
        let limit = Instant::now() + Duration::from_secs(20);
        while Instant::now() < limit {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(TOKEN);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Value {
        read(self.send(Method::GET, path, None).await).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        read(self.send(Method::POST, path, Some(body)).await).await
    }

    /// A Deployment with both targets, its id.
    pub async fn deployment(&self) -> String {
        let workspace = self.post("/api/v1/workspaces", json!({ "name": "Data" })).await;
        let deployment = self
            .post(
                "/api/v1/deployments",
                json!({
                    "workspaceId": workspace["id"], "name": "analytics", "mechanism": "dag_deploy",
                    "dagsTarget": "dags", "imageTarget": "image", "rollbackEnabled": true,
                    "runtimeVersion": "3.1-12", "airflowVersion": "3.1.8",
                }),
            )
            .await;
        deployment["id"].as_str().unwrap().to_owned()
    }

    /// Deploys image and DAGs; answers the deploy without waiting for its rollout.
    pub async fn deploy(&self, deployment: &str, version: u32) -> Value {
        let base = format!("/api/v1/deployments/{deployment}/deploys");
        let upload = self
            .post(
                &base,
                json!({ "type": "IMAGE_AND_DAG", "image": image(version), "runtimeVersion": "3.1-12", "airflowVersion": "3.1.8", "description": format!("version {version}") }),
            )
            .await;
        let id = upload["id"].as_str().unwrap();
        let archive = archive(&dags(version));
        let put = self.client.put(format!("{}{base}/{id}/dags", self.url)).bearer_auth(TOKEN).body(archive);
        read(put.send().await.unwrap()).await;
        self.post(&format!("{base}/{id}/finalize"), json!({})).await
    }

    /// Waits until the deploy is at an end, and answers it.
    pub async fn settled(&self, deployment: &str, number: u64) -> Value {
        let limit = Instant::now() + Duration::from_secs(30);
        loop {
            let deploy = self.get(&format!("/api/v1/deployments/{deployment}/deploys/{number}")).await;
            if ["DEPLOYED", "FAILED", "CANCELLED"].contains(&deploy["status"].as_str().unwrap()) {
                return deploy;
            }
            assert!(Instant::now() < limit, "the rollout does not end: {deploy}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn read(response: Response) -> Value {
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert!(status.is_success(), "{status}: {text}");
    if status == StatusCode::NO_CONTENT { Value::Null } else { serde_json::from_str(&text).unwrap() }
}

/// An image that is another one for each version.
pub fn image(version: u32) -> String {
    format!("registry.example/airflow@sha256:{}", hex::encode(Sha256::digest(version.to_be_bytes())))
}

/// The DAG files of a version.
pub fn dags(version: u32) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    files.insert("etl.py".to_owned(), format!("VERSION = {version}\n").into_bytes());
    files.insert("lib/common.py".to_owned(), b"SAME = True\n".to_vec());
    files.insert(format!("only_in_{version}.py"), b"".to_vec());
    files
}

pub fn archive(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, path, content.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}
