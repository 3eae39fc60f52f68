//! A server of a test's own, on a free port and a temporary data folder.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, raw_sql};
use tempfile::TempDir;

pub const TOKEN: &str = "a-token-for-the-integration-tests";

/// The folders that a server works on; they outlive it, so that a test can start it again.
pub struct Place {
    pub folder: TempDir,
    /// A database on PostgreSQL, which several servers can share; else SQLite in the data folder.
    database: Option<String>,
}

/// Set by `cargo xtask test integration`; the cluster goes with the run, and the databases in it.
const POSTGRES: &str = "BACKSTEP_TEST_POSTGRES";

impl Place {
    /// With one DAGs target `dags` and one image target `image`, the shipped Compose adapter.
    pub fn new() -> Self {
        Self::of(1)
    }

    /// With targets for several Deployments: `dags` and `image`, `dags-1` and `image-1`, and so on.
    pub fn of(deployments: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut config = "[embed]\nallowed_origins = [\"https://portal.example\"]\n\n[policy]\n\
                          rollback_requests_per_minute = 0\n"
            .to_owned();
        for n in 0..deployments {
            let (dags, env) = (at(&of_deployment("dags", n)), at(&of_deployment(".env", n)));
            fs::create_dir_all(&dags).unwrap();
            fs::write(&env, ENV).unwrap();
            let _ = write!(
                config,
                "\n[targets.{}]\nkind = \"directory\"\nroot = {dags:?}\n\n[targets.{}]\nkind = \"command\"\nprogram = \
                 [{:?}, \"compose-env\", \"--file\", {env:?}]\n",
                of_deployment("dags", n),
                of_deployment("image", n),
                env!("CARGO_BIN_EXE_backstep"),
            );
        }
        fs::write(at("backstep.toml"), config).unwrap();
        site(&at("site"));
        Self { folder, database: None }
    }

    /// The same on a PostgreSQL database of its own.
    pub async fn on_postgres(self) -> Self {
        let server = std::env::var(POSTGRES).unwrap_or_else(|_| {
            panic!("{POSTGRES} names no PostgreSQL server; run `cargo xtask test integration`, which starts one")
        });
        let name = format!("it_{}", hex::encode(rand::random::<[u8; 8]>()));
        let mut admin = PgConnection::connect(&server).await.unwrap();
        raw_sql(AssertSqlSafe(format!("create database {name}"))).execute(&mut admin).await.unwrap();
        let (cluster, _) = server.rsplit_once('/').unwrap();
        Self { database: Some(format!("{cluster}/{name}")), ..self }
    }

    /// The database's address, where it is PostgreSQL.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The files below `current`.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.files_of(0)
    }

    pub fn files_of(&self, deployment: usize) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(&of_deployment("dags", deployment)).join("current"), "", &mut files);
        files
    }

    pub fn env(&self) -> String {
        self.env_of(0)
    }

    pub fn env_of(&self, deployment: usize) -> String {
        fs::read_to_string(self.path(&of_deployment(".env", deployment))).unwrap()
    }
}

/// What is called `name` for the first Deployment.
pub fn of_deployment(name: &str, deployment: usize) -> String {
    if deployment == 0 { name.to_owned() } else { format!("{name}-{deployment}") }
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

/// A running server; killed when dropped by whoever started it.
pub struct Server {
    child: Option<Child>,
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
        Self { child: Some(child), url, client }
    }

    /// Whatever it writes goes to one file; as JSON the address is in it.
    pub fn spawn_logged(mut command: Command, log: fs::File, path: &Path) -> Self {
        let (out, limit) = (log.try_clone().unwrap(), Instant::now() + Duration::from_secs(20));
        let child = command.stdout(out).stderr(log).spawn().unwrap();
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut server = Self { child: Some(child), url: String::new(), client };
        while server.url.is_empty() {
            let text = fs::read_to_string(path).unwrap();
            if let Some((_, rest)) = text.split_once("Backstep listens on ") {
                server.url = rest.split(['"', '\n']).next().unwrap().to_owned();
            }
            assert!(Instant::now() < limit, "the server does not start: {text}");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
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
        if let Some(database) = &place.database {
            command.env("BACKSTEP_DATABASE", database);
        }
        command
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let child = self.child.as_ref().expect("started here");
        rustix::process::kill_process(rustix::process::Pid::from_child(child), signal).unwrap();
    }

    /// The same server, for another task; its end is not this value's.
    pub fn borrowed(other: &Self) -> Self {
        Self { child: None, url: other.url.clone(), client: other.client.clone() }
    }

    fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("started here")
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child().kill().unwrap();
        self.child().wait().unwrap();
    }

    /// SIGTERM: a clean stop.
    pub fn stop(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Waits until the process ended by itself.
    pub fn wait_for_end(&mut self) -> bool {
        let limit = Instant::now() + Duration::from_secs(20);
        while Instant::now() < limit {
            if self.child().try_wait().unwrap().is_some() {
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
        self.deployment_in(&workspace["id"], 0).await
    }

    /// The n-th Deployment, with the targets of its own; its id.
    pub async fn deployment_in(&self, workspace: &Value, n: usize) -> String {
        let deployment = self
            .post(
                "/api/v1/deployments",
                json!({
                    "workspaceId": workspace, "name": of_deployment("analytics", n), "mechanism": "dag_deploy",
                    "dagsTarget": of_deployment("dags", n), "imageTarget": of_deployment("image", n), "rollbackEnabled": true,
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
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
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
