//! A target that fails where a test says so.

use std::sync::Mutex;

use async_trait::async_trait;
use backstep_domain::{BundleDigest, DeployNumber, DeploymentId, KeptSetting, StepKind, TargetAbility};

use super::world::*;
use crate::targets::{Observed, Runs, StepInput, StepLog, Target, TargetError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `act` fails and did nothing.
    Before(StepKind),
    /// `act` does its work, then fails.
    After(StepKind),
    /// `act` says that it is done and did nothing.
    Lie(StepKind),
    /// What is read back in the end differs.
    Verify,
}

pub struct Faulty<T> {
    pub inner: T,
    /// The deploy that the fault is for, and whether falling back from it fails too.
    pub fault: Mutex<Option<(DeployNumber, Fault, bool)>>,
}

impl<T> Faulty<T> {
    pub fn new(inner: T) -> Self {
        Self { inner, fault: Mutex::new(None) }
    }

    /// The fault, if this call is meant: towards the deploy's own revision, or away from it when falling back.
    fn hits(&self, input: &StepInput) -> Option<Fault> {
        let (number, fault, falling_back_too) = (*self.fault.lock().unwrap())?;
        let own = input.image.as_ref() == Some(&image(number.get()));
        (input.number == number && (own || falling_back_too)).then_some(fault)
    }
}

#[async_trait]
impl<T: Target> Target for Faulty<T> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn ability(&self) -> Result<TargetAbility, TargetError> {
        self.inner.ability().await
    }

    async fn observe(&self, input: &StepInput) -> Result<Observed, TargetError> {
        let mut seen = self.inner.observe(input).await?;
        if input.step == StepKind::Verify && self.hits(input) == Some(Fault::Verify) {
            seen = Observed { done: false, detail: "something else".to_owned() };
        }
        Ok(seen)
    }

    async fn act(&self, input: &StepInput, log: &StepLog) -> Result<(), TargetError> {
        let broken = || Err(TargetError("the disk is on fire".to_owned()));
        match self.hits(input) {
            Some(Fault::Before(step)) if step == input.step => broken(),
            Some(Fault::Lie(step)) if step == input.step => Ok(()),
            Some(Fault::After(step)) if step == input.step => {
                self.inner.act(input, log).await?;
                broken()
            }
            _ => self.inner.act(input, log).await,
        }
    }

    async fn kept(&self, deployment: &DeploymentId) -> Result<Option<Vec<KeptSetting>>, TargetError> {
        self.inner.kept(deployment).await
    }

    async fn runs(&self, deployment: &DeploymentId) -> Result<Runs, TargetError> {
        self.inner.runs(deployment).await
    }

    fn by_hand(&self, input: &StepInput) -> Option<String> {
        self.inner.by_hand(input)
    }

    async fn prune(&self, keep: &std::collections::BTreeSet<BundleDigest>) -> Result<u32, TargetError> {
        self.inner.prune(keep).await
    }
}
