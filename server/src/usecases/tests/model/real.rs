//! The same life through the use cases on one database. What the engine does is done here step by step, with the store's own
//! functions and the same rules for what is rolled out, so that anything can happen in between.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use backstep_app::api::RollBackRequest;
use backstep_domain::{
    Catalogue, Cause, Deploy, DeployId, DeployKind, DeployNumber, DeployStatus, Deployment, DeploymentId, Grant,
    HistoryFilter, Hold, KeptSetting, Millis, Part, Place, Policy, Principal, Problem, Revision, Roles, Step, StepKind,
    StepStatus, TargetAbility, rebased_revision,
};

use super::{
    rules::{self, Answer, Version, View},
    transition::{RollBack, Transition},
};
use crate::{
    audit::{CheckpointKey, Sealer},
    auth::Passwords,
    bundles::Bundles,
    changes::Changes,
    clock::{Clock as _, FixedClock, SequentialIds},
    pace::Pace,
    rollout::{Engine, steps_of},
    store::{
        Claim, RolloutEnd, Store, StoreError,
        tests::{
            database::Database,
            given::{LEASE, START, author, deployment, history, image, workspace},
        },
    },
    targets::{Observed, Runs, StepInput, StepLog, Target, TargetError, TargetSet, tests::bundle},
    usecases::{Context, IdempotencyKey, NewUpload, Replayed, UseCases},
};

/// How many versions of image and DAGs there are.
pub const VERSIONS: usize = 4;

/// A database, and the use cases on it.
pub struct Real {
    usecases: UseCases,
    clock: Arc<FixedClock>,
    admin: Principal,
    dags: Vec<backstep_domain::BundleDigest>,
    lives: AtomicU32,
    _folder: tempfile::TempDir,
}

/// One Deployment of it.
pub struct Life<'a> {
    real: &'a Real,
    of: Deployment,
    holder: Option<Claim>,
    before: Vec<Claim>,
    /// The last request that was recorded, with its key.
    recorded: Option<(Request, IdempotencyKey)>,
}

#[derive(Clone)]
enum Request {
    Finalize(DeployId),
    RollBack(RollBackRequest),
}

impl Real {
    pub async fn on(database: &Database) -> Self {
        let (folder, store) = (tempfile::tempdir().unwrap(), database.open().await);
        let clock = Arc::new(FixedClock::at(START));
        let bundles = Bundles::local(folder.path()).unwrap();
        let mut dags = Vec::new();
        for version in 0..VERSIONS {
            dags.push(bundle(&bundles, &[("etl.py", &version.to_string())]).await);
        }
        let targets = TargetSet::of(["dags", "image"].map(|name| Arc::new(Able(name)) as Arc<dyn Target>));
        let (changes, policy) = (Changes::default(), Policy::default());
        store.create_workspace(&workspace("data"), None, None, None).await.unwrap();
        let engine = Engine::new(
            store.clone(),
            bundles.clone(),
            targets.clone(),
            clock.clone(),
            changes.clone(),
            policy.clone(),
            "never runs".to_owned(),
        );
        let usecases = UseCases::new(Context {
            sealer: Sealer::new(store.clone(), CheckpointKey::from_seed(&[1; 32]), clock.clone()),
            store,
            bundles,
            targets,
            engine,
            changes,
            clock: clock.clone(),
            ids: Arc::new(SequentialIds::default()),
            policy,
            catalogue: Catalogue::built_in(),
            roles: Arc::new(Roles::built_in()),
            passwords: Passwords::default(),
            rollback_pace: Pace::per_minute(0),
            metrics: Default::default(),
        });
        let grants = [Grant { role: "SYSTEM_ADMIN".parse().unwrap(), at: Place::System, team: None }];
        let admin = Principal::granted(author("Ada"), &grants, &Roles::built_in());
        Self { usecases, clock, admin, dags, lives: AtomicU32::new(0), _folder: folder }
    }

    /// A new Deployment.
    pub async fn begin(&self) -> Life<'_> {
        let of = Deployment {
            runtime: Some("3.1-12".parse().unwrap()),
            airflow: Some("3.1.8".parse().unwrap()),
            dags_target: Some("dags".to_owned()),
            image_target: Some("image".to_owned()),
            ..deployment(&format!("life-{}", self.lives.fetch_add(1, Ordering::Relaxed)))
        };
        self.usecases.store.create_deployment(&of, None, None).await.unwrap();
        Life { real: self, of, holder: None, before: Vec::new(), recorded: None }
    }

    /// Claims for a Deployment. Workers take whatever is queued, so what a life left that disagreed is ended on the way.
    async fn claim(&self, of: &Deployment) -> Option<Claim> {
        // A transaction that was dropped ends a moment later, and a worker on PostgreSQL passes over what it has locked.
        self.usecases.store.lock_deployment(&of.id).await.unwrap().commit().await.unwrap();
        loop {
            let claim = self.usecases.store.claim_rollout("a server", self.clock.now(), LEASE).await.unwrap()?;
            if claim.deploy.deployment == of.id {
                return Some(claim);
            }
            let end = RolloutEnd::Failed { reason: "left over".to_owned() };
            self.usecases.store.finish_rollout(&claim, end, self.clock.now()).await.unwrap();
        }
    }
}

fn refused(problem: Problem) -> Answer {
    Answer::Refused { code: problem.code, winner: problem.winner.map(DeployNumber::get) }
}

fn recorded(outcome: Result<Deploy, Problem>) -> Answer {
    outcome.map_or_else(refused, |deploy| Answer::Recorded { number: deploy.number.get(), status: deploy.status })
}

impl Life<'_> {
    fn store(&self) -> &Store {
        &self.real.usecases.store
    }

    fn id(&self) -> &DeploymentId {
        &self.of.id
    }

    fn now(&self) -> Millis {
        self.real.clock.now()
    }

    pub async fn does(&mut self, transition: &Transition) -> Answer {
        // Not so much that a lease ends within a life by itself.
        self.real.clock.advance(100);
        let (usecases, admin) = (&self.real.usecases, &self.real.admin);
        match transition {
            Transition::Deploy { kind, version } => self.deploy(*kind, *version).await,
            Transition::RollBack(asked) => self.roll_back(asked).await,
            Transition::Again => match self.recorded.clone() {
                Some((request, key)) => recorded(self.ask(&request, key).await),
                None => Answer::Nothing,
            },
            Transition::SetHold => match usecases.set_hold(admin, self.id(), "it breaks", None).await {
                Ok(()) => Answer::Nothing,
                Err(problem) => refused(problem),
            },
            Transition::Release(to) => match usecases.release_hold(admin, self.id(), *to, true).await {
                Ok(newest) => Answer::Released(newest.map(DeployNumber::get)),
                Err(problem) => refused(problem),
            },
            Transition::Claim => self.claim().await,
            Transition::LeaseEnds => {
                self.real.clock.advance(LEASE);
                self.claim().await
            }
            Transition::Work(times) => {
                let mut last = Answer::Nothing;
                for _ in 0..*times {
                    last = self.work().await;
                }
                last
            }
            Transition::CarryOut => {
                if self.holder.is_none() && self.claim().await == Answer::Nothing {
                    return Answer::Nothing;
                }
                loop {
                    if let ended @ Answer::Ended(_) = self.work().await {
                        return ended;
                    }
                }
            }
            Transition::Break => self.break_off().await,
            Transition::Zombie => match self.before.last().cloned() {
                Some(before) => self.every_write(&before).await,
                None => Answer::Nothing,
            },
        }
    }

    async fn deploy(&mut self, kind: DeployKind, version: usize) -> Answer {
        let new = NewUpload {
            kind,
            description: format!("version {version}"),
            image: kind.has(Part::Image).then(|| image(u32::try_from(version).unwrap())),
            runtime: kind.has(Part::Image).then(|| self.of.runtime.clone()).flatten(),
            airflow: kind.has(Part::Image).then_some(self.of.airflow).flatten(),
            heads: None,
            mechanism: None,
            git: None,
            adoption: false,
        };
        let (usecases, admin) = (&self.real.usecases, &self.real.admin);
        let upload = usecases.create_upload(admin, self.id(), new, None).await.unwrap();
        if kind.has(Part::Dags) {
            self.store().set_upload_bundle(&upload.id, &self.real.dags[version]).await.unwrap();
        }
        self.asks(Request::Finalize(upload.id)).await
    }

    async fn roll_back(&mut self, asked: &RollBack) -> Answer {
        self.asks(Request::RollBack(RollBackRequest {
            target: DeployNumber::new(asked.to).unwrap(),
            scope: asked.scope,
            description: "it broke".to_owned(),
            fingerprint: asked.moved.then(|| "of another plan".to_owned()),
            hold: Some(asked.hold),
            reject: Some(asked.reject),
            confirm_name: None,
        }))
        .await
    }

    /// With a key of its own.
    async fn asks(&mut self, request: Request) -> Answer {
        let key = IdempotencyKey {
            key: self.real.usecases.ids.next(),
            body_hash: "the same".to_owned(),
            replayed: Replayed::default(),
        };
        let answer = recorded(self.ask(&request, key.clone()).await);
        if matches!(answer, Answer::Recorded { .. }) {
            self.recorded = Some((request, key));
        }
        answer
    }

    async fn ask(&self, request: &Request, key: IdempotencyKey) -> Result<Deploy, Problem> {
        let (usecases, admin) = (&self.real.usecases, &self.real.admin);
        match request {
            Request::Finalize(upload) => usecases.finalize(admin, self.id(), upload, true, Some(key)).await,
            Request::RollBack(asked) => usecases.roll_back(admin, self.id(), asked.clone(), Some(key)).await,
        }
    }

    async fn claim(&mut self) -> Answer {
        let Some(claim) = self.real.claim(&self.of).await else { return Answer::Nothing };
        let (number, epoch, resumed) = (claim.deploy.number.get(), claim.epoch, claim.resumed);
        self.before.extend(self.holder.replace(claim));
        Answer::Claimed { number, epoch, resumed }
    }

    /// As `Engine::carry_out` goes on from the rows that it finds.
    async fn work(&mut self) -> Answer {
        let Some(mut claim) = self.holder.clone() else { return Answer::Nothing };
        let steps = self.store().steps(&claim.deploy.id).await.unwrap();
        if steps.is_empty() {
            let live = self.store().present(self.id()).await.unwrap().live.map(|live| live.revision);
            if let Some(live) = &live {
                let revision = rebased_revision(&claim.deploy, live);
                if revision != claim.deploy.revision {
                    self.store().rebase(&claim, &revision, self.now()).await.unwrap();
                    claim.deploy.revision = revision;
                }
            }
            let kinds = steps_of(&claim.deploy, live.as_ref());
            self.store().plan_steps(&claim, &kinds).await.unwrap();
            self.holder = Some(claim);
            return Answer::Planned(kinds);
        }
        let Some(step) = steps.iter().find(|step| step.status != StepStatus::Succeeded) else {
            return self.end(&claim, RolloutEnd::Succeeded { kept: Vec::new() }).await;
        };
        if step.status == StepStatus::Running {
            self.end_step(&claim, step, StepStatus::Succeeded).await;
            return Answer::Step(step.kind, StepStatus::Succeeded);
        }
        if let Some(reason) = self.store().start_step(&claim, step.index, self.now()).await.unwrap() {
            self.skip_rest(&claim, &steps).await;
            return self.end(&claim, RolloutEnd::Cancelled { reason }).await;
        }
        Answer::Step(step.kind, StepStatus::Running)
    }

    async fn break_off(&mut self) -> Answer {
        let Some(claim) = self.holder.clone() else { return Answer::Nothing };
        let steps = self.store().steps(&claim.deploy.id).await.unwrap();
        let Some(step) = steps.iter().find(|step| step.status == StepStatus::Running) else { return Answer::Nothing };
        self.end_step(&claim, step, StepStatus::Failed).await;
        self.skip_rest(&claim, &steps).await;
        self.end(&claim, RolloutEnd::Failed { reason: "it broke off".to_owned() }).await
    }

    async fn end_step(&self, claim: &Claim, step: &Step, status: StepStatus) {
        self.store().end_step(claim, step.index, status, None, self.now()).await.unwrap();
    }

    async fn skip_rest(&self, claim: &Claim, steps: &[Step]) {
        for step in steps.iter().filter(|step| step.status == StepStatus::Pending) {
            self.end_step(claim, step, StepStatus::Skipped).await;
        }
    }

    async fn end(&mut self, claim: &Claim, end: RolloutEnd) -> Answer {
        let status = end.status();
        self.store().finish_rollout(claim, end, self.now()).await.unwrap();
        self.before.extend(self.holder.take());
        Answer::Ended(status)
    }

    async fn every_write(&self, by: &Claim) -> Answer {
        let (store, now) = (self.store(), self.now());
        let writes = [
            store.renew(by, now.plus(LEASE)).await,
            store.rebase(by, &by.deploy.revision, now).await,
            store.plan_steps(by, &[StepKind::Verify]).await,
            store.start_step(by, 0, now).await.map(|_| ()),
            store.end_step(by, 0, StepStatus::Failed, None, now).await,
            store.log_lines(by, 0, &[(now, "late".to_owned())]).await,
            store.finish_rollout(by, RolloutEnd::Succeeded { kept: Vec::new() }, now).await,
        ];
        let fenced = writes.iter().all(|outcome| matches!(outcome, Err(StoreError::Fenced)));
        if fenced { Answer::Fenced } else { Answer::Nothing }
    }

    /// As the rules see it, and every column of it.
    pub async fn view(&self) -> (View, (Vec<Deploy>, Option<Hold>)) {
        let present = self.store().present(self.id()).await.unwrap();
        let deploys = history(self.store(), &self.of, &HistoryFilter::default()).await;
        let deploys: Vec<_> = deploys.into_iter().rev().collect();
        let of_status = |status| deploys.iter().find(|deploy| deploy.status == status).cloned();
        assert_eq!(present.running, of_status(DeployStatus::Running), "one question and the other");
        assert_eq!(present.queued, of_status(DeployStatus::Queued), "one question and the other");
        assert_eq!(present.live, deploys.iter().find(|deploy| deploy.is_live()).cloned(), "one question and the other");
        let steps = match &present.running {
            Some(running) => self.store().steps(&running.id).await.unwrap(),
            None => Vec::new(),
        };
        let view = View {
            deploys: deploys.iter().map(|deploy| self.shown(deploy)).collect(),
            hold: present.hold.as_ref().map(|hold| hold.rollback.map(DeployNumber::get)),
            before_live: present.before_live.map(DeployNumber::get),
            steps: steps.iter().map(|step| (step.kind, step.status)).collect(),
        };
        (view, (deploys, present.hold))
    }

    fn shown(&self, deploy: &Deploy) -> rules::Deploy {
        let (image, dags) = self.versions(&deploy.revision);
        rules::Deploy {
            number: deploy.number.get(),
            kind: deploy.kind,
            rollback: match deploy.cause {
                Cause::Rollback { of, to, .. } => Some((of.get(), to.get())),
                _ => None,
            },
            status: deploy.status,
            image,
            dags,
            live: deploy.is_live(),
            rejected: deploy.rejected,
        }
    }

    fn versions(&self, revision: &Revision) -> (Version, Version) {
        let named = revision.image.image.as_ref();
        let version = (0..VERSIONS).find(|version| named == Some(&image(u32::try_from(*version).unwrap())));
        let image = version.map(|version| (version, revision.image.origin.get()));
        let dags = revision.dags.as_ref().map(|part| {
            let version = self.real.dags.iter().position(|bundle| *bundle == part.bundle);
            (version.expect("one of ours"), part.origin.get())
        });
        (image, dags)
    }
}

/// A target that can do every step, and is never asked to.
struct Able(&'static str);

#[async_trait]
impl Target for Able {
    fn name(&self) -> &str {
        self.0
    }

    async fn ability(&self) -> Result<TargetAbility, TargetError> {
        use StepKind::{StageDags, SwitchDags, SwitchImage, Verify};
        let steps = vec![StageDags, SwitchImage, SwitchDags, Verify];
        Ok(TargetAbility { name: self.0.to_owned(), steps, database: false, mechanism: false })
    }

    async fn observe(&self, _: &StepInput) -> Result<Observed, TargetError> {
        unreachable!("nothing is rolled out by an engine here")
    }

    async fn act(&self, _: &StepInput, _: &StepLog) -> Result<(), TargetError> {
        unreachable!("nothing is rolled out by an engine here")
    }

    async fn kept(&self, _: &DeploymentId) -> Result<Option<Vec<KeptSetting>>, TargetError> {
        Ok(None)
    }

    async fn runs(&self, _: &DeploymentId) -> Result<Runs, TargetError> {
        unreachable!("nothing is rolled out by an engine here")
    }

    fn by_hand(&self, _: &StepInput) -> Option<String> {
        None
    }

    async fn prune(&self, _: &BTreeSet<backstep_domain::BundleDigest>) -> Result<u32, TargetError> {
        Ok(0)
    }
}
