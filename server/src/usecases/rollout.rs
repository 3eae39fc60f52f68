use backstep_domain::{DeployNumber, DeployStatus, DeploymentId, Permission, Principal, Problem, Rollout, past_return};

use super::{
    UseCases,
    access::{deployment_permitted, of},
};

/// Log lines that one request brings at most; the client asks again for the rest.
const LINES: u32 = 500;

impl UseCases {
    /// Steps and log lines of a deploy's rollout. Without the right to read logs, the steps alone.
    pub async fn rollout(
        &self,
        who: &Principal,
        id: &DeploymentId,
        number: DeployNumber,
        after: u64,
    ) -> Result<Rollout, Problem> {
        let deployment = self.visible(who, id).await?;
        let deploy = self.store.deploy(id, number).await.map_err(of("deploy"))?;
        let steps = self.store.steps(&deploy.id).await.map_err(of("deploy"))?;
        let log = if deployment_permitted(who, &deployment, Permission::DeploymentLogsGet) {
            self.store.log(&deploy.id, after, LINES).await.map_err(of("deploy"))?
        } else {
            Vec::new()
        };
        let stopping = match deploy.status {
            DeployStatus::Running => self.store.cancel_requested(&deploy.id).await.map_err(of("deploy"))?,
            _ => None,
        };
        let stopping = stopping.filter(|_| !past_return(&steps));
        Ok(Rollout { number, steps, stopping, log })
    }
}
