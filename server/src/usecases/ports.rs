//! The ports of the interface, carried out by the use cases.

use std::sync::Arc;

use async_trait::async_trait;
use backstep_app::{
    api::{AuditView, Browser, KeptForm, PlanView, RollBackRequest, SignIn, SignedOut},
    ports::{AuditPort, FormsPort, HistoryPort, PeoplePort, Ports, RollbacksPort, SettingsPort, SettingsUpdate},
};
use backstep_domain::{
    AuditFilter, Comparison, DeployNumber, DeployView, DeploymentId, DeploymentView, ExportStatus, FileDiff, HOUR,
    HeldView, HistoryFilter, HistoryPage, Principal, Problem, ReleaseTo, Rollout, SettingsView,
};

use super::UseCases;
use crate::auth::Auth;

/// Rows on a page of the history, and of the audit log.
const PAGE: u32 = 50;

/// All that a page can ask the server.
#[derive(Clone)]
pub struct Everything {
    pub usecases: UseCases,
    pub auth: Auth,
}

impl Everything {
    pub fn ports(self) -> Ports {
        let all = Arc::new(self);
        Ports {
            history: all.clone(),
            rollbacks: all.clone(),
            settings: all.clone(),
            people: all.clone(),
            access: all.clone(),
            audit: all.clone(),
            forms: all,
        }
    }
}

#[async_trait]
impl HistoryPort for Everything {
    async fn deployments(&self, who: &Principal, text: Option<&str>) -> Result<Vec<DeploymentView>, Problem> {
        self.usecases.deployments(who, text).await
    }

    async fn deployment(&self, who: &Principal, id: &DeploymentId) -> Result<DeploymentView, Problem> {
        self.usecases.deployment(who, id).await
    }

    async fn history(
        &self,
        who: &Principal,
        id: &DeploymentId,
        filter: &HistoryFilter,
        before: Option<DeployNumber>,
    ) -> Result<HistoryPage, Problem> {
        self.usecases.history(who, id, filter, before, PAGE).await
    }

    async fn deploy(&self, who: &Principal, id: &DeploymentId, number: DeployNumber) -> Result<DeployView, Problem> {
        self.usecases.deploy(who, id, number).await
    }

    async fn compare(
        &self,
        who: &Principal,
        id: &DeploymentId,
        from: DeployNumber,
        to: DeployNumber,
    ) -> Result<Comparison, Problem> {
        self.usecases.compare(who, id, from, to).await
    }

    async fn file_diff(
        &self,
        who: &Principal,
        id: &DeploymentId,
        from: DeployNumber,
        to: DeployNumber,
        path: &str,
    ) -> Result<FileDiff, Problem> {
        self.usecases.file_diff(who, id, from, to, path).await
    }

    async fn rollout(
        &self,
        who: &Principal,
        id: &DeploymentId,
        number: DeployNumber,
        after: u64,
    ) -> Result<Rollout, Problem> {
        self.usecases.rollout(who, id, number, after).await
    }
}

#[async_trait]
impl RollbacksPort for Everything {
    async fn plan_rollback(
        &self,
        who: &Principal,
        id: &DeploymentId,
        target: Option<DeployNumber>,
    ) -> Result<PlanView, Problem> {
        self.usecases.plan_rollback(who, id, target).await
    }

    async fn roll_back(
        &self,
        who: &Principal,
        id: &DeploymentId,
        request: RollBackRequest,
    ) -> Result<DeployNumber, Problem> {
        self.usecases.roll_back(who, id, request, None).await.map(|deploy| deploy.number)
    }

    async fn cancel_deploy(
        &self,
        who: &Principal,
        id: &DeploymentId,
        number: DeployNumber,
        why: &str,
    ) -> Result<(), Problem> {
        self.usecases.cancel_deploy(who, id, number, why).await.map(|_| ())
    }

    async fn held(&self, who: &Principal, id: &DeploymentId) -> Result<HeldView, Problem> {
        self.usecases.held(who, id).await
    }

    async fn set_hold(&self, who: &Principal, id: &DeploymentId, why: &str, hours: Option<u32>) -> Result<(), Problem> {
        let until = hours.map(|hours| self.usecases.clock.now().plus(i64::from(hours) * HOUR));
        self.usecases.set_hold(who, id, why, until).await
    }

    async fn release_hold(
        &self,
        who: &Principal,
        id: &DeploymentId,
        to: ReleaseTo,
        allow_rejected: bool,
    ) -> Result<Option<DeployNumber>, Problem> {
        self.usecases.release_hold(who, id, to, allow_rejected).await
    }
}

#[async_trait]
impl SettingsPort for Everything {
    async fn settings(&self, who: &Principal, id: &DeploymentId) -> Result<SettingsView, Problem> {
        self.usecases.settings(who, id).await
    }

    async fn update_settings(&self, who: &Principal, id: &DeploymentId, update: SettingsUpdate) -> Result<(), Problem> {
        self.usecases.update_settings(who, id, update).await
    }

    async fn describe_deploy(
        &self,
        who: &Principal,
        id: &DeploymentId,
        number: DeployNumber,
        description: &str,
    ) -> Result<(), Problem> {
        self.usecases.describe_deploy(who, id, number, description).await
    }
}

#[async_trait]
impl AuditPort for Everything {
    async fn audit(&self, who: &Principal, filter: &AuditFilter, before: Option<u64>) -> Result<AuditView, Problem> {
        let places = self.usecases.audit_places(who).await?;
        let everywhere = filter.workspace.is_none() && filter.deployment.is_none();
        if everywhere && !places.whole && !places.is_empty() {
            return Ok(AuditView { places, page: None });
        }
        let page = self.usecases.audit(who, filter, before, PAGE).await?;
        Ok(AuditView { places, page: Some(page) })
    }

    async fn export_status(&self, who: &Principal) -> Result<ExportStatus, Problem> {
        self.usecases.export_status(who).await
    }
}

#[async_trait]
impl PeoplePort for Everything {
    async fn sign_in(&self, how: SignIn, browser: &Browser) -> Result<String, Problem> {
        self.auth.sign_in(how, &browser.origin, &browser.agent).await
    }

    async fn sign_out(&self, who: &Principal, browser: &Browser) -> Result<SignedOut, Problem> {
        let signed_out = self.auth.sign_out(browser.cookies.as_deref(), who).await?;
        self.usecases.changes.tell_access();
        Ok(signed_out)
    }

    fn token_sign_in(&self) -> bool {
        self.auth.has_operator()
    }

    fn provider(&self) -> Option<String> {
        self.auth.provider().map(|provider| provider.name().to_owned())
    }

    fn demo_people(&self) -> Option<Vec<(String, String)>> {
        self.auth.demo_people()
    }
}

#[async_trait]
impl FormsPort for Everything {
    async fn kept_form(&self, who: Option<&Principal>, id: &str) -> Option<KeptForm> {
        self.usecases.kept_form(who, id).await
    }
}
