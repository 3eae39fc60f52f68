//! A whole Backstep on loopback: store, bundles, engine, directory target, HTTP.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use axum::body::Bytes;
use backstep::{
    audit::{CheckpointKey, Sealer},
    auth::{self, AdminToken, Auth, Passwords, SessionRules},
    bundles::Bundles,
    changes::Changes,
    clock::{SystemClock, TimeOrderedIds},
    http::{Assets, HttpState, router},
    pace::Pace,
    rollout::Engine,
    store::Store,
    targets::{DirectoryTarget, Target, TargetSet},
    usecases::{Context, NewDeployment, NewUpload, UseCases},
};
use backstep_domain::{
    Author, Catalogue, Deploy, DeployKind, DeployNumber, DeployStatus, DeploymentId, Mechanism, Permission, Policy,
    Principal, Problem, Roles, Workspace, WorkspaceId,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    timed::{Switched, Timed},
    tree::{Tree, contents_of},
};

const TOKEN: &str = "a-token-of-the-bench-and-nobody-else";
const TARGET: &str = "dags";
/// Nothing here takes this long; something is broken.
const PATIENCE: Duration = Duration::from_secs(300);

pub struct Server {
    root: PathBuf,
    url: String,
    http: reqwest::Client,
    usecases: UseCases,
    deployment: DeploymentId,
    switched: Switched,
    newest: DeployNumber,
    shutdown: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

/// How long a rollback took, in seconds from the request.
pub struct RolledBack {
    /// Until `current` was switched, durably.
    pub live: f64,
    /// Until every file was compared again and the deploy was recorded as succeeded.
    pub succeeded: f64,
}

impl Server {
    /// Starts it in `folder`, and deploys both versions of the tree.
    pub async fn start(folder: &Path, tree: &Tree) -> anyhow::Result<Self> {
        let folder = folder.join(format!("server-{}", tree.files));
        let (data, root) = (folder.join("data"), folder.join("dags"));
        for folder in [&data, &root] {
            fs::create_dir_all(folder)?;
        }
        let switched = Switched::default();
        let usecases = use_cases(&data, &root, switched.clone()).await?;
        let shutdown = CancellationToken::new();
        let engine = tokio::spawn({
            let (usecases, shutdown) = (usecases.clone(), shutdown.clone());
            async move { usecases.engine.run(shutdown).await }
        });
        let sealer = tokio::spawn({
            let (sealer, shutdown) = (usecases.sealer.clone(), shutdown.clone());
            async move { sealer.run(shutdown).await }
        });
        let (url, serving) = serve(&folder, &usecases, &shutdown).await?;
        let deployment = create_deployment(&usecases).await?;
        let mut server = Self {
            root,
            url,
            http: reqwest::Client::new(),
            usecases,
            deployment,
            switched,
            newest: DeployNumber::FIRST,
            shutdown,
            tasks: vec![engine, sealer, serving],
        };
        for version in [0, 1] {
            server.deploy(tree, version).await?;
        }
        Ok(server)
    }

    async fn deploy(&mut self, tree: &Tree, version: usize) -> anyhow::Result<()> {
        let (who, id) = (administrator(), self.deployment.clone());
        let new = NewUpload {
            kind: DeployKind::Dags,
            description: format!("version {version}"),
            image: None,
            runtime: None,
            airflow: None,
            heads: None,
            mechanism: None,
            git: None,
            adoption: false,
        };
        let upload = self.usecases.create_upload(&who, &id, new, None).await.map_err(said)?;
        let archive = Bytes::from(fs::read(tree.packed[version].file.path())?);
        let stream = futures::stream::iter([Ok::<_, std::io::Error>(archive)]);
        self.usecases.upload_dags(&who, &id, &upload.id, stream, None).await.map_err(said)?;
        let deploy = self.usecases.finalize(&who, &id, &upload.id, false, None).await.map_err(said)?;
        self.newest = deploy.number;
        let mut changes = self.usecases.changes.hear();
        tokio::time::timeout(PATIENCE, async {
            while !self.has_succeeded().await? {
                // One that was missed is one that came: look again.
                let _ = changes.recv().await;
            }
            anyhow::Ok(())
        })
        .await?
    }

    /// Rolls back to the deploy before the live one, which has the other version of the tree.
    pub async fn roll_back(&mut self) -> anyhow::Result<RolledBack> {
        let target = self.newest;
        let target = target.get().checked_sub(1).context("there is a deploy before the live one")?;
        let url = format!("{}/api/v1/deployments/{}/deploys/{target}/rollback", self.url, self.deployment);
        self.switched.forget();
        let mut changes = self.usecases.changes.hear();
        let begin = Instant::now();
        let request = self.http.post(url).bearer_auth(TOKEN).json(&json!({ "description": "revenue is wrong" }));
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "the rollback is refused: {text}");
        let deploy: Value = serde_json::from_str(&text)?;
        let number = deploy["number"].as_u64().and_then(|n| u32::try_from(n).ok()).and_then(DeployNumber::new);
        self.newest = number.context("the answer has a number")?;
        tokio::time::timeout(PATIENCE, async {
            // Nothing is asked while it goes on, for that would be measured too.
            while self.switched.at().is_none() || !self.has_succeeded().await? {
                let _ = changes.recv().await;
            }
            let live = self.switched.at().context("it was switched")?.duration_since(begin).as_secs_f64();
            Ok(RolledBack { live, succeeded: begin.elapsed().as_secs_f64() })
        })
        .await?
    }

    async fn newest(&self) -> anyhow::Result<Deploy> {
        Ok(self.usecases.store.deploy(&self.deployment, self.newest).await?)
    }

    async fn has_succeeded(&self) -> anyhow::Result<bool> {
        let deploy = self.newest().await?;
        match deploy.status {
            DeployStatus::Succeeded => Ok(true),
            DeployStatus::Queued | DeployStatus::Running => Ok(false),
            other => bail!("{} is {other}: {}", deploy.number, deploy.status_reason.unwrap_or_default()),
        }
    }

    /// A rollback there and one back bring the files of each version.
    pub async fn check(&mut self, tree: &Tree) -> anyhow::Result<()> {
        for version in [0, 1] {
            self.roll_back().await?;
            ensure!(contents_of(&self.root.join("current"))? == tree.contents(version), "the server has other files");
        }
        Ok(())
    }

    pub async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        for task in self.tasks {
            task.await?;
        }
        self.usecases.store.close().await;
        Ok(())
    }
}

async fn use_cases(data: &Path, root: &Path, switched: Switched) -> anyhow::Result<UseCases> {
    let store = Store::open(&format!("sqlite://{}", data.join("backstep.db").display())).await?;
    let bundles = Bundles::local(data)?;
    let target = DirectoryTarget::new(TARGET.to_owned(), root.to_owned(), bundles.clone());
    let targets = TargetSet::of([Arc::new(Timed { target, switched }) as Arc<dyn Target>]);
    let (clock, changes, policy) = (Arc::new(SystemClock), Changes::default(), Policy::default());
    let sealer = Sealer::new(store.clone(), CheckpointKey::of(data)?, clock.clone());
    let engine = Engine::new(
        store.clone(),
        bundles.clone(),
        targets.clone(),
        clock.clone(),
        changes.clone(),
        policy.clone(),
        "bench".to_owned(),
    );
    Ok(UseCases::new(Context {
        store,
        bundles,
        targets,
        engine,
        sealer,
        changes,
        clock,
        ids: Arc::new(TimeOrderedIds),
        policy,
        catalogue: Catalogue::built_in(),
        roles: Arc::new(Roles::built_in()),
        passwords: Passwords::default(),
        // The bench asks for nothing else.
        rollback_pace: Pace::per_minute(0),
        metrics: Default::default(),
    }))
}

async fn serve(
    folder: &Path,
    usecases: &UseCases,
    shutdown: &CancellationToken,
) -> anyhow::Result<(String, JoinHandle<()>)> {
    let auth = Auth::new(auth::Parts {
        store: usecases.store.clone(),
        clock: usecases.clock.clone(),
        ids: usecases.ids.clone(),
        roles: usecases.roles.clone(),
        passwords: usecases.passwords.clone(),
        turns: Default::default(),
        rules: SessionRules::default(),
        operator: Some(AdminToken::new(TOKEN)?),
        provider: None,
        demo: false,
        metrics: usecases.metrics.clone(),
    });
    auth.ensure_operator().await?;
    let state = HttpState {
        usecases: usecases.clone(),
        auth,
        assets: Arc::new(Assets::load(Some(&web_part(folder)?))?),
        embed_origins: Arc::new([]),
        trusted_proxies: Arc::new([]),
        data: folder.into(),
        shutdown: shutdown.clone(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let stop = shutdown.clone().cancelled_owned();
    let serving = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router(state)).with_graceful_shutdown(stop).await {
            eprintln!("the server broke off: {error}");
        }
    });
    Ok((url, serving))
}

/// A web part that is enough to start: no page is asked for.
fn web_part(folder: &Path) -> anyhow::Result<PathBuf> {
    let site = folder.join("site");
    fs::create_dir_all(site.join("pkg"))?;
    let names = ["app.css", "app.js", "app.wasm", "start.js", "document.js", "panel.js"];
    let mut manifest = serde_json::Map::new();
    for name in names {
        fs::write(site.join("pkg").join(name), name)?;
        manifest.insert(name.to_owned(), Value::String(format!("pkg/{name}")));
    }
    fs::write(site.join("manifest.json"), serde_json::to_vec(&manifest)?)?;
    Ok(site)
}

async fn create_deployment(usecases: &UseCases) -> anyhow::Result<DeploymentId> {
    let workspace = WorkspaceId::new("ws");
    let new = Workspace { id: workspace.clone(), name: "Data Platform".to_owned(), created_at: usecases.clock.now() };
    usecases.store.create_workspace(&new, None, None, None).await?;
    let deployment = NewDeployment {
        workspace,
        name: "analytics-prod".to_owned(),
        description: String::new(),
        mechanism: Mechanism::DagDeploy,
        runtime: Some("3.1-12".parse()?),
        airflow: Some("3.1.8".parse()?),
        dags_target: Some(TARGET.to_owned()),
        image_target: None,
        rollback_enabled: true,
    };
    Ok(usecases.create_deployment(&administrator(), deployment, None).await.map_err(said)?.id)
}

fn administrator() -> Principal {
    let author = Author { id: "token:admin".to_owned(), name: "Administrator".to_owned() };
    Principal::new(author, Permission::ALL.iter().copied().collect())
}

fn said(problem: Problem) -> anyhow::Error {
    anyhow::anyhow!(problem.message)
}
