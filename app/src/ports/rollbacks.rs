use async_trait::async_trait;
use backstep_domain::{DeployNumber, DeploymentId, HeldView, Principal, Problem, ReleaseTo};

use crate::api::{PlanView, RollBackRequest};

/// The way back: plan, roll back, cancel, hold, release.
#[async_trait]
pub trait RollbacksPort: Send + Sync {
    /// The plan of a rollback to `target`; without one, to the last good deploy.
    async fn plan_rollback(
        &self,
        who: &Principal,
        id: &DeploymentId,
        target: Option<DeployNumber>,
    ) -> Result<PlanView, Problem>;
    /// Records the rollback and starts its rollout; answers the number of the new deploy.
    async fn roll_back(
        &self,
        who: &Principal,
        id: &DeploymentId,
        request: RollBackRequest,
    ) -> Result<DeployNumber, Problem>;
    /// Stops a deploy that is not live yet; `why` may be empty.
    async fn cancel_deploy(
        &self,
        who: &Principal,
        id: &DeploymentId,
        number: DeployNumber,
        why: &str,
    ) -> Result<(), Problem>;
    /// The held deploys, compared with what runs and with what was rejected.
    async fn held(&self, who: &Principal, id: &DeploymentId) -> Result<HeldView, Problem>;
    /// Without `hours` it lasts until it is released.
    async fn set_hold(&self, who: &Principal, id: &DeploymentId, why: &str, hours: Option<u32>) -> Result<(), Problem>;
    /// Ends the hold; answers the deploy that is rolled out now, if one is.
    async fn release_hold(
        &self,
        who: &Principal,
        id: &DeploymentId,
        to: ReleaseTo,
        allow_rejected: bool,
    ) -> Result<Option<DeployNumber>, Problem>;
}
