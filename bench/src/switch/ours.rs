//! The switch alone: what the directory target does in the step `switch_dags`, and the commit that says so.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, ensure};
use axum::body::Bytes;
use backstep::{
    bundles::Bundles,
    clock::SystemClock,
    store::{Claim, Store},
    targets::{DirectoryTarget, StepInput, StepLog, Target},
};
use backstep_domain::{BundleDigest, DeploymentId, Millis, StepKind, StepStatus};

use super::{
    recorded,
    tree::{Tree, contents_of},
};

pub struct Ours {
    root: PathBuf,
    store: Store,
    claim: Claim,
    target: DirectoryTarget,
    bundles: [BundleDigest; 2],
}

impl Ours {
    /// Stages both versions of the tree, and claims a rollout.
    pub async fn new(folder: &Path, tree: &Tree) -> anyhow::Result<Self> {
        let folder = folder.join(format!("ours-{}", tree.files));
        let root = folder.join("dags");
        fs::create_dir_all(&root)?;
        let store = Store::open(&format!("sqlite://{}", folder.join("backstep.db").display())).await?;
        let bundles = Bundles::local(&folder)?;
        for version in [0, 1] {
            let archive = Bytes::from(fs::read(tree.packed[version].file.path())?);
            let stream = futures::stream::iter([Ok::<_, std::io::Error>(archive)]);
            bundles.admit(bundles.receive(stream, None).await?).await?;
        }
        let digests = [0, 1].map(|version| tree.packed[version].bundle.clone());
        let target = DirectoryTarget::new("dags".to_owned(), root.clone(), bundles);
        recorded::queue(&store, &digests[0]).await?;
        let claim = store.claim_rollout("bench", Millis(1), 3_600_000).await?.context("what was queued is claimed")?;
        store.plan_steps(&claim, &[StepKind::StageDags, StepKind::SwitchDags, StepKind::Verify]).await?;
        let ours = Self { root, store, claim, target, bundles: digests };
        for version in [0, 1] {
            let (log, _lines) = StepLog::new(Arc::new(SystemClock));
            ours.target.act(&ours.input(StepKind::StageDags, version), &log).await?;
        }
        Ok(ours)
    }

    fn input(&self, step: StepKind, version: usize) -> StepInput {
        StepInput {
            step,
            deployment: DeploymentId::new(recorded::DEPLOYMENT),
            deployment_name: "analytics-prod".to_owned(),
            number: self.claim.deploy.number,
            image: None,
            bundle: Some(self.bundles[version].clone()),
        }
    }

    /// The step before, as in every rollout: the files are there. No part of the switch.
    pub async fn stage(&self, version: usize) -> anyhow::Result<()> {
        let seen = self.target.observe(&self.input(StepKind::StageDags, version)).await?;
        ensure!(seen.done, "{}", seen.detail);
        Ok(())
    }

    /// The step `switch_dags`: observe, act, observe again. Returns when it is durable and recorded.
    pub async fn switch(&self, version: usize) -> anyhow::Result<()> {
        let (log, _lines) = StepLog::new(Arc::new(SystemClock));
        let input = self.input(StepKind::SwitchDags, version);
        ensure!(!self.target.observe(&input).await?.done, "there is nothing to switch");
        self.target.act(&input, &log).await?;
        ensure!(self.target.observe(&input).await?.done, "it did not switch");
        Ok(self.store.end_step(&self.claim, 1, StepStatus::Succeeded, None, Millis(1)).await?)
    }

    pub async fn check(&self, tree: &Tree) -> anyhow::Result<()> {
        for version in [0, 1] {
            self.stage(version).await?;
            self.switch(version).await?;
            ensure!(contents_of(&self.root.join("current"))? == tree.contents(version), "the target has other files");
        }
        Ok(())
    }
}
