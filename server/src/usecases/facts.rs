//! What is observed outside just before planning. None of it is waited for longer than a person would.

use std::time::Duration;

use backstep_domain::{Deploy, Deployment, Fact, Facts, KeptSetting};

use super::UseCases;

/// A target that takes longer to tell its settings counts as not telling.
const PATIENCE: Duration = Duration::from_secs(5);

impl UseCases {
    pub(super) async fn facts(&self, deployment: &Deployment, target: &Deploy) -> Facts {
        let bundle_intact = match &target.revision.dags {
            Some(dags) => self.bundles.intact(&dags.bundle).await,
            None => Fact::Unknown,
        };
        Facts {
            // The registry is asked by a later issue; unknown never blocks.
            image_in_registry: Fact::Unknown,
            bundle_intact,
            database_heads: None,
            kept_now: self.kept_now(deployment).await,
        }
    }

    /// The settings on the image target: names and keyed hashes. `None` if it cannot tell.
    pub(super) async fn kept_now(&self, deployment: &Deployment) -> Option<Vec<KeptSetting>> {
        let target = self.targets.get(deployment.image_target.as_deref()?)?;
        match tokio::time::timeout(PATIENCE, target.kept(&deployment.id)).await {
            Ok(Ok(kept)) => kept,
            Ok(Err(error)) => {
                tracing::warn!(deployment = %deployment.name, %error, "the image target does not tell its settings");
                None
            }
            Err(_) => {
                tracing::warn!(deployment = %deployment.name, "the image target takes too long to tell its settings");
                None
            }
        }
    }
}
