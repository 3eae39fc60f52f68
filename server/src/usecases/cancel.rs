use backstep_domain::{
    AuditAction, AuditEntry, Deploy, DeployNumber, DeployStatus, DeploymentId, Principal, Problem, ProblemCode,
    check_deploy_description,
};

use super::{
    UseCases,
    access::{Where, of},
    create_upload::check_parts,
};

impl UseCases {
    /// Stops a deploy that is not live yet: at once if it waits or is held, else before its rollout switches anything.
    /// Needs what deploying its parts needs. To ask twice is no error.
    ///
    /// `why` may be empty; up to 500 characters.
    ///
    /// # Errors
    /// `conflict` if the deploy ended, or is past its point of no return.
    pub async fn cancel_deploy(
        &self,
        who: &Principal,
        id: &DeploymentId,
        number: DeployNumber,
        why: &str,
    ) -> Result<Deploy, Problem> {
        let deployment = self.visible(who, id).await?;
        // What a deploy brings never changes, so that this can be asked before the lock.
        let kind = self.store.deploy(id, number).await.map_err(of("deploy"))?.kind;
        self.noted(who, Where::Deployment(&deployment), check_parts(who, &deployment, kind)).await?;
        let why = check_deploy_description(why)?;
        let reason = match why.as_str() {
            "" => format!("cancelled by {}", who.author.name),
            why => format!("cancelled by {}: {why}", who.author.name),
        };

        let mut tx = self.store.lock_deployment(id).await.map_err(of("Deployment"))?;
        let now = self.clock.now();
        let deploy = tx.deploy(number).await.map_err(of("deploy"))?;
        match deploy.status {
            DeployStatus::Queued | DeployStatus::Held => {
                tx.set_status(&deploy.id, DeployStatus::Cancelled, Some(&reason), now).await.map_err(of("deploy"))?;
            }
            DeployStatus::Running => {
                if !tx.request_cancel(&deploy.id, &reason).await.map_err(of("deploy"))? {
                    return Err(past_its_point(&deploy));
                }
            }
            DeployStatus::Cancelled => return Ok(deploy),
            DeployStatus::Succeeded | DeployStatus::Failed => {
                let message = format!("{number} has ended ({}), so there is nothing to cancel.", deploy.shown());
                return Err(Problem::new(ProblemCode::Conflict, message));
            }
        }
        let entry = AuditEntry::by(who, now, AuditAction::DeployCancelled, why).on(&deployment).of(number);
        tx.audit(&entry).await.map_err(of("deploy"))?;
        let deploy = tx.deploy(number).await.map_err(of("deploy"))?;
        tx.commit().await.map_err(of("deploy"))?;
        self.changes.tell(id, Some(number));
        self.engine.wake();
        Ok(deploy)
    }
}

fn past_its_point(deploy: &Deploy) -> Problem {
    let number = deploy.number;
    let message = format!(
        "{number} is past its point of no return: what runs is being switched, so it is finished, or put back if it fails. \
         Nothing was cancelled. When it is done, roll back."
    );
    Problem::new(ProblemCode::Conflict, message)
}
