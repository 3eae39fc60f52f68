//! The deploys that went live, in the order in which they did.

use super::PlanInput;
use crate::{Deploy, DeployNumber};

/// Oldest first. Not the order of numbers: a hold can let an earlier deploy go live after a later one.
pub(super) struct LiveOrder<'a> {
    deploys: Vec<&'a Deploy>,
    target: DeployNumber,
}

impl<'a> LiveOrder<'a> {
    pub fn of(input: &PlanInput<'a>) -> Self {
        let all = input.between.iter().chain([input.target, input.live]);
        let mut deploys: Vec<_> = all.filter(|d| d.live_from.is_some()).collect();
        deploys.sort_by_key(|d| (d.live_from, d.number));
        deploys.dedup_by_key(|d| d.number);
        Self { deploys, target: input.target.number }
    }

    pub fn deploys(&self) -> impl Iterator<Item = &'a Deploy> {
        self.deploys.iter().copied()
    }

    /// Each deploy that went live after the target, with the one that was live before it; oldest first.
    pub fn steps_after_target(&self) -> impl Iterator<Item = (&'a Deploy, &'a Deploy)> {
        let start = self.position(self.target).unwrap_or(self.deploys.len());
        self.deploys.windows(2).skip(start).map(|pair| (pair[0], pair[1]))
    }

    pub fn after_target_newest_first(&self) -> impl Iterator<Item = &'a Deploy> {
        let start = self.position(self.target).map_or(self.deploys.len(), |at| at + 1);
        self.deploys[start..].iter().rev().copied()
    }

    /// Whether `number` went live after the target; what is not known here is older than everything that is.
    pub fn is_after_target(&self, number: DeployNumber) -> bool {
        self.position(number).is_some_and(|at| self.position(self.target).is_some_and(|target| at > target))
    }

    pub fn position(&self, number: DeployNumber) -> Option<usize> {
        self.deploys.iter().position(|d| d.number == number)
    }
}
