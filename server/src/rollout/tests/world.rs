//! A Deployment on real folders: DAGs in a directory target, the image in a file that a program writes.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use backstep_domain::*;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::faulty::Faulty;
use crate::{
    bundles::Bundles,
    changes::Changes,
    clock::{Clock, SystemClock},
    rollout::{CrashPoint, Engine, Limits},
    store::Store,
    targets::{
        CommandTarget, DirectoryTarget, Target, TargetSet,
        tests::{bundle, program},
    },
};

/// Keeps the image in a file, writes down every act, and is slow while there is a file `slow`.
const PROGRAM: &str = r#"
def image():
    return open("HERE/image").read() if os.path.exists("HERE/image") else None
verb, number = request["verb"], request.get("deploy", {}).get("number")
if verb == "can":
    print(json.dumps({"can": ["switch_image", "verify"]}))
elif verb == "kept":
    print(json.dumps({"observed": {"settings": [{"name": "A", "hash": "1"}]}}))
elif verb == "observe":
    pinned = request.get("image", {}).get("pinned")
    print(json.dumps({"observed": {"image": image(), "done": image() == pinned}}))
else:
    seconds = float(open("HERE/slow").read()) if os.path.exists("HERE/slow") else 0
    open("HERE/acts", "a").write("begin %s\n" % number)
    print(json.dumps({"log": "switching"}), flush=True)
    time.sleep(seconds)
    open("HERE/image", "w").write(request["image"]["pinned"])
    open("HERE/acts", "a").write("end %s\n" % number)
    print(json.dumps({"done": True}))
"#;

pub struct World {
    /// Removed with the world that made it.
    #[expect(dead_code, reason = "only its end counts")]
    pub temporary: Option<tempfile::TempDir>,
    pub folder: PathBuf,
    pub store: Store,
    pub bundles: Bundles,
    pub targets: TargetSet,
    pub dags: Arc<Faulty<DirectoryTarget>>,
    pub image: Arc<Faulty<CommandTarget>>,
    pub deployment: Deployment,
}

pub fn image(number: u32) -> ImageRef {
    format!("quay.io/acme/airflow:{number}@sha256:{number:064x}").parse().unwrap()
}

pub fn number(n: u32) -> DeployNumber {
    DeployNumber::new(n).unwrap()
}

pub fn author() -> Author {
    Author { id: "demo:admin".to_owned(), name: "Ada".to_owned() }
}

pub fn files(n: u32) -> Vec<(String, String)> {
    vec![("etl.py".to_owned(), format!("print({n})")), ("lib/same.py".to_owned(), "same".to_owned())]
}

pub async fn world() -> World {
    let temporary = tempfile::tempdir().unwrap();
    let world = first_world_in(temporary.path()).await;
    World { temporary: Some(temporary), ..world }
}

/// A new world in an empty folder.
pub async fn first_world_in(folder: &Path) -> World {
    let world = world_in(folder).await;
    let workspace = Workspace { id: WorkspaceId::new("ws"), name: "data".to_owned(), created_at: SystemClock.now() };
    world.store.create_workspace(&workspace, None, None, None).await.unwrap();
    world.store.create_deployment(&world.deployment, None, None).await.unwrap();
    world
}

/// The world of a folder that has one, as a server finds it when it starts.
pub async fn world_in(folder: &Path) -> World {
    let data = folder.join("data");
    fs::create_dir_all(&data).unwrap();
    let store = Store::open(&format!("sqlite://{}", data.join("backstep.db").display())).await.unwrap();
    let bundles = Bundles::local(&data).unwrap();
    let (dags, image, deployment) = deployment_in(folder, "prod", &bundles);
    let targets = TargetSet::of([dags.clone() as Arc<dyn Target>, image.clone()]);
    World { temporary: None, folder: folder.to_owned(), store, bundles, targets, dags, image, deployment }
}

pub fn deployment_in(
    folder: &Path,
    name: &str,
    bundles: &Bundles,
) -> (Arc<Faulty<DirectoryTarget>>, Arc<Faulty<CommandTarget>>, Deployment) {
    let here = folder.join(name);
    fs::create_dir_all(here.join("dags")).unwrap();
    let argv = program(&here, &PROGRAM.replace("HERE", &here.display().to_string()));
    let limit = Duration::from_secs(20);
    let (dags, image) = (format!("{name}-dags"), format!("{name}-image"));
    let directory = DirectoryTarget::new(dags.clone(), here.join("dags"), bundles.clone());
    let command = CommandTarget::new(image.clone(), argv, limit, here.clone(), [1; 32]);
    let deployment = Deployment {
        id: DeploymentId::new(name),
        workspace: WorkspaceId::new("ws"),
        name: name.to_owned(),
        description: String::new(),
        mechanism: Mechanism::DagDeploy,
        runtime: None,
        airflow: None,
        dags_target: Some(dags),
        image_target: Some(image),
        rollback_enabled: true,
        created_at: SystemClock.now(),
        created_by: author(),
    };
    (Arc::new(Faulty::new(directory)), Arc::new(Faulty::new(command)), deployment)
}

impl World {
    pub fn here(&self) -> PathBuf {
        self.folder.join(&self.deployment.name)
    }

    /// Queues deploy `n` with its own DAG files and image.
    pub async fn queue(&self, n: u32) {
        self.queue_in(&self.deployment, n, n, DeployKind::ImageAndDags).await;
    }

    /// Queues deploy `n` of a Deployment; its parts are those of `of` where the kind has them.
    pub async fn queue_in(&self, deployment: &Deployment, n: u32, of: u32, kind: DeployKind) {
        let files = files(of);
        let files: Vec<_> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
        let digest = bundle(&self.bundles, &files).await;
        let revision = Revision {
            mechanism: Mechanism::DagDeploy,
            mechanism_origin: number(1),
            image: ImagePart { image: Some(image(of)), runtime: None, airflow: None, heads: None, origin: number(of) },
            dags: Some(DagsPart { bundle: digest, origin: number(of) }),
        };
        self.insert(deployment, n, kind, revision).await;
    }

    pub async fn insert(&self, deployment: &Deployment, n: u32, kind: DeployKind, revision: Revision) {
        let deploy = Deploy {
            id: DeployId::new(format!("{}-{n}", deployment.name)),
            deployment: deployment.id.clone(),
            number: number(n),
            kind,
            cause: Cause::Deploy,
            revision,
            git: None,
            created_at: SystemClock.now(),
            created_by: author(),
            description: "why".to_owned(),
            status: DeployStatus::Queued,
            status_reason: None,
            started_at: None,
            ended_at: None,
            live_from: None,
            live_until: None,
            rejected: false,
            kept: Vec::new(),
            artifact_missing: false,
        };
        let mut tx = self.store.lock_deployment(&deployment.id).await.unwrap();
        tx.insert_deploy(&deploy).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub fn engine(&self, owner: &str) -> Engine {
        let clock = Arc::new(SystemClock);
        let policy = Policy::default();
        Engine::new(
            self.store.clone(),
            self.bundles.clone(),
            self.targets.clone(),
            clock,
            Changes::default(),
            policy,
            owner.to_owned(),
        )
    }

    /// Starts an engine that dies at a place.
    pub fn start(&self, owner: &str, crash: CrashPoint) -> Running {
        self.start_with(owner, Limits::default(), crash)
    }

    pub fn start_with(&self, owner: &str, limits: Limits, crash: CrashPoint) -> Running {
        let engine = self.engine(owner).with(limits, crash, Default::default());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { engine.run(shutdown).await }
        });
        Running { task, shutdown }
    }

    /// Waits until deploy `n` is over.
    pub async fn over(&self, n: u32) -> Deploy {
        self.over_in(&self.deployment, n).await
    }

    pub async fn over_in(&self, deployment: &Deployment, n: u32) -> Deploy {
        for _ in 0..1500 {
            let deploy = self.store.deploy(&deployment.id, number(n)).await.unwrap();
            if deploy.status.is_final() {
                return deploy;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("#{n} did not end: {:?}", self.steps(n).await);
    }

    /// Queues deploy `n`, and runs an engine until it is over.
    pub async fn roll_out(&self, n: u32) -> Deploy {
        self.queue(n).await;
        let engine = self.start(&format!("owner-{n}"), CrashPoint::default());
        let deploy = self.over(n).await;
        engine.stop().await;
        deploy
    }

    pub async fn steps(&self, n: u32) -> Vec<(StepKind, StepStatus)> {
        let id = DeployId::new(format!("{}-{n}", self.deployment.name));
        self.store.steps(&id).await.unwrap().into_iter().map(|step| (step.kind, step.status)).collect()
    }

    pub async fn log(&self, n: u32) -> Vec<LogLine> {
        self.store.log(&DeployId::new(format!("{}-{n}", self.deployment.name)), 0, 1000).await.unwrap()
    }

    /// The one number whose DAG files and image are what the targets have now.
    pub fn runs(&self) -> (String, String) {
        let read = |path: &str| fs::read_to_string(self.here().join(path)).unwrap_or_default();
        (read("dags/current/etl.py"), read("image"))
    }

    pub fn assert_runs(&self, n: u32) {
        assert_eq!(self.runs(), (files(n)[0].1.clone(), image(n).pinned()));
    }

    /// What the program did for deploy `n`: "begin" and "end" of each act.
    pub fn acts(&self, n: u32) -> (usize, usize) {
        let text = fs::read_to_string(self.here().join("acts")).unwrap_or_default();
        let count = |word: &str| text.lines().filter(|line| *line == format!("{word} {n}")).count();
        (count("begin"), count("end"))
    }

    pub fn slow(&self, seconds: f32) {
        fs::write(self.here().join("slow"), seconds.to_string()).unwrap();
    }

    pub fn fast(&self) {
        let _ = fs::remove_file(self.here().join("slow"));
    }
}

/// An engine that runs.
pub struct Running {
    pub task: JoinHandle<()>,
    pub shutdown: CancellationToken,
}

impl Running {
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }

    /// Ends it at once, as a kill would end the process; what it had started on other threads goes on.
    pub async fn drop_dead(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}
