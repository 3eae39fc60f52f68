use backstep_domain::{
    AccountId, AuditAction, AuditEntry, GrantId, Permission, Place, Principal, Problem, RoleId, Subject, Workspace,
    WorkspaceId,
};

use super::{
    IdempotencyKey, UseCases,
    access::{checked_name, deployment_permitted, of},
};
use crate::{auth::OPERATOR, store::NewGrant};

impl UseCases {
    /// The Workspaces that the caller may see.
    pub async fn workspaces(&self, who: &Principal) -> Result<Vec<Workspace>, Problem> {
        let all = self.store.workspaces().await.map_err(of("Workspace"))?;
        // Who sees a Deployment sees what it is in.
        let deployments = self.store.deployments(None).await.map_err(of("Deployment"))?;
        let through = |id: &WorkspaceId| {
            let mut inside = deployments.iter().filter(|d| d.workspace == *id);
            inside.any(|d| deployment_permitted(who, d, Permission::DeployRevisionsGet))
        };
        Ok(all.into_iter().filter(|w| who.knows_workspace(&w.id) || through(&w.id)).collect())
    }

    pub async fn create_workspace(
        &self,
        who: &Principal,
        name: &str,
        key: Option<IdempotencyKey>,
    ) -> Result<Workspace, Problem> {
        self.demand_anywhere(who, Permission::SystemWorkspaceCreate, "create a Workspace").await?;
        if let Some(id) = self.done_before(who, key.as_ref()).await? {
            return self.store.workspace(&WorkspaceId::new(id)).await.map_err(of("Workspace"));
        }
        let workspace = Workspace {
            id: WorkspaceId::new(self.ids.next()),
            name: checked_name("name", name, 100)?,
            created_at: self.clock.now(),
        };
        let key = key.map(|k| k.of(&who.author.id, workspace.id.as_str()));
        // Whoever makes a Workspace is its Admin, so that it has one. The operator's token is above that.
        let admin = NewGrant::local(
            GrantId::new(self.ids.next()),
            Subject::Account(AccountId::new(who.author.id.clone())),
            RoleId::WORKSPACE_ADMIN.parse().expect("a built-in role's name"),
            Place::Workspace(workspace.id.clone()),
        );
        let admin = (who.author.id != OPERATOR).then_some(&admin);
        let entry = AuditEntry::by(who, workspace.created_at, AuditAction::WorkspaceCreated, workspace.name.clone())
            .in_workspace(&workspace.id);
        let created = self.store.create_workspace(&workspace, key.as_ref(), admin, Some(&entry)).await;
        created.map_err(of("Workspace"))?;
        Ok(workspace)
    }
}
