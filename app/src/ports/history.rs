use async_trait::async_trait;
use backstep_domain::{
    Comparison, DeployNumber, DeployView, DeploymentId, DeploymentView, FileDiff, HistoryFilter, HistoryPage,
    Principal, Problem, Rollout,
};

/// Reading: what runs, what ran, what changed.
#[async_trait]
pub trait HistoryPort: Send + Sync {
    /// The Deployments that the caller may see, by Workspace and name. `text` restricts to names that contain it.
    async fn deployments(&self, who: &Principal, text: Option<&str>) -> Result<Vec<DeploymentView>, Problem>;
    async fn deployment(&self, who: &Principal, id: &DeploymentId) -> Result<DeploymentView, Problem>;
    /// Fifty deploys below `before`, newest first.
    async fn history(
        &self,
        who: &Principal,
        id: &DeploymentId,
        filter: &HistoryFilter,
        before: Option<DeployNumber>,
    ) -> Result<HistoryPage, Problem>;
    async fn deploy(&self, who: &Principal, id: &DeploymentId, number: DeployNumber) -> Result<DeployView, Problem>;
    async fn compare(
        &self,
        who: &Principal,
        id: &DeploymentId,
        from: DeployNumber,
        to: DeployNumber,
    ) -> Result<Comparison, Problem>;
    async fn file_diff(
        &self,
        who: &Principal,
        id: &DeploymentId,
        from: DeployNumber,
        to: DeployNumber,
        path: &str,
    ) -> Result<FileDiff, Problem>;
    /// Steps and log lines of a deploy's rollout; `after` leaves out the lines that the caller has.
    async fn rollout(
        &self,
        who: &Principal,
        id: &DeploymentId,
        number: DeployNumber,
        after: u64,
    ) -> Result<Rollout, Problem>;
}
