//! The engine: takes what is to be rolled out and starts a task for each.

use std::{fmt, sync::Arc, time::Duration};

use backstep_domain::{DeployNumber, DeploymentId, Millis, Policy};
use tokio::{sync::Notify, task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{CrashPoint, Limits};
use crate::{
    bundles::Bundles,
    changes::Changes,
    clock::Clock,
    heartbeat::Heartbeat,
    metrics::Metrics,
    store::{Store, StoreError},
    targets::TargetSet,
};

/// How often to look without being woken: for what other servers queued, and for leases that ended.
const POLL: Duration = Duration::from_millis(500);
/// How long to leave a database alone that does not answer.
const BACK_OFF: Duration = Duration::from_secs(3);

/// The rollout engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

struct Parts {
    store: Store,
    bundles: Bundles,
    targets: TargetSet,
    clock: Arc<dyn Clock>,
    changes: Changes,
    policy: Policy,
    owner: String,
    limits: Limits,
    crash: CrashPoint,
    wake: Notify,
    looks: Heartbeat,
    metrics: Metrics,
}

impl Engine {
    /// `owner` names this process in leases; no two processes have the same one.
    pub fn new(
        store: Store,
        bundles: Bundles,
        targets: TargetSet,
        clock: Arc<dyn Clock>,
        changes: Changes,
        policy: Policy,
        owner: String,
    ) -> Self {
        let (limits, crash) = (Limits::default(), CrashPoint::from_env());
        Self(Arc::new(Parts {
            store,
            bundles,
            targets,
            clock,
            changes,
            policy,
            owner,
            limits,
            crash,
            wake: Notify::new(),
            looks: Heartbeat::default(),
            metrics: Metrics::default(),
        }))
    }

    /// The same engine, before it runs, with other limits, a place to die at and where it counts.
    #[must_use]
    pub fn with(self, limits: Limits, crash: CrashPoint, metrics: Metrics) -> Self {
        let mut parts = Arc::into_inner(self.0).expect("nobody has a clone of an engine that does not run yet");
        (parts.limits, parts.crash, parts.metrics) = (limits, crash, metrics);
        Self(Arc::new(parts))
    }

    /// Says that something was queued. Without it the engine finds out half a second later.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Its looks for work, each of which took up whatever could be had: what a killed server left, with the first.
    pub fn looks(&self) -> &Heartbeat {
        &self.0.looks
    }

    /// Carries out rollouts until `shutdown`; then each finishes its step, gives its lease back, and this returns.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut tasks = JoinSet::new();
        let targets = self.0.targets.clone();
        tasks.spawn(async move { targets.ask_all().await });
        let mut recovered = false;
        while !shutdown.is_cancelled() {
            let pause = match self.take_work(&mut tasks, &mut recovered, &shutdown).await {
                Ok(()) => POLL,
                Err(error) => {
                    tracing::error!(%error, "the store does not say what is to be rolled out");
                    BACK_OFF
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.0.wake.notified() => {}
                () = sleep(pause) => {}
                Some(ended) = tasks.join_next() => tell_of_panic(ended),
            }
        }
        while let Some(ended) = tasks.join_next().await {
            tell_of_panic(ended);
        }
    }

    /// Starts a task for each rollout that can be had: queued ones, and those whose server is gone.
    async fn take_work(
        &self,
        tasks: &mut JoinSet<()>,
        recovered: &mut bool,
        shutdown: &CancellationToken,
    ) -> Result<(), StoreError> {
        if !*recovered && self.0.store.is_exclusive() {
            // No other server can be alive on this database, so what a killed one held is free without waiting.
            self.0.store.expire_leases_of_others(&self.0.owner).await?;
        }
        *recovered = true;
        while let Some(claim) = self.0.store.claim_rollout(&self.0.owner, self.now(), self.0.limits.lease_ms()).await? {
            self.tell(&claim.deploy.deployment, claim.deploy.number);
            let (engine, shutdown) = (self.clone(), shutdown.clone());
            tasks.spawn(async move { engine.hold_and_carry_out(claim, shutdown).await });
        }
        self.0.looks.beat();
        Ok(())
    }

    pub(super) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(super) fn bundles(&self) -> &Bundles {
        &self.0.bundles
    }

    pub(super) fn targets(&self) -> &TargetSet {
        &self.0.targets
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.0.policy
    }

    pub(super) fn limits(&self) -> Limits {
        self.0.limits
    }

    pub(super) fn crash(&self) -> &CrashPoint {
        &self.0.crash
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(super) fn now(&self) -> Millis {
        self.0.clock.now()
    }

    pub(super) fn tell(&self, deployment: &DeploymentId, number: DeployNumber) {
        self.0.changes.tell(deployment, Some(number));
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("owner", &self.0.owner).finish_non_exhaustive()
    }
}

/// A rollout whose task panicked keeps its lease until it ends, and is then taken up again like that of a dead server.
fn tell_of_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a rollout broke off");
    }
}
