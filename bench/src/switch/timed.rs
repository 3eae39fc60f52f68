//! The directory target as it is, with a note of when it had switched.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use async_trait::async_trait;
use backstep::targets::{DirectoryTarget, Observed, Runs, StepInput, StepLog, Target, TargetError};
use backstep_domain::{BundleDigest, DeploymentId, KeptSetting, StepKind, TargetAbility};

/// When the last switch was durable.
#[derive(Clone, Default)]
pub struct Switched(Arc<Mutex<Option<Instant>>>);

impl Switched {
    pub fn forget(&self) {
        self.set(None);
    }

    pub fn at(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, at: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

pub struct Timed {
    pub target: DirectoryTarget,
    pub switched: Switched,
}

#[async_trait]
impl Target for Timed {
    fn name(&self) -> &str {
        self.target.name()
    }

    async fn ability(&self) -> Result<TargetAbility, TargetError> {
        self.target.ability().await
    }

    async fn observe(&self, input: &StepInput) -> Result<Observed, TargetError> {
        self.target.observe(input).await
    }

    async fn act(&self, input: &StepInput, log: &StepLog) -> Result<(), TargetError> {
        self.target.act(input, log).await?;
        if input.step == StepKind::SwitchDags {
            self.switched.set(Some(Instant::now()));
        }
        Ok(())
    }

    fn by_hand(&self, input: &StepInput) -> Option<String> {
        self.target.by_hand(input)
    }

    async fn kept(&self, deployment: &DeploymentId) -> Result<Option<Vec<KeptSetting>>, TargetError> {
        self.target.kept(deployment).await
    }

    async fn runs(&self, deployment: &DeploymentId) -> Result<Runs, TargetError> {
        self.target.runs(deployment).await
    }

    async fn prune(&self, keep: &BTreeSet<BundleDigest>) -> Result<u32, TargetError> {
        self.target.prune(keep).await
    }
}
