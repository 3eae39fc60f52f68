use backstep_domain::{
    AuditAction, AuditEntry, Deploy, DeployNumber, DeployStatus, DeploymentId, Hold, Permission, Principal, Problem,
    ProblemCode, ReleaseTo,
};

use super::{
    UseCases,
    access::{Where, checked_name, deployment_permitted, of},
    create_upload::check_parts,
};

impl UseCases {
    pub async fn hold(&self, who: &Principal, id: &DeploymentId) -> Result<Option<Hold>, Problem> {
        self.visible(who, id).await?;
        Ok(self.store.present(id).await.map_err(of("Deployment"))?.hold)
    }

    /// Sets a hold: newly arriving deploys are recorded, but not rolled out.
    pub async fn set_hold(&self, who: &Principal, id: &DeploymentId, why: &str) -> Result<(), Problem> {
        let deployment = self.visible(who, id).await?;
        let allowed = check_either_push(who, &deployment, "set a hold");
        self.noted(who, Where::Deployment(&deployment), allowed).await?;
        let why = checked_name("why", why, 500)?;
        let mut tx = self.store.lock_deployment(id).await.map_err(of("Deployment"))?;
        let now = self.clock.now();
        let present = tx.present().await.map_err(of("Deployment"))?;
        if let Some(hold) = present.hold {
            return Err(Problem::new(
                ProblemCode::Conflict,
                format!(
                    "{} is on hold already, by {}: {}. Release that hold first.",
                    deployment.name, hold.by.name, hold.why
                ),
            ));
        }
        let entry = AuditEntry::by(who, now, AuditAction::HoldSet, why.clone()).on(&deployment);
        tx.set_hold(&Hold { since: now, by: who.author.clone(), why, rollback: None }).await.map_err(of("hold"))?;
        tx.audit(&entry).await.map_err(of("hold"))?;
        tx.commit().await.map_err(of("hold"))?;
        self.changes.tell(id, None);
        Ok(())
    }

    /// Ends the hold. To the newest: that deploy is rolled out now, but never before a rollback that waits; the other held
    /// ones are cancelled either way.
    pub async fn release_hold(
        &self,
        who: &Principal,
        id: &DeploymentId,
        to: ReleaseTo,
    ) -> Result<Option<DeployNumber>, Problem> {
        let deployment = self.visible(who, id).await?;
        let allowed = check_either_push(who, &deployment, "release a hold");
        self.noted(who, Where::Deployment(&deployment), allowed).await?;
        let mut tx = self.store.lock_deployment(id).await.map_err(of("Deployment"))?;
        let now = self.clock.now();
        let present = tx.present().await.map_err(of("Deployment"))?;
        let mut held = tx.held().await.map_err(of("deploy"))?;
        if present.hold.is_none() && held.is_empty() {
            return Err(Problem::new(ProblemCode::Conflict, format!("{} is not on hold.", deployment.name)));
        }
        held.sort_by_key(|d| d.number);
        let newest = if to == ReleaseTo::Newest { held.pop() } else { None };
        if let Some(newest) = &newest {
            if let Err(refused) = check_parts(who, &deployment, newest.kind) {
                drop(tx);
                return self.noted(who, Where::Deployment(&deployment), Err(refused)).await;
            }
            if let Some(waiting) = &present.queued {
                if waiting.is_rollback() {
                    return Err(Problem {
                        winner: Some(waiting.number),
                        ..Problem::new(
                            ProblemCode::RollbackInProgress,
                            format!(
                                "The rollback {} is about to start; release the hold when it is done.",
                                waiting.number
                            ),
                        )
                    });
                }
                let reason = format!("{} was released from the hold", newest.number);
                tx.set_status(&waiting.id, DeployStatus::Cancelled, Some(&reason), now).await.map_err(of("deploy"))?;
            }
        }
        for deploy in &held {
            let reason = format!("the hold was released by {} without it", who.author.name);
            tx.set_status(&deploy.id, DeployStatus::Cancelled, Some(&reason), now).await.map_err(of("deploy"))?;
        }
        if let Some(newest) = &newest {
            tx.set_status(&newest.id, DeployStatus::Queued, None, now).await.map_err(of("deploy"))?;
        }
        if present.hold.is_some() {
            tx.release_hold(&who.author, now).await.map_err(of("hold"))?;
        }
        let detail = released(newest.as_ref(), &held);
        let mut entry = AuditEntry::by(who, now, AuditAction::HoldReleased, detail).on(&deployment);
        entry.deploy = newest.as_ref().map(|d| d.number);
        tx.audit(&entry).await.map_err(of("hold"))?;
        tx.commit().await.map_err(of("hold"))?;
        self.changes.tell(id, newest.as_ref().map(|d| d.number));
        self.engine.wake();
        Ok(newest.map(|d| d.number))
    }
}

/// For the audit log: what became of the held deploys.
fn released(newest: Option<&Deploy>, cancelled: &[Deploy]) -> String {
    let to = newest.map_or_else(|| "to none".to_owned(), |d| format!("to {}", d.number));
    if cancelled.is_empty() {
        return to;
    }
    let numbers: Vec<_> = cancelled.iter().map(|d| d.number.to_string()).collect();
    format!("{to}; cancelled: {}", numbers.join(", "))
}

/// Setting a hold, or releasing it to none, needs either push right.
fn check_either_push(who: &Principal, deployment: &backstep_domain::Deployment, to_do: &str) -> Result<(), Problem> {
    let may = |permission| deployment_permitted(who, deployment, permission);
    if may(Permission::ImagesPush) || may(Permission::DagsPush) {
        return Ok(());
    }
    Err(Problem::forbidden(format!(
        "You may not {to_do}: it needs {} or {} on {}.",
        Permission::ImagesPush,
        Permission::DagsPush,
        deployment.name
    )))
}
