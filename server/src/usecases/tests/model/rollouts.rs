//! The rules of the rollouts: who carries one out, in which steps, and how it ends.

use backstep_domain::{
    DeployStatus, Part,
    StepKind::{StageDags, SwitchDags, SwitchImage, Verify},
    StepStatus,
};

use super::rules::{Answer, Model, Rollout, Version};

impl Rollout {
    /// The point of no return: a switch was begun.
    pub fn is_past_return(&self) -> bool {
        self.steps.iter().any(|(kind, s)| matches!(kind, SwitchImage | SwitchDags) && *s != StepStatus::Pending)
    }
}

impl Model {
    /// One rollout at a time: the one whose server is gone, else the queued one where none runs.
    pub(super) fn claim(&mut self, lease_ended: bool) -> Answer {
        if let Some(rollout) = self.rollout.as_mut().filter(|_| lease_ended) {
            rollout.epoch += 1;
            self.zombie = true;
            self.reached.insert("rollout: taken over");
            return Answer::Claimed { number: rollout.number, epoch: rollout.epoch, resumed: true };
        }
        let Some(queued) = self.queued().filter(|_| self.rollout.is_none()) else {
            self.reached.insert("rollout: nothing to claim");
            return Answer::Nothing;
        };
        self.at(queued.number).status = DeployStatus::Running;
        self.rollout = Some(Rollout { number: queued.number, epoch: 1, stop: false, steps: Vec::new() });
        self.reached.insert("rollout: started");
        Answer::Claimed { number: queued.number, epoch: 1, resumed: false }
    }

    pub(super) fn work(&mut self) -> Answer {
        use StepStatus::{Pending, Running, Skipped, Succeeded};
        let Some(rollout) = &mut self.rollout else { return Answer::Nothing };
        if rollout.steps.is_empty() {
            return self.plan();
        }
        let too_late = rollout.is_past_return();
        match rollout.steps.iter_mut().find(|(_, status)| *status != Succeeded) {
            None => {
                self.reached.extend(rollout.stop.then_some("rollout: asked to stop too late"));
                self.end(DeployStatus::Succeeded)
            }
            Some((_, Pending)) if rollout.stop && !too_late => {
                rollout.steps.iter_mut().filter(|(_, status)| *status == Pending).for_each(|step| step.1 = Skipped);
                self.end(DeployStatus::Cancelled)
            }
            Some((kind, status)) => {
                *status = if *status == Pending { Running } else { Succeeded };
                Answer::Step(*kind, *status)
            }
        }
    }

    /// What went live while it waited stays, but for its own parts; what changes is rolled out, and what it brings.
    fn plan(&mut self) -> Answer {
        let number = self.rollout.as_ref().map_or(0, |rollout| rollout.number);
        let (live, mut deploy) = (self.live().cloned(), self.at(number).clone());
        if let Some(live) = &live {
            let (image, dags) = (deploy.image, deploy.dags);
            deploy.image = if deploy.kind.has(Part::Image) { deploy.image } else { live.image };
            deploy.dags = if deploy.kind.has(Part::Dags) { deploy.dags } else { live.dags };
            let moved = (image, dags) != (deploy.image, deploy.dags);
            self.reached.extend(moved.then_some("rollout: on top of what went live meanwhile"));
        }
        let (image, dags) = live.map_or((None, None), |live| (live.image, live.dags));
        let rolls_out = |part: Part, before: Version, after: Version| {
            let version = |version: Version| version.map(|(version, _)| version);
            let brings = deploy.kind.has(part) && deploy.rollback.is_none();
            after.is_some() && (brings || version(before) != version(after))
        };
        let (image, dags) = (rolls_out(Part::Image, image, deploy.image), rolls_out(Part::Dags, dags, deploy.dags));
        let kinds = [(StageDags, dags), (SwitchImage, image), (SwitchDags, dags), (Verify, true)];
        let kinds: Vec<_> = kinds.into_iter().filter_map(|(kind, needed)| needed.then_some(kind)).collect();
        if let Some(rollout) = &mut self.rollout {
            rollout.steps = kinds.iter().map(|kind| (*kind, StepStatus::Pending)).collect();
        }
        *self.at(number) = deploy;
        Answer::Planned(kinds)
    }

    pub(super) fn carry_out(&mut self) -> Answer {
        if self.rollout.is_none() && self.claim(false) == Answer::Nothing {
            return Answer::Nothing;
        }
        loop {
            if let ended @ Answer::Ended(_) = self.work() {
                return ended;
            }
        }
    }

    pub(super) fn break_off(&mut self) -> Answer {
        if self.is_in_step() { self.end(DeployStatus::Failed) } else { Answer::Nothing }
    }

    fn end(&mut self, status: DeployStatus) -> Answer {
        let number = self.rollout.take().map_or(0, |rollout| rollout.number);
        self.zombie = true;
        self.at(number).status = status;
        self.reached.insert(match status {
            DeployStatus::Succeeded => "rollout: succeeded",
            DeployStatus::Failed => "rollout: failed",
            _ => "rollout: cancelled before its point of no return",
        });
        if status == DeployStatus::Succeeded {
            self.deploys.iter_mut().for_each(|deploy| deploy.live = false);
            self.at(number).live = true;
            self.lived.push(number);
        }
        Answer::Ended(status)
    }
}
