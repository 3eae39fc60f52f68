//! What the exporter's tests start from.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use backstep_domain::{ExportStatus, Millis, StepKind};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::elastic::Elastic;
use crate::{
    clock::{Clock, SystemClock},
    export::{ElasticsearchConfig, Exporter, Pace, Settings, back_off::BackOff},
    store::{
        Claim, Store,
        tests::{
            database::Database,
            given::{another, queue},
        },
    },
};

/// How long an exporter of these tests waits for an answer.
pub const TIMEOUT: Duration = Duration::from_millis(250);

/// As the real one, in a hurry.
pub fn quick() -> Pace {
    Pace {
        look_every: Duration::from_millis(10),
        back_off: BackOff { first: Duration::from_millis(2), most: Duration::from_millis(20) },
        lease: Duration::from_millis(400),
        renew_every: Duration::from_millis(100),
        stop_within: Duration::from_secs(2),
    }
}

pub fn config(address: &str, more: &str) -> ElasticsearchConfig {
    toml::from_str(&format!("url = '{address}'\n{more}")).unwrap()
}

pub fn settings(address: &str, more: &str) -> Settings {
    Settings { timeout: TIMEOUT, ..config(address, more).settings().unwrap() }
}

/// A store whose outbox is filled.
pub async fn exporting(db: &Database) -> Store {
    let store = db.open().await;
    store.set_export(Some(("http://elastic", "backstep.%{release}.%Y.%m.%d"))).await.unwrap();
    store
}

/// A rollout of a Deployment of that name, in its first step.
pub async fn rollout(store: &Store, name: &str) -> Claim {
    let of = another(store, name).await;
    queue(store, &of, 1).await;
    let claim = store.claim_rollout("engine", Millis(1_780_000_000_000), 3_600_000).await.unwrap().unwrap();
    store.plan_steps(&claim, &[StepKind::StageDags, StepKind::SwitchDags]).await.unwrap();
    claim
}

/// Lines `from..=to`: of the same millisecond ten at a time, as a program writes them.
pub async fn write(store: &Store, claim: &Claim, from: u64, to: u64) {
    let line = |n: u64| (Millis(1_780_000_000_000 + i64::try_from(n / 10).unwrap()), format!("line {n}"));
    store.log_lines(claim, 0, &(from..=to).map(line).collect::<Vec<_>>()).await.unwrap();
}

/// An exporter that runs.
pub struct Running {
    pub stop: CancellationToken,
    pub task: JoinHandle<()>,
}

impl Running {
    pub fn start(store: &Store, owner: &str, settings: Settings) -> Self {
        Self::start_with(store, owner, settings, quick())
    }

    pub fn start_with(store: &Store, owner: &str, settings: Settings, pace: Pace) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let exporter = Exporter::new(store.clone(), clock, owner.to_owned(), settings, pace).unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn({
            let stop = stop.clone();
            async move { exporter.run(stop).await }
        });
        Self { stop, task }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

pub async fn status(store: &Store) -> ExportStatus {
    store.export_status(SystemClock.now()).await.unwrap()
}

/// Waits until it is so.
pub async fn until(store: &Store, what: impl Fn(&ExportStatus) -> bool) -> ExportStatus {
    const PATIENCE: Duration = Duration::from_secs(60);
    let (mut sent, mut moved) = (0, Instant::now());
    loop {
        let status = status(store).await;
        if what(&status) {
            return status;
        }
        // A slow machine may take its time, as long as it gets on.
        if status.sent != sent {
            (sent, moved) = (status.sent, Instant::now());
        }
        assert!(moved.elapsed() < PATIENCE, "nothing was sent for a minute: {status:?}");
        tokio::time::sleep(Duration::from_millis(if status.waiting > 10_000 { 250 } else { 10 })).await;
    }
}

pub async fn drained(store: &Store) -> ExportStatus {
    until(store, |status| status.waiting == 0).await
}

/// The messages of a rollout's lines as somebody finds them who sorts by time and offset.
pub fn lines_of(elastic: &Elastic, rollout: &str) -> Vec<String> {
    let seen = elastic.seen.lock().unwrap();
    let mut found: Vec<_> = seen
        .documents
        .iter()
        .filter(|((_, id), _)| super::elastic::line(id).is_some_and(|(of, _)| of == rollout))
        .map(|(_, document)| {
            let text = |name: &str| document[name].as_str().unwrap().to_owned();
            (text("@timestamp"), document["offset"].as_u64().unwrap(), text("message"))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, _, message)| message).collect()
}

pub fn numbered(to: u64) -> Vec<String> {
    (1..=to).map(|n| format!("line {n}")).collect()
}
