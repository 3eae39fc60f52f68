use backstep_domain::{
    AuditAction, AuditEntry, DAY, Deploy, DeployNumber, DeployStatus, DeploymentId, Hold, Millis, Permission,
    Principal, Problem, ProblemCode, RejectedPart, ReleaseTo, confirm_rejected,
};

use super::{
    UseCases,
    access::{Where, checked_name, deployment_permitted, of},
    create_upload::check_parts,
    rejected::Rejections,
};

/// A hold that is to end later than this is one without an end.
const LONGEST_DAYS: i64 = 366;

impl UseCases {
    /// The hold that is on, if one is.
    pub async fn hold(&self, who: &Principal, id: &DeploymentId) -> Result<Option<Hold>, Problem> {
        self.visible(who, id).await?;
        let present = self.store.present(id).await.map_err(of("Deployment"))?;
        Ok(present.hold.filter(|hold| hold.is_on(self.clock.now())))
    }

    /// What was rolled back and marked.
    pub async fn rejected_parts(&self, who: &Principal, id: &DeploymentId) -> Result<Vec<RejectedPart>, Problem> {
        self.visible(who, id).await?;
        Ok(self.store.present(id).await.map_err(of("Deployment"))?.rejected)
    }

    /// Sets a hold: newly arriving deploys are recorded, but not rolled out. It ends when it is released, or at `until`;
    /// what was held until then stays held.
    pub async fn set_hold(
        &self,
        who: &Principal,
        id: &DeploymentId,
        why: &str,
        until: Option<Millis>,
    ) -> Result<(), Problem> {
        let deployment = self.visible(who, id).await?;
        let allowed = check_either_push(who, &deployment, "set a hold");
        self.noted(who, Where::Deployment(&deployment), allowed).await?;
        let why = checked_name("why", why, 500)?;
        let mut tx = self.store.lock_deployment(id).await.map_err(of("Deployment"))?;
        let now = self.clock.now();
        check_end(until, now)?;
        let present = tx.present().await.map_err(of("Deployment"))?;
        if let Some(hold) = present.hold.filter(|hold| hold.is_on(now)) {
            return Err(Problem::new(
                ProblemCode::Conflict,
                format!(
                    "{} is on hold already, by {}: {}. Release that hold first.",
                    deployment.name, hold.by.name, hold.why
                ),
            ));
        }
        let hold = Hold { since: now, by: who.author.clone(), why, rollback: None, until };
        let lasts = until.map(|until| format!(" (for {} minutes)", until.since(now) / 60_000)).unwrap_or_default();
        let detail = format!("{}{lasts}", hold.why);
        let entry = AuditEntry::by(who, now, AuditAction::HoldSet, detail).on(&deployment);
        tx.set_hold(&hold).await.map_err(of("hold"))?;
        tx.audit(&entry).await.map_err(of("hold"))?;
        tx.commit().await.map_err(of("hold"))?;
        self.changes.tell(id, None);
        Ok(())
    }

    /// Ends the hold: the deploy that is chosen, if one is, is rolled out now; the other held ones are cancelled.
    ///
    /// # Errors
    /// `confirm_rejected` if it has parts that were rejected, unless they are allowed.
    pub async fn release_hold(
        &self,
        who: &Principal,
        id: &DeploymentId,
        to: ReleaseTo,
        allow_rejected: bool,
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
        let chosen = chosen(&mut held, to)?;
        if let Some(chosen) = &chosen {
            if let Err(refused) = check_parts(who, &deployment, chosen.kind) {
                drop(tx);
                return self.noted(who, Where::Deployment(&deployment), Err(refused)).await;
            }
            let mut rejections = Rejections::of(&present);
            let asked = rejections.among(chosen, &chosen.kind.parts());
            if !asked.is_empty() && !allow_rejected {
                return Err(confirm_rejected(chosen.number, &asked));
            }
            rejections.clear(&mut tx, &asked).await?;
            if let Some(waiting) = &present.queued {
                if waiting.is_rollback() {
                    return Err(rollback_goes_first(waiting));
                }
                let reason = format!("{} was released from the hold", chosen.number);
                tx.set_status(&waiting.id, DeployStatus::Cancelled, Some(&reason), now).await.map_err(of("deploy"))?;
            }
        }
        for deploy in &held {
            let reason = format!("the hold was released by {} without it", who.author.name);
            tx.set_status(&deploy.id, DeployStatus::Cancelled, Some(&reason), now).await.map_err(of("deploy"))?;
        }
        if let Some(chosen) = &chosen {
            tx.set_status(&chosen.id, DeployStatus::Queued, None, now).await.map_err(of("deploy"))?;
        }
        if present.hold.is_some() {
            tx.release_hold(&who.author, now).await.map_err(of("hold"))?;
        }
        let detail = released(chosen.as_ref(), &held);
        let mut entry = AuditEntry::by(who, now, AuditAction::HoldReleased, detail).on(&deployment);
        entry.deploy = chosen.as_ref().map(|d| d.number);
        tx.audit(&entry).await.map_err(of("hold"))?;
        tx.commit().await.map_err(of("hold"))?;
        self.changes.tell(id, chosen.as_ref().map(|d| d.number));
        self.engine.wake();
        Ok(chosen.map(|d| d.number))
    }
}

fn check_end(until: Option<Millis>, now: Millis) -> Result<(), Problem> {
    match until {
        Some(until) if until <= now => {
            Err(Problem::invalid("until", "The hold would end before it begins. Name a time that is still to come."))
        }
        Some(until) if until > now.plus(LONGEST_DAYS * DAY) => Err(Problem::invalid(
            "until",
            format!("A hold ends within {LONGEST_DAYS} days. Leave the end out, and release it when it is time."),
        )),
        _ => Ok(()),
    }
}

/// Takes the deploy that is to be rolled out from the held ones.
fn chosen(held: &mut Vec<Deploy>, to: ReleaseTo) -> Result<Option<Deploy>, Problem> {
    held.sort_by_key(|deploy| deploy.number);
    match to {
        ReleaseTo::Newest => Ok(held.pop()),
        ReleaseTo::None => Ok(None),
        ReleaseTo::Deploy(number) => match held.iter().position(|deploy| deploy.number == number) {
            Some(at) => Ok(Some(held.remove(at))),
            None => {
                Err(Problem::new(ProblemCode::Conflict, format!("{number} is not held. Choose one of those that are.")))
            }
        },
    }
}

pub(super) fn rollback_goes_first(waiting: &Deploy) -> Problem {
    Problem {
        winner: Some(waiting.number),
        ..Problem::new(
            ProblemCode::RollbackInProgress,
            format!("The rollback {} is about to start; come again when it is done.", waiting.number),
        )
    }
}

/// For the audit log: what became of the held deploys.
fn released(chosen: Option<&Deploy>, cancelled: &[Deploy]) -> String {
    let to = chosen.map_or_else(|| "to none".to_owned(), |d| format!("to {}", d.number));
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
