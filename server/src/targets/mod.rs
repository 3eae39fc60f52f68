//! Targets: where rollouts are applied. Only this module touches a running Airflow.
//!
//! A target is defined by name in the server's configuration file, and only there. It observes before it acts and after:
//! what is true on the target counts, not what was done.

mod command;
mod config;
mod directory;
mod step;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;

use async_trait::async_trait;
use backstep_domain::{BundleDigest, DeploymentId, KeptSetting, TargetAbility};

pub use self::{
    command::CommandTarget,
    config::{BadTargets, TargetConfig, TargetSet, ask, look, problems},
    directory::DirectoryTarget,
    step::{Observed, Runs, StepInput, StepLog},
};

/// Why a target could not do something, in words for the person who looks after it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TargetError(pub String);

impl TargetError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// A word of a shell command, quoted where it has to be.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Where rollouts are applied.
#[async_trait]
pub trait Target: Send + Sync {
    /// Its name in the configuration.
    fn name(&self) -> &str;

    /// The steps that it can do.
    async fn ability(&self) -> Result<TargetAbility, TargetError>;

    /// Whether what the step is for is already true. Changes nothing.
    async fn observe(&self, input: &StepInput) -> Result<Observed, TargetError>;

    /// Makes it true. Called only while [`Target::observe`] says that it is not; called again after a crash.
    async fn act(&self, input: &StepInput, log: &StepLog) -> Result<(), TargetError>;

    /// The settings that a rollback keeps, by name and keyed hash; `None` if this target has none to tell.
    async fn kept(&self, deployment: &DeploymentId) -> Result<Option<Vec<KeptSetting>>, TargetError>;

    /// What is there now.
    async fn runs(&self, deployment: &DeploymentId) -> Result<Runs, TargetError>;

    /// The command with which a person makes it true where the server could not; `None` if there is none to give.
    fn by_hand(&self, input: &StepInput) -> Option<String>;

    /// Removes old DAG bundles from the target, but for `keep` and what runs; returns how many went.
    async fn prune(&self, _keep: &BTreeSet<BundleDigest>) -> Result<u32, TargetError> {
        Ok(0)
    }
}
