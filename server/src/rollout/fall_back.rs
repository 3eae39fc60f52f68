//! Falling back: a rollout that fails leaves the Deployment on what it ran before.

use backstep_domain::{Deploy, Part, StepKind};

use super::{carry_out::Job, crash::Edge, engine::Engine};
use crate::{store::StoreError, targets::StepLog};

impl Engine {
    /// Puts back the parts that `switched` may have changed, the last one first; the log goes to the failed step. Returns
    /// what a person must know, in words.
    pub(super) async fn fall_back(
        &self,
        job: &Job<'_>,
        failed: u32,
        switched: &[StepKind],
    ) -> Result<String, StoreError> {
        let name = &job.deployment.name;
        let Some(before) = &job.before else {
            let nothing = format!("Nothing was switched on {name}.");
            let first = format!(
                "{name} had no earlier deploy to go back to, so what is on its targets was left there; the log says what."
            );
            return Ok(if switched.is_empty() { nothing } else { first });
        };
        if switched.is_empty() {
            return Ok(format!("Nothing was switched: {name} runs what it ran before, {}.", before.number));
        }
        self.logged(job, failed, async |log| {
            log.line(format!("Falling back to {}", before.number));
            let mut by_hand = Vec::new();
            for kind in switched.iter().rev() {
                if let Err(why) = self.put_back(job, before, *kind, &log).await {
                    log.line(format!("Falling back failed: {why}"));
                    by_hand.push(self.to_do(job, before, *kind, &why));
                }
            }
            if by_hand.is_empty() {
                log.line(format!("{name} runs {} again", before.number));
                return format!("{name} was put back and runs what it ran before, {}.", before.number);
            }
            format!(
                "Falling back to {} failed too, so {name} needs an operator. To do by hand: {}",
                before.number,
                by_hand.join(" ")
            )
        })
        .await
    }

    /// What a person has to do where the engine could not, with the command that does it.
    fn to_do(&self, job: &Job<'_>, before: &Deploy, kind: StepKind, why: &str) -> String {
        let what = format!("{} ({}).", in_words(before, kind), why.trim_end_matches('.'));
        let part = if kind == StepKind::SwitchDags { Part::Dags } else { Part::Image };
        match self.known_target(job, part).and_then(|target| target.by_hand(&job.input(kind, &before.revision))) {
            Some(command) => format!("{what} The command: {command}"),
            None => what,
        }
    }

    async fn put_back(&self, job: &Job<'_>, before: &Deploy, kind: StepKind, log: &StepLog) -> Result<(), String> {
        let (part, steps): (_, &[StepKind]) = match kind {
            StepKind::SwitchDags => (Part::Dags, &[StepKind::StageDags, StepKind::SwitchDags]),
            _ => (Part::Image, &[StepKind::SwitchImage]),
        };
        let missing = match part {
            Part::Dags => before.revision.dags.is_none(),
            Part::Image => before.revision.image.image.is_none(),
        };
        if missing {
            return Err("that deploy has none on record".to_owned());
        }
        for step in steps {
            let target = self.target(job, part, *step).await?;
            let input = job.input(*step, &before.revision);
            if target.observe(&input).await.map_err(|e| e.0)?.done {
                continue;
            }
            self.crash().reach("fall_back", Edge::BeforeAct).await;
            target.act(&input, log).await.map_err(|e| e.0)?;
            self.crash().reach("fall_back", Edge::AfterAct).await;
            let seen = target.observe(&input).await.map_err(|e| e.0)?;
            if !seen.done {
                return Err(format!("carried out, but this is what is there: {}", seen.detail));
            }
            log.line(format!("{}: now: {}", target.name(), seen.detail));
        }
        Ok(())
    }
}

fn in_words(before: &Deploy, kind: StepKind) -> String {
    let revision = &before.revision;
    match (kind, &revision.image.image, &revision.dags) {
        (StepKind::SwitchDags, _, Some(dags)) => {
            format!("make the DAG files those of bundle {} again", dags.bundle.short())
        }
        (StepKind::SwitchImage, Some(image), _) => format!("set the image to {} again", image.pinned()),
        (StepKind::SwitchDags, ..) => format!("put back the DAG files of before {}", before.number),
        _ => format!("put back the image of before {}", before.number),
    }
}
