use backstep_domain::{
    BundleDigest, Comparison, Deploy, DeployNumber, DeploymentId, FileChange, FileDiff, Principal, Problem,
    changed_settings, changes_between,
};

use super::{UseCases, access::of};
use crate::bundles::files_between;

impl UseCases {
    /// Two deploys of one Deployment compared.
    pub async fn compare(
        &self,
        who: &Principal,
        id: &DeploymentId,
        from: DeployNumber,
        to: DeployNumber,
    ) -> Result<Comparison, Problem> {
        self.visible(who, id).await?;
        let from = self.store.deploy(id, from).await.map_err(of("deploy"))?;
        let to = self.store.deploy(id, to).await.map_err(of("deploy"))?;
        Ok(Comparison {
            changes: changes_between(&from.revision, &to.revision),
            files: self.changed_files(bundle(&from), bundle(&to)).await?,
            kept_changed: changed_settings(&from.kept, &to.kept).into_iter().collect(),
            from,
            to,
        })
    }

    /// The lines of one file that differ between two deploys.
    pub async fn file_diff(
        &self,
        who: &Principal,
        id: &DeploymentId,
        from: DeployNumber,
        to: DeployNumber,
        path: &str,
    ) -> Result<FileDiff, Problem> {
        self.visible(who, id).await?;
        let from = self.store.deploy(id, from).await.map_err(of("deploy"))?;
        let to = self.store.deploy(id, to).await.map_err(of("deploy"))?;
        self.bundles.file_diff(bundle(&from), bundle(&to), path).await.map_err(|e| e.problem())
    }

    /// How the files differ; `None` if a bundle is missing or there is none.
    pub(super) async fn changed_files(
        &self,
        from: Option<&BundleDigest>,
        to: Option<&BundleDigest>,
    ) -> Result<Option<Vec<FileChange>>, Problem> {
        let (Some(from), Some(to)) = (from, to) else { return Ok(None) };
        let old = self.bundles.manifest(from).await.map_err(|e| e.problem())?;
        let new = self.bundles.manifest(to).await.map_err(|e| e.problem())?;
        Ok(old.zip(new).map(|(old, new)| files_between(&old, &new)))
    }
}

pub(super) fn bundle(deploy: &Deploy) -> Option<&BundleDigest> {
    deploy.revision.dags.as_ref().map(|d| &d.bundle)
}
