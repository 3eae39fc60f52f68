//! One rollout, from its claim to its end.

use std::time::Instant;

use backstep_domain::{Deploy, Deployment, Part, Revision, Step, StepKind, StepStatus, rebased_revision};
use tokio_util::sync::CancellationToken;

use super::{
    crash::Edge,
    engine::Engine,
    steps::{parts_of, steps_of},
};
use crate::store::{Claim, RolloutEnd, StoreError};

/// What a rollout is about; none of it changes while it runs.
pub(super) struct Job<'a> {
    pub claim: &'a Claim,
    pub deployment: Deployment,
    /// The deploy that is live until this one is.
    pub before: Option<Deploy>,
    /// The parts that are rolled out.
    pub parts: Vec<Part>,
}

impl Job<'_> {
    pub fn deploy(&self) -> &Deploy {
        &self.claim.deploy
    }
}

impl Engine {
    /// Carries the rollout out for as long as the lease is held. When it is lost all work stops at once: the store refuses
    /// its writes anyway, and the new holder observes what it left on the targets.
    pub(super) async fn hold_and_carry_out(&self, claim: Claim, shutdown: CancellationToken) {
        let deploy = &claim.deploy;
        let outcome = tokio::select! {
            outcome = self.carry_out(&claim, &shutdown) => outcome,
            () = self.keep_lease(&claim) => Err(StoreError::Fenced),
        };
        match outcome {
            Ok(()) => self.wake(),
            Err(StoreError::Fenced) => {
                self.metrics().lease_lost();
                tracing::warn!(deploy = %deploy.id, number = %deploy.number, "the lease is lost; another server goes on");
            }
            Err(error) => {
                // The lease ends by itself, and then the rollout is taken up again from its rows.
                tracing::error!(deploy = %deploy.id, number = %deploy.number, %error, "the rollout is interrupted");
            }
        }
    }

    async fn carry_out(&self, claim: &Claim, shutdown: &CancellationToken) -> Result<(), StoreError> {
        let deployment = self.store().deployment(&claim.deploy.deployment).await?;
        let before = self.store().present(&deployment.id).await?.live;
        let revision = before.as_ref().map(|before| &before.revision);
        let mut steps = self.store().steps(&claim.deploy.id).await?;
        let mut claim = claim.clone();
        if steps.is_empty() {
            self.rebase(&mut claim, revision).await?;
            self.store().plan_steps(&claim, &steps_of(&claim.deploy, revision)).await?;
            steps = self.store().steps(&claim.deploy.id).await?;
            self.tell(&deployment.id, claim.deploy.number);
        }
        let (claim, parts) = (&claim, parts_of(&claim.deploy, revision));
        let job = Job { claim, deployment, parts, before };
        let deploy = job.deploy();
        self.crash().reach("start", Edge::AfterEnd).await;

        if let Some(failed) = steps.iter().find(|step| step.status == StepStatus::Failed) {
            // The server died while it fell back.
            let why = failed.error.clone().unwrap_or_default();
            return self.fail(&job, &steps, failed.index, &why, true).await;
        }
        if claim.epoch > self.limits().attempts
            && let Some(left) = steps.iter().find(|step| step.status != StepStatus::Succeeded)
        {
            let attempts = self.limits().attempts;
            let why =
                format!("{} broke off with its server {attempts} times, so it is not tried again.", left.kind.label());
            let (index, touched) = (left.index, left.status == StepStatus::Running);
            return self.fail_at(&job, &steps, index, &why, touched).await;
        }
        for at in 0..steps.len() {
            let (index, kind, status) = (steps[at].index, steps[at].kind, steps[at].status);
            if status == StepStatus::Succeeded {
                continue;
            }
            if shutdown.is_cancelled() {
                return self.store().renew(claim, self.now()).await;
            }
            if let Some(reason) = self.store().start_step(claim, index, self.now()).await? {
                return self.cancel(&job, &steps, reason).await;
            }
            self.tell(&deploy.deployment, deploy.number);
            self.crash().reach(kind.as_str(), Edge::AfterRow).await;
            // A row that was "running" already is one that a dead server may have acted on.
            steps[at].status = StepStatus::Running;
            let began = Instant::now();
            let (outcome, touched) = self.do_step(&job, index, kind).await?;
            self.metrics().step(kind.as_str(), outcome.is_ok(), began.elapsed());
            if let Err(why) = outcome {
                let why = format!("{} failed: {why}", kind.label());
                let touched = touched || status == StepStatus::Running;
                return self.fail_at(&job, &steps, index, &why, touched).await;
            }
            self.store().end_step(claim, index, StepStatus::Succeeded, None, self.now()).await?;
            steps[at].status = StepStatus::Succeeded;
            self.tell(&deploy.deployment, deploy.number);
            self.crash().reach(kind.as_str(), Edge::AfterEnd).await;
        }
        self.succeed(&job, &steps).await
    }

    /// A deploy was recorded on top of what ran then. What went live while it waited must stay, but for its own parts.
    async fn rebase(&self, claim: &mut Claim, live: Option<&Revision>) -> Result<(), StoreError> {
        let Some(live) = live else { return Ok(()) };
        let revision = rebased_revision(&claim.deploy, live);
        if revision != claim.deploy.revision {
            self.store().rebase(claim, &revision, self.now()).await?;
            claim.deploy.revision = revision;
        }
        Ok(())
    }

    async fn succeed(&self, job: &Job<'_>, steps: &[Step]) -> Result<(), StoreError> {
        let last = steps.last().map_or(0, |step| step.index);
        let kept = self.kept(job, last).await?;
        self.prune(job, last).await?;
        self.crash().reach("finish", Edge::BeforeAct).await;
        self.finish(job, RolloutEnd::Succeeded { kept }).await
    }

    async fn cancel(&self, job: &Job<'_>, steps: &[Step], reason: String) -> Result<(), StoreError> {
        self.skip_rest(job, steps).await?;
        self.finish(job, RolloutEnd::Cancelled { reason }).await
    }

    /// Ends a step as failed, and the rollout with it.
    async fn fail_at(
        &self,
        job: &Job<'_>,
        steps: &[Step],
        failed: u32,
        why: &str,
        touched: bool,
    ) -> Result<(), StoreError> {
        self.store().end_step(job.claim, failed, StepStatus::Failed, Some(why), self.now()).await?;
        self.tell(&job.deployment.id, job.deploy().number);
        self.fail(job, steps, failed, why, touched).await
    }

    /// Puts back what ran before, if anything may have been switched, and says why the rollout failed.
    async fn fail(
        &self,
        job: &Job<'_>,
        steps: &[Step],
        failed: u32,
        why: &str,
        touched: bool,
    ) -> Result<(), StoreError> {
        let switched = |step: &&Step| {
            step.kind.is_switch() && (step.status == StepStatus::Succeeded || (step.index == failed && touched))
        };
        let switched: Vec<StepKind> = steps.iter().filter(switched).map(|step| step.kind).collect();
        self.skip_rest(job, steps).await?;
        let after = self.fall_back(job, failed, &switched).await?;
        self.finish(job, RolloutEnd::Failed { reason: format!("{why} {after}") }).await
    }

    async fn skip_rest(&self, job: &Job<'_>, steps: &[Step]) -> Result<(), StoreError> {
        for step in steps.iter().filter(|step| step.status == StepStatus::Pending) {
            self.store().end_step(job.claim, step.index, StepStatus::Skipped, None, self.now()).await?;
        }
        Ok(())
    }

    async fn finish(&self, job: &Job<'_>, end: RolloutEnd) -> Result<(), StoreError> {
        let deploy = job.deploy();
        let outcome = end.status().as_str();
        self.store().finish_rollout(job.claim, end, self.now()).await?;
        self.metrics().rolled_out(deploy.is_rollback(), outcome);
        self.tell(&deploy.deployment, deploy.number);
        self.crash().reach("finish", Edge::AfterEnd).await;
        Ok(())
    }
}
