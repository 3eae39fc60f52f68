use backstep_domain::{
    AirflowVersion, AuditAction, AuditEntry, Deployment, DeploymentId, DeploymentView, HistoryFilter, Mechanism,
    Permission, Principal, Problem, RuntimeVersion, Workspace, WorkspaceId, last_good,
};

use super::{
    IdempotencyKey, UseCases,
    access::{Where, checked_name, of},
};
use crate::store::Present;

/// A Deployment to be created; it runs nothing yet, so it states its versions.
#[derive(Clone, Debug)]
pub struct NewDeployment {
    pub workspace: WorkspaceId,
    pub name: String,
    pub description: String,
    pub mechanism: Mechanism,
    pub runtime: Option<RuntimeVersion>,
    pub airflow: Option<AirflowVersion>,
    pub dags_target: Option<String>,
    pub image_target: Option<String>,
    pub rollback_enabled: bool,
}

impl UseCases {
    pub async fn create_deployment(
        &self,
        who: &Principal,
        new: NewDeployment,
        key: Option<IdempotencyKey>,
    ) -> Result<Deployment, Problem> {
        let workspace = self.store.workspace(&new.workspace).await.map_err(of("Workspace"))?;
        self.demand_in(who, &workspace, Permission::WorkspaceDeploymentsCreate, "create a Deployment").await?;
        if let Some(id) = self.done_before(who, key.as_ref()).await? {
            return self.store.deployment(&DeploymentId::new(id)).await.map_err(of("Deployment"));
        }
        let named = [("dagsTarget", new.dags_target.as_deref()), ("imageTarget", new.image_target.as_deref())];
        for (field, name) in named {
            self.check_target(field, name)?;
            self.may_name(who, &workspace, name).await?;
        }
        self.check_own_targets(&named).await?;
        let airflow = new.airflow.or_else(|| new.runtime.as_ref().and_then(|r| self.catalogue.airflow_of(r)));
        let deployment = Deployment {
            id: DeploymentId::new(self.ids.next()),
            workspace: new.workspace,
            name: checked_name("name", &new.name, 100)?,
            description: new.description.trim().to_owned(),
            mechanism: new.mechanism,
            runtime: new.runtime,
            airflow,
            dags_target: new.dags_target,
            image_target: new.image_target,
            rollback_enabled: new.rollback_enabled,
            created_at: self.clock.now(),
            created_by: who.author.clone(),
        };
        let key = key.map(|k| k.of(&who.author.id, deployment.id.as_str()));
        let detail = format!("{}, mechanism {}", deployment.name, deployment.mechanism);
        let entry = AuditEntry::by(who, deployment.created_at, AuditAction::DeploymentCreated, detail).on(&deployment);
        self.store.create_deployment(&deployment, key.as_ref(), Some(&entry)).await.map_err(of("Deployment"))?;
        Ok(deployment)
    }

    /// Targets are defined in the server's configuration file only; a Deployment names one.
    fn check_target(&self, field: &str, name: Option<&str>) -> Result<(), Problem> {
        match name {
            Some(name) if self.targets.get(name).is_none() => Err(Problem::invalid(
                field,
                format!("There is no target `{name}`. Targets are defined in the server's configuration file."),
            )),
            _ => Ok(()),
        }
    }

    /// What a target writes to belongs to the installation. Whoever may create Deployments everywhere may name any; others
    /// only those that the configuration opens to their Workspace. Everybody may make a Workspace of their own.
    async fn may_name(&self, who: &Principal, workspace: &Workspace, name: Option<&str>) -> Result<(), Problem> {
        let Some(name) = name else { return Ok(()) };
        if who.may(Permission::SystemDeploymentsCreate) || self.targets.is_open_to(name, workspace) {
            return Ok(());
        }
        let message = format!(
            "You may not use the target `{name}` in {}. Whoever runs this server opens it to a Workspace: `workspaces = \
             [...]` under [targets.{name}]. Or ask somebody with the permission {} to create the Deployment.",
            workspace.name,
            Permission::SystemDeploymentsCreate
        );
        Err(self.refused(who, Where::Workspace(&workspace.id), message).await)
    }

    /// Two Deployments that switch one folder, or one image, would undo each other.
    async fn check_own_targets(&self, named: &[(&str, Option<&str>)]) -> Result<(), Problem> {
        let all = self.store.deployments(None).await.map_err(of("Deployment"))?;
        for (field, name) in named {
            let Some(name) = name else { continue };
            let used =
                |d: &Deployment| d.dags_target.as_deref() == Some(name) || d.image_target.as_deref() == Some(name);
            if all.iter().any(used) {
                let message =
                    format!("Another Deployment uses the target `{name}`. Give each Deployment targets of its own.");
                return Err(Problem::invalid(field, message));
            }
        }
        Ok(())
    }

    /// The Deployments that the caller may see, with what runs on each.
    pub async fn deployments(&self, who: &Principal, text: Option<&str>) -> Result<Vec<DeploymentView>, Problem> {
        let text = text.map(str::trim).filter(|t| !t.is_empty());
        let mut views = Vec::new();
        for deployment in self.store.deployments(text).await.map_err(of("Deployment"))? {
            if who.permissions_on(&deployment).contains(&Permission::DeployRevisionsGet) {
                views.push(self.view(who, deployment).await?);
            }
        }
        Ok(views)
    }

    pub async fn deployment(&self, who: &Principal, id: &DeploymentId) -> Result<DeploymentView, Problem> {
        let deployment = self.visible(who, id).await?;
        self.view(who, deployment).await
    }

    async fn view(&self, who: &Principal, deployment: Deployment) -> Result<DeploymentView, Problem> {
        let present = self.store.present(&deployment.id).await.map_err(of("Deployment"))?;
        let workspace = self.store.workspace(&deployment.workspace).await.map_err(of("Workspace"))?;
        let authors = self.store.authors(&deployment.id).await.map_err(of("Deployment"))?;
        let last_good = self.last_good(&deployment.id, &present).await?;
        Ok(DeploymentView {
            permissions: who.permissions_on(&deployment).into_iter().collect(),
            workspace,
            authors,
            last_good,
            live: present.live,
            running: present.running,
            queued: present.queued,
            hold: present.hold.filter(|hold| hold.is_on(self.clock.now())),
            held: present.held,
            rollback_allowed_here: self.policy.rollback_enabled,
            deployment,
        })
    }

    /// The deploy that is proposed where no target was chosen.
    pub(super) async fn last_good(
        &self,
        id: &DeploymentId,
        present: &Present,
    ) -> Result<Option<backstep_domain::DeployNumber>, Problem> {
        let Some(live) = &present.live else { return Ok(None) };
        // Fifty eligible deploys back is far enough: an older one is no answer to an emergency.
        let filter = HistoryFilter { eligible_only: true, ..HistoryFilter::default() };
        let when = self.eligible_when(present);
        let mut newest_first =
            self.store.history(id, &filter, &when, Some(live.number), 50).await.map_err(of("Deployment"))?;
        newest_first.insert(0, live.clone());
        Ok(last_good(&newest_first, present.before_live, &self.policy, self.clock.now()))
    }
}
