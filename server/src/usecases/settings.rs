use backstep_app::ports::SettingsUpdate;
use backstep_domain::{
    AuditAction, AuditEntry, DeployNumber, Deployment, DeploymentId, Permission, Principal, Problem, SettingChange,
    SettingsView, check_deploy_description,
};

use super::{
    UseCases,
    access::{Where, checked_name, deployment_permitted, of},
};

impl UseCases {
    pub async fn settings(&self, who: &Principal, id: &DeploymentId) -> Result<SettingsView, Problem> {
        let deployment = self.visible(who, id).await?;
        self.demand(who, &deployment, Permission::DeploymentConfigGet, "read these settings").await?;
        let kept = self.kept_now(&deployment).await.map(|kept| kept.into_iter().map(|k| k.name).collect());
        Ok(SettingsView {
            rollback_allowed_here: self.policy.rollback_enabled,
            window_days: self.policy.window_days,
            kept,
            changes: self.store.setting_changes(id).await.map_err(of("Deployment"))?,
            may_update: deployment_permitted(who, &deployment, Permission::DeploymentConfigUpdate),
            deployment,
        })
    }

    /// Changes name, description or the switch Rollback Deploy; each change is recorded with who and when.
    pub async fn update_settings(
        &self,
        who: &Principal,
        id: &DeploymentId,
        update: SettingsUpdate,
    ) -> Result<(), Problem> {
        let deployment = self.visible(who, id).await?;
        self.demand(who, &deployment, Permission::DeploymentConfigUpdate, "change these settings").await?;
        let mut tx = self.store.lock_deployment(id).await.map_err(of("Deployment"))?;
        let old = tx.deployment().clone();
        let mut new = old.clone();
        if let Some(name) = &update.name {
            new.name = checked_name("name", name, 100)?;
        }
        if let Some(description) = &update.description {
            new.description = check_deploy_description(description)?;
        }
        if let Some(enabled) = update.rollback_enabled {
            new.rollback_enabled = enabled;
        }
        let changes = self.changed_settings(who, &old, &new);
        if changes.is_empty() {
            return Ok(());
        }
        tx.update_deployment(&new, &changes).await.map_err(of("Deployment"))?;
        for change in &changes {
            let detail = format!("{}: \"{}\" to \"{}\"", change.setting, change.old, change.new);
            let entry = AuditEntry::by(who, change.at, AuditAction::SettingChanged, detail).on(&new);
            tx.audit(&entry).await.map_err(of("Deployment"))?;
        }
        tx.commit().await.map_err(of("Deployment"))?;
        self.changes.tell(id, None);
        Ok(())
    }

    /// Appends an edit of a deploy's description.
    pub async fn describe_deploy(
        &self,
        who: &Principal,
        id: &DeploymentId,
        number: DeployNumber,
        description: &str,
    ) -> Result<(), Problem> {
        let deployment = self.visible(who, id).await?;
        let deploy = self.store.deploy(id, number).await.map_err(of("deploy"))?;
        let allowed = super::create_upload::check_parts(who, &deployment, deploy.kind);
        self.noted(who, Where::Deployment(&deployment), allowed).await?;
        let description = if deploy.is_rollback() {
            backstep_domain::check_description(description)?
        } else {
            check_deploy_description(description)?
        };
        let mut tx = self.store.lock_deployment(id).await.map_err(of("Deployment"))?;
        let now = self.clock.now();
        tx.describe(&deploy.id, &description, &who.author, now).await.map_err(of("deploy"))?;
        let detail = format!("\"{}\" to \"{description}\"", deploy.description);
        let entry = AuditEntry::by(who, now, AuditAction::DeployDescribed, detail).on(&deployment).of(number);
        tx.audit(&entry).await.map_err(of("deploy"))?;
        tx.commit().await.map_err(of("deploy"))?;
        self.changes.tell(id, Some(number));
        Ok(())
    }

    fn changed_settings(&self, who: &Principal, old: &Deployment, new: &Deployment) -> Vec<SettingChange> {
        let switch = |on: bool| if on { "on" } else { "off" }.to_owned();
        [
            ("Name", old.name.clone(), new.name.clone()),
            ("Description", old.description.clone(), new.description.clone()),
            ("Rollback Deploy", switch(old.rollback_enabled), switch(new.rollback_enabled)),
        ]
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(setting, old, new)| SettingChange {
            setting: setting.to_owned(),
            old,
            new,
            at: self.clock.now(),
            by: who.author.clone(),
        })
        .collect()
    }
}
