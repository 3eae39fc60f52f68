//! One step: observe, act, observe again.

use std::{sync::Arc, time::Duration};

use backstep_domain::{FileChangeKind, KeptSetting, Millis, Part, Revision, StepKind};
use tokio::{sync::mpsc::UnboundedReceiver, time::timeout};

use super::{carry_out::Job, crash::Edge, engine::Engine};
use crate::{
    bundles::files_between,
    store::StoreError,
    targets::{StepInput, StepLog, Target},
};

/// Lines that are written to the store at once.
const BATCH: usize = 500;

impl Engine {
    /// Does a step on the targets that it is for. The inner error is the target's, in words; the second value says whether
    /// the target was made to act.
    pub(super) async fn do_step(
        &self,
        job: &Job<'_>,
        index: u32,
        kind: StepKind,
    ) -> Result<(Result<(), String>, bool), StoreError> {
        self.logged(job, index, async |log| {
            let mut touched = false;
            let limit = self.limits().step;
            let outcome = match timeout(limit, self.on_targets(job, kind, &log, &mut touched)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(format!("it did not end within {}, and was given up.", in_words(limit))),
            };
            if let Err(why) = &outcome {
                log.line(format!("Failed: {why}"));
            }
            (outcome, touched)
        })
        .await
    }

    async fn on_targets(&self, job: &Job<'_>, kind: StepKind, log: &StepLog, touched: &mut bool) -> Result<(), String> {
        let input = job.input(kind, &job.deploy().revision);
        for part in parts_of_step(kind, &job.parts) {
            let target = self.target(job, part, kind).await?;
            self.make_true(job, &*target, &input, log, touched).await?;
        }
        Ok(())
    }

    async fn make_true(
        &self,
        job: &Job<'_>,
        target: &dyn Target,
        input: &StepInput,
        log: &StepLog,
        touched: &mut bool,
    ) -> Result<(), String> {
        let (name, step) = (target.name(), input.step.as_str());
        let seen = target.observe(input).await.map_err(|e| e.0)?;
        if seen.done {
            log.line(format!("{name}: already so: {}", seen.detail));
            return Ok(());
        }
        log.line(format!("{name}: before: {}", seen.detail));
        if input.step == StepKind::StageDags {
            self.tell_files(job, log).await;
        }
        self.crash().reach(step, Edge::BeforeAct).await;
        *touched = true;
        self.crash().during(step, target.act(input, log)).await.map_err(|e| e.0)?;
        self.crash().reach(step, Edge::AfterAct).await;
        let seen = target.observe(input).await.map_err(|e| e.0)?;
        if !seen.done {
            return Err(format!("{name} carried it out, but this is what is there: {}.", seen.detail));
        }
        log.line(format!("{name}: now: {}", seen.detail));
        Ok(())
    }

    /// How the files differ from those that run; for the log only, so what cannot be read is left out.
    async fn tell_files(&self, job: &Job<'_>, log: &StepLog) {
        let Some(before) = &job.before else { return };
        let (Some(old), Some(new)) = (&before.revision.dags, &job.deploy().revision.dags) else { return };
        let (old, new) = tokio::join!(self.bundles().manifest(&old.bundle), self.bundles().manifest(&new.bundle));
        let (Ok(Some(old)), Ok(Some(new))) = (old, new) else { return };
        let changes = files_between(&old, &new);
        let count = |kind| changes.iter().filter(|change| change.kind == kind).count();
        let [added, changed, removed] =
            [FileChangeKind::Added, FileChangeKind::Changed, FileChangeKind::Removed].map(count);
        log.line(format!("Against {}: {added} files added, {changed} changed, {removed} removed", before.number));
    }

    /// The target of a part, if it has one that is configured.
    pub(super) fn known_target(&self, job: &Job<'_>, part: Part) -> Option<&Arc<dyn Target>> {
        self.targets().get(job.target_name(part)?)
    }

    /// The target of a part, if it can do the step.
    pub(super) async fn target(&self, job: &Job<'_>, part: Part, kind: StepKind) -> Result<Arc<dyn Target>, String> {
        let what = match part {
            Part::Dags => "DAG files",
            Part::Image => "images",
        };
        let Some(name) = job.target_name(part) else {
            return Err(format!("The Deployment has no target for {what}. Name one in its settings."));
        };
        let Some(target) = self.targets().get(name) else {
            return Err(format!("There is no target `{name}` in the server's configuration file any more."));
        };
        let ability = target.ability().await.map_err(|e| format!("The target `{name}` does not answer: {e}"))?;
        if !ability.steps.contains(&kind) {
            return Err(format!("The target `{name}` cannot do this step: {}.", kind.label()));
        }
        Ok(target.clone())
    }

    /// The settings that were kept, to be compared with later ones. A target that does not tell them fails nothing.
    pub(super) async fn kept(&self, job: &Job<'_>, index: u32) -> Result<Vec<KeptSetting>, StoreError> {
        let Some(target) = self.known_target(job, Part::Image) else {
            return Ok(Vec::new());
        };
        self.logged(job, index, async |log| match target.kept(&job.deployment.id).await {
            Ok(kept) => kept.unwrap_or_default(),
            Err(error) => {
                log.line(format!("The kept settings are not recorded: {error}"));
                Vec::new()
            }
        })
        .await
    }

    /// Does `work` with a log whose lines go to the store while it runs.
    pub(super) async fn logged<T>(
        &self,
        job: &Job<'_>,
        index: u32,
        work: impl AsyncFnOnce(StepLog) -> T,
    ) -> Result<T, StoreError> {
        let (log, lines) = StepLog::new(self.clock().clone());
        let (outcome, written) = tokio::join!(work(log), self.write_lines(job, index, lines));
        written.map(|()| outcome)
    }

    async fn write_lines(
        &self,
        job: &Job<'_>,
        index: u32,
        mut lines: UnboundedReceiver<(Millis, String)>,
    ) -> Result<(), StoreError> {
        let mut batch = Vec::new();
        while lines.recv_many(&mut batch, BATCH).await > 0 {
            self.store().log_lines(job.claim, index, &batch).await?;
            self.tell(&job.deployment.id, job.deploy().number);
            batch.clear();
        }
        Ok(())
    }
}

impl Job<'_> {
    /// The name of the target that a part is rolled out on.
    fn target_name(&self, part: Part) -> Option<&str> {
        match part {
            Part::Dags => self.deployment.dags_target.as_deref(),
            Part::Image => self.deployment.image_target.as_deref(),
        }
    }

    /// A step towards a revision: that of the deploy, or when falling back that of the one before.
    pub fn input(&self, step: StepKind, revision: &Revision) -> StepInput {
        StepInput {
            step,
            deployment: self.deployment.id.clone(),
            deployment_name: self.deployment.name.clone(),
            number: self.deploy().number,
            image: revision.image.image.clone(),
            bundle: revision.dags.as_ref().map(|dags| dags.bundle.clone()),
        }
    }
}

fn in_words(limit: Duration) -> String {
    match limit.as_secs() {
        seconds if seconds >= 60 && seconds.is_multiple_of(60) => format!("{} minutes", seconds / 60),
        seconds => format!("{seconds} seconds"),
    }
}

fn parts_of_step(kind: StepKind, rolled_out: &[Part]) -> Vec<Part> {
    match kind {
        StepKind::StageDags | StepKind::SwitchDags => vec![Part::Dags],
        StepKind::SwitchImage => vec![Part::Image],
        // What was not rolled out is not this rollout's to judge.
        StepKind::Verify => rolled_out.to_vec(),
    }
}
