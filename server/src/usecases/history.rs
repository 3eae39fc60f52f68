use backstep_domain::{
    Deploy, DeployId, DeployNumber, DeployView, DeploymentId, HistoryFilter, HistoryPage, HistoryRow, Principal,
    Problem, ineligible,
};

use super::{UseCases, access::of};
use crate::store::{EligibleWhen, Present};

impl UseCases {
    /// A page of the history, newest first: at most `limit` deploys below `before`.
    pub async fn history(
        &self,
        who: &Principal,
        id: &DeploymentId,
        filter: &HistoryFilter,
        before: Option<DeployNumber>,
        limit: u32,
    ) -> Result<HistoryPage, Problem> {
        self.visible(who, id).await?;
        let present = self.store.present(id).await.map_err(of("Deployment"))?;
        let when = self.eligible_when(&present);
        let limit = limit.clamp(1, 100);
        // One more than asked for tells whether there is another page.
        let mut deploys = self.store.history(id, filter, &when, before, limit + 1).await.map_err(of("Deployment"))?;
        let more = deploys.len() > limit as usize;
        deploys.truncate(limit as usize);
        let next_before = deploys.last().filter(|_| more).map(|d| d.number);
        let rows = deploys.into_iter().map(|deploy| self.row(deploy, &present)).collect();
        Ok(HistoryPage { rows, next_before })
    }

    /// A deploy with what its page shows.
    pub async fn deploy(
        &self,
        who: &Principal,
        id: &DeploymentId,
        number: DeployNumber,
    ) -> Result<DeployView, Problem> {
        self.visible(who, id).await?;
        let deploy = self.store.deploy(id, number).await.map_err(of("deploy"))?;
        self.deploy_view(deploy).await
    }

    pub async fn deploy_by_id(
        &self,
        who: &Principal,
        id: &DeploymentId,
        deploy: &DeployId,
    ) -> Result<DeployView, Problem> {
        self.visible(who, id).await?;
        let deploy = self.store.deploy_by_id(deploy).await.map_err(of("deploy"))?;
        if deploy.deployment != *id {
            return Err(Problem::not_found("deploy"));
        }
        self.deploy_view(deploy).await
    }

    async fn deploy_view(&self, deploy: Deploy) -> Result<DeployView, Problem> {
        let present = self.store.present(&deploy.deployment).await.map_err(of("Deployment"))?;
        let files = match &deploy.revision.dags {
            Some(dags) => self.bundles.manifest(&dags.bundle).await.map_err(|e| e.problem())?,
            None => None,
        };
        let when = self.eligible_when(&present);
        let was_live =
            HistoryFilter { status: Some(backstep_domain::DeployStatus::Succeeded), ..HistoryFilter::default() };
        let before = self.store.history(&deploy.deployment, &was_live, &when, Some(deploy.number), 1).await;
        let changed_from = before.map_err(of("deploy"))?.first().map(|d| d.number);
        let live = present.live.as_ref().map(|l| l.number);
        Ok(DeployView { row: self.row(deploy, &present), files, changed_from, live })
    }

    fn row(&self, deploy: Deploy, present: &Present) -> HistoryRow {
        let live = present.live.as_ref().map(|l| l.number);
        let ineligible = ineligible(&deploy, live, present.before_live, &self.policy, self.clock.now());
        let restricted = deploy.revision.image.runtime.as_ref().and_then(|r| self.catalogue.restricted(r));
        HistoryRow { runtime_restricted: restricted.map(str::to_owned), ineligible, deploy }
    }

    /// The rollback window as the store needs it.
    pub(super) fn eligible_when(&self, present: &Present) -> EligibleWhen {
        let window = i64::from(self.policy.window_days) * backstep_domain::DAY;
        EligibleWhen { created_or_live_since: self.clock.now().minus(window), before_live: present.before_live }
    }
}
