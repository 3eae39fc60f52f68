//! The rules for what people and CI do, as simply as they can be said: no time, no database, no plan. They are written down
//! here once more on purpose.

use std::collections::BTreeSet;

use backstep_domain::{DeployKind, DeployStatus, Part, ProblemCode, ReleaseTo, Scope, StepKind, StepStatus};

use super::transition::{RollBack, Transition};

/// What somebody was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Nothing,
    Recorded { number: u32, status: DeployStatus },
    Refused { code: ProblemCode, winner: Option<u32> },
    Released(Option<u32>),
    Claimed { number: u32, epoch: i64, resumed: bool },
    Planned(Vec<StepKind>),
    Step(StepKind, StepStatus),
    Ended(DeployStatus),
    Fenced,
}

/// A part of a revision: its version, and the deploy that first brought it.
pub type Version = Option<(usize, u32)>;

/// A deploy, as far as the rules go. Times, texts and ids are compared between the databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deploy {
    pub number: u32,
    pub kind: DeployKind,
    /// The deploy that was live, and the one whose parts come back.
    pub rollback: Option<(u32, u32)>,
    pub status: DeployStatus,
    pub image: Version,
    pub dags: Version,
    pub live: bool,
    pub rejected: bool,
}

/// All that can be seen of a Deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub deploys: Vec<Deploy>,
    /// The hold, with the rollback that set it.
    pub hold: Option<Option<u32>>,
    pub before_live: Option<u32>,
    /// Of the rollout that runs.
    pub steps: Vec<(StepKind, StepStatus)>,
}

#[derive(Clone, Debug, Default)]
pub struct Model {
    pub(super) deploys: Vec<Deploy>,
    hold: Option<Option<u32>>,
    /// Versions of parts that were rolled back and marked.
    rejected: BTreeSet<(Part, usize)>,
    /// Which were live, in this order; the last one is.
    pub(super) lived: Vec<u32>,
    pub(super) rollout: Option<Rollout>,
    /// The last request that was recorded, and its answer.
    recorded: Option<Answer>,
    /// Somebody held a rollout before and does not any more.
    pub(super) zombie: bool,
    /// What the last transition came to.
    pub reached: BTreeSet<&'static str>,
}

#[derive(Clone, Debug)]
pub(super) struct Rollout {
    pub number: u32,
    pub epoch: i64,
    /// A rollback asked it to stop.
    pub stop: bool,
    pub steps: Vec<(StepKind, StepStatus)>,
}

impl Model {
    pub fn does(&mut self, transition: &Transition) -> Answer {
        self.reached.clear();
        match transition {
            Transition::Deploy { kind, version } => self.deploy(*kind, *version),
            Transition::RollBack(asked) => self.roll_back(asked),
            Transition::Again => {
                self.reached.extend(self.recorded.as_ref().map(|_| "again: the same answer"));
                // The answer tells the deploy as it is now.
                match self.recorded {
                    Some(Answer::Recorded { number, .. }) => {
                        Answer::Recorded { number, status: self.at(number).status }
                    }
                    _ => Answer::Nothing,
                }
            }
            Transition::SetHold => self.set_hold(),
            Transition::Release(to) => self.release(*to),
            Transition::Claim => self.claim(false),
            Transition::LeaseEnds => self.claim(true),
            Transition::Work(times) => (0..*times).fold(Answer::Nothing, |_, _| self.work()),
            Transition::CarryOut => self.carry_out(),
            Transition::Break => self.break_off(),
            Transition::Zombie if self.zombie => {
                self.reached.insert("rollout: a write without the lease is refused");
                Answer::Fenced
            }
            Transition::Zombie => Answer::Nothing,
        }
    }

    pub fn view(&self) -> View {
        let is_rejected = |part, version: Version| version.is_some_and(|(v, _)| self.rejected.contains(&(part, v)));
        let marked = |deploy: &Deploy| Deploy {
            rejected: is_rejected(Part::Image, deploy.image) || is_rejected(Part::Dags, deploy.dags),
            ..deploy.clone()
        };
        View {
            deploys: self.deploys.iter().map(marked).collect(),
            hold: self.hold,
            before_live: self.lived.iter().rev().nth(1).copied(),
            steps: self.rollout.as_ref().map(|rollout| rollout.steps.clone()).unwrap_or_default(),
        }
    }

    pub fn newest(&self) -> u32 {
        self.deploys.last().map_or(0, |deploy| deploy.number)
    }

    pub fn lived(&self) -> &[u32] {
        &self.lived
    }

    pub fn runs(&self) -> bool {
        self.rollout.is_some()
    }

    pub fn waits(&self) -> bool {
        self.queued().is_some()
    }

    pub fn is_held(&self) -> bool {
        self.hold.is_some() || self.deploys.iter().any(|deploy| deploy.status == DeployStatus::Held)
    }

    pub fn is_in_step(&self) -> bool {
        self.rollout.as_ref().is_some_and(|r| r.steps.iter().any(|(_, status)| *status == StepStatus::Running))
    }

    /// A rollback would come after the point of no return, or bring back a deploy with a higher number: both are rare.
    pub fn is_rare(&self) -> bool {
        let newer = self.lived.last().is_some_and(|live| self.lived.iter().any(|number| number > live));
        let goes_first = self.rollout.as_ref().is_some_and(|r| r.is_past_return() && !r.stop);
        newer || (goes_first && self.lived.len() > 1)
    }

    pub fn is_at_rest(&self) -> bool {
        self.rollout.is_none() && self.queued().is_none()
    }

    pub(super) fn at(&mut self, number: u32) -> &mut Deploy {
        &mut self.deploys[number as usize - 1]
    }

    pub(super) fn live(&self) -> Option<&Deploy> {
        self.deploys.iter().find(|deploy| deploy.live)
    }

    pub(super) fn queued(&self) -> Option<Deploy> {
        self.deploys.iter().find(|deploy| deploy.status == DeployStatus::Queued).cloned()
    }

    fn refused(&mut self, why: &'static str, code: ProblemCode, winner: Option<u32>) -> Answer {
        self.reached.insert(why);
        Answer::Refused { code, winner }
    }

    fn record(&mut self, deploy: Deploy) -> Answer {
        let answer = Answer::Recorded { number: deploy.number, status: deploy.status };
        self.recorded = Some(answer.clone());
        self.deploys.push(deploy);
        answer
    }

    /// A newer deploy cancels the queued one; a queued rollback goes first; under a hold nothing is queued.
    fn deploy(&mut self, kind: DeployKind, version: usize) -> Answer {
        let number = self.newest() + 1;
        let status = if self.hold.is_some() { DeployStatus::Held } else { DeployStatus::Queued };
        if let Some(waiting) = self.queued().filter(|_| status == DeployStatus::Queued) {
            if waiting.rollback.is_some() {
                let why = "deploy: refused, a rollback is about to start";
                return self.refused(why, ProblemCode::RollbackInProgress, Some(waiting.number));
            }
            self.at(waiting.number).status = DeployStatus::Cancelled;
            self.reached.insert("deploy: cancels the queued one");
        }
        self.reached.insert(if self.hold.is_some() { "deploy: held" } else { "deploy: queued" });
        let part = |part: Part, today: Version| match today {
            // What runs already has the origin that it has.
            Some((runs, _)) if runs == version => today,
            _ if kind.has(part) => Some((version, number)),
            _ => today,
        };
        let (image, dags) = self.live().map_or((None, None), |live| (live.image, live.dags));
        let (image, dags) = (part(Part::Image, image), part(Part::Dags, dags));
        let deploy = Deploy { number, kind, rollback: None, status, image, dags, live: false, rejected: false };
        if status == DeployStatus::Queued {
            self.allow(&deploy);
        }
        self.record(deploy)
    }

    /// Whoever lets a rejected part through takes its mark off.
    fn allow(&mut self, deploy: &Deploy) {
        for (part, version) in [(Part::Image, deploy.image), (Part::Dags, deploy.dags)] {
            let Some((version, _)) = version.filter(|_| deploy.kind.has(part)) else { continue };
            if self.rejected.remove(&(part, version)) {
                self.reached.insert("rejected: let through");
            }
        }
    }

    fn roll_back(&mut self, asked: &RollBack) -> Answer {
        if asked.to > self.newest() {
            return self.refused("rollback: refused, no such deploy", ProblemCode::NotFound, None);
        }
        let Some(live) = self.live().cloned() else {
            return self.refused("rollback: refused, nothing runs", ProblemCode::Conflict, None);
        };
        let running = self.rollout.as_ref().map(|rollout| rollout.number);
        let running = running.map(|number| self.at(number).clone());
        if let Some(winner) = [&running, &self.queued()].into_iter().flatten().find(|d| d.rollback.is_some()) {
            let why = "rollback: refused, another goes on";
            return self.refused(why, ProblemCode::RollbackInProgress, Some(winner.number));
        }
        if asked.moved {
            return self.refused("rollback: refused, the plan moved", ProblemCode::PlanMoved, None);
        }
        let target = self.at(asked.to).clone();
        let scope = asked.scope.unwrap_or(Scope::ImageAndDags);
        if !self.may_come_back(&live, &target, scope) {
            return self.refused("rollback: refused by the plan", ProblemCode::Refused, None);
        }
        let number = self.newest() + 1;
        self.reached.insert(match asked.scope {
            None => "rollback: whole, by leaving the scope out",
            Some(Scope::Image) => "rollback: of the image",
            Some(Scope::Dags) => "rollback: of the DAGs",
            Some(Scope::ImageAndDags) => "rollback: whole, as asked for",
        });
        self.reached.insert("rollback: queued");
        self.reached.extend((target.number > live.number).then_some("rollback: to a deploy with a higher number"));
        if let Some(waiting) = self.queued() {
            self.at(waiting.number).status = DeployStatus::Held;
            self.reached.insert("rollback: holds the queued deploy");
        }
        if let Some(rollout) = &mut self.rollout {
            rollout.stop = true;
            self.reached.insert("rollback: asks the running deploy to stop");
        }
        if asked.hold {
            self.hold = Some(Some(number));
            self.reached.insert("rollback: sets a hold");
        }
        let deploy = Deploy {
            number,
            kind: scope.into(),
            rollback: Some((live.number, target.number)),
            status: DeployStatus::Queued,
            image: if scope.has(Part::Image) { target.image } else { live.image },
            dags: if scope.has(Part::Dags) { target.dags } else { live.dags },
            live: false,
            rejected: false,
        };
        for (part, was, is) in [(Part::Image, live.image, deploy.image), (Part::Dags, live.dags, deploy.dags)] {
            let version = |version: Version| version.map(|(version, _)| version);
            if let Some(back) = version(is).filter(|_| scope.has(part))
                && self.rejected.remove(&(part, back))
            {
                self.reached.insert("rollback: clears a mark");
            }
            if let Some(gone) = version(was).filter(|gone| asked.reject && version(is) != Some(*gone)) {
                self.rejected.insert((part, gone));
                self.reached.insert("rollback: marks what it takes back");
            }
        }
        self.record(deploy)
    }

    /// It ran once and does not now, something would change, and what would come back is there.
    fn may_come_back(&self, live: &Deploy, target: &Deploy, scope: Scope) -> bool {
        let version = |version: Version| version.map(|(version, _)| version);
        let image_changes = scope.has(Part::Image) && version(live.image) != version(target.image);
        let dags_change = scope.has(Part::Dags) && version(live.dags) != version(target.dags);
        let there = (!image_changes || target.image.is_some()) && (!scope.has(Part::Dags) || target.dags.is_some());
        self.lived.contains(&target.number) && !target.live && (image_changes || dags_change) && there
    }

    fn set_hold(&mut self) -> Answer {
        if self.hold.is_some() {
            return self.refused("hold: refused, there is one", ProblemCode::Conflict, None);
        }
        self.hold = Some(None);
        self.reached.insert("hold: set");
        Answer::Nothing
    }

    /// Of the held deploys the newest goes on, or none; never before a rollback that waits.
    fn release(&mut self, to: ReleaseTo) -> Answer {
        let mut held: Vec<_> =
            self.deploys.iter().filter(|d| d.status == DeployStatus::Held).map(|d| d.number).collect();
        if self.hold.is_none() && held.is_empty() {
            return self.refused("release: refused, no hold", ProblemCode::Conflict, None);
        }
        let newest = if to == ReleaseTo::Newest { held.pop() } else { None };
        if let Some(waiting) = self.queued().filter(|_| newest.is_some()) {
            if waiting.rollback.is_some() {
                let why = "release: refused, a rollback is about to start";
                return self.refused(why, ProblemCode::RollbackInProgress, Some(waiting.number));
            }
            self.at(waiting.number).status = DeployStatus::Cancelled;
            self.reached.insert("release: cancels the queued deploy");
        }
        self.reached.insert(if newest.is_some() { "release: to the newest" } else { "release: to none" });
        self.reached.extend((!held.is_empty()).then_some("release: cancels the other held ones"));
        for number in held {
            self.at(number).status = DeployStatus::Cancelled;
        }
        if let Some(newest) = newest {
            self.at(newest).status = DeployStatus::Queued;
            let released = self.at(newest).clone();
            self.allow(&released);
        }
        self.hold = None;
        Answer::Released(newest)
    }
}
