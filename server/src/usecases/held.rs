//! "Is the fix in here?": held deploys against what runs and against what was rejected.

use backstep_domain::{
    BundleDigest, Deploy, DeploymentId, Fix, HeldDeploy, HeldFile, HeldView, Manifest, Part, Principal, Problem,
    RejectedPart, Rejection, changes_between,
};

use super::{UseCases, access::of, compare::bundle};
use crate::bundles::files_between;

/// Held deploys that are compared: the newest.
const COMPARED: usize = 20;

impl UseCases {
    /// The held deploys, newest first, each with what it changes and what it does about the parts that were rejected.
    pub async fn held(&self, who: &Principal, id: &DeploymentId) -> Result<HeldView, Problem> {
        let deployment = self.deployment(who, id).await?;
        let present = self.store.present(id).await.map_err(of("Deployment"))?;
        let mut held = self.store.held(id).await.map_err(of("deploy"))?;
        held.reverse();
        held.truncate(COMPARED);
        let mut compared = Vec::new();
        for deploy in held {
            compared.push(self.compared(deploy, present.live.as_ref(), &present.rejected).await?);
        }
        Ok(HeldView { deployment, held: compared, rejected: present.rejected })
    }

    async fn compared(
        &self,
        deploy: Deploy,
        live: Option<&Deploy>,
        rejected: &[RejectedPart],
    ) -> Result<HeldDeploy, Problem> {
        let changes = live.map(|live| changes_between(&live.revision, &deploy.revision)).unwrap_or_default();
        let files = self.changed_files(live.and_then(bundle), bundle(&deploy)).await?;
        let mut rejections = Vec::new();
        for part in rejected {
            let fix = self.fix(&deploy, live, part).await?;
            rejections.push(Rejection { part: part.clone(), fix });
        }
        Ok(HeldDeploy { deploy, changes, files, rejections })
    }

    /// What a deploy does about a part that was rejected.
    async fn fix(&self, deploy: &Deploy, live: Option<&Deploy>, part: &RejectedPart) -> Result<Fix, Problem> {
        if !deploy.kind.has(part.part) {
            return Ok(Fix::NotTouched);
        }
        if part.is_in(&deploy.revision) {
            return Ok(Fix::TheSame);
        }
        if part.part == Part::Image {
            return Ok(Fix::Another);
        }
        let rejected = part.digest.parse::<BundleDigest>().ok();
        let (rejected, runs) = (self.files_of(rejected.as_ref()).await?, self.files_of(live.and_then(bundle)).await?);
        let (Some(rejected), Some(runs), Some(held)) = (rejected, runs, self.files_of(bundle(deploy)).await?) else {
            return Ok(Fix::Another);
        };
        // Those that the rollback changed: somewhere among them is the fault.
        let suspects = files_between(&rejected, &runs);
        let files = suspects.into_iter().map(|suspect| {
            let (now, was) = (sha(&held, &suspect.path), sha(&rejected, &suspect.path));
            let as_rejected = now == was;
            HeldFile { as_rejected, as_runs: !as_rejected && now == sha(&runs, &suspect.path), path: suspect.path }
        });
        Ok(Fix::Files(files.collect()))
    }

    async fn files_of(&self, bundle: Option<&BundleDigest>) -> Result<Option<Manifest>, Problem> {
        match bundle {
            Some(bundle) => self.bundles.manifest(bundle).await.map_err(|e| e.problem()),
            None => Ok(None),
        }
    }
}

fn sha<'a>(files: &'a Manifest, path: &str) -> Option<&'a str> {
    files.files.iter().find(|file| file.path == path).map(|file| file.sha256.as_str())
}
