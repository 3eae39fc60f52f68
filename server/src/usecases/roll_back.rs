use backstep_app::api::RollBackRequest;
use backstep_domain::{
    AuditAction, AuditEntry, Cause, Deploy, DeployId, DeployStatus, DeploymentId, Hold, Plan, Principal, Problem,
    ProblemCode, Scope, check_description, has_rejected, resolve_scope, rolled_back_revision,
};

use super::{
    IdempotencyKey, UseCases,
    access::{Where, of},
    audit::recorded,
    plan_rollback::{lowest, nothing_runs},
    rejected::Rejections,
};
use crate::{pace::TooFast, store::Present};

impl UseCases {
    /// Records a rollback on top of the history and starts its rollout. If the plan moved since it was shown, nothing
    /// is done and the new plan is the answer.
    pub async fn roll_back(
        &self,
        who: &Principal,
        id: &DeploymentId,
        request: RollBackRequest,
        key: Option<IdempotencyKey>,
    ) -> Result<Deploy, Problem> {
        let deployment = self.visible(who, id).await?;
        // `portal/jane` counts as `portal`: whom a portal names is its own choice.
        let account = who.author.id.split('/').next().unwrap_or_default();
        self.rollback_pace.admit(account, self.clock.now()).map_err(|TooFast { seconds }| {
            let message = format!(
                "You asked for too many rollbacks within a minute. Nothing was done; wait {seconds} seconds, then try again."
            );
            Problem::new(ProblemCode::TooManyRequests, message)
        })?;
        // Outside is looked at before the lock, so that a slow target holds up nobody else.
        let target = self.store.deploy(id, request.target).await.map_err(of("deploy"))?;
        let facts = self.facts(&deployment, &target).await;

        let mut tx = self.store.lock_deployment(id).await.map_err(of("Deployment"))?;
        if let Some(key) = &key {
            let remembered = tx.remembered(&who.author.id, &key.key).await.map_err(of("deploy"))?;
            if let Some(done) = self.replayed(remembered, key)? {
                drop(tx);
                return self.store.deploy_by_id(&DeployId::new(done)).await.map_err(of("deploy"));
            }
        }
        let deployment = tx.deployment().clone();
        let present = tx.present().await.map_err(of("Deployment"))?;
        let live = present.live.clone().ok_or_else(|| nothing_runs(&deployment))?;
        let target = tx.deploy(request.target).await.map_err(of("deploy"))?;
        let between = tx.deploys_above(lowest(&target, &live)).await.map_err(of("deploy"))?;
        let plan = self.plan_from(who, &deployment, &present, &live, &target, &between, &facts).await;
        check_alone(&present)?;
        let scope = match check_confirmed(&request, plan, &deployment.name) {
            Ok(scope) => scope,
            Err(refused) => {
                drop(tx);
                return self.noted(who, Where::Deployment(&deployment), Err(refused)).await;
            }
        };
        let description = check_description(&request.description)?;

        let now = self.clock.now();
        let number = present.newest.unwrap_or(live.number).next();
        let mut deploy = Deploy {
            id: DeployId::new(self.ids.next()),
            deployment: id.clone(),
            number,
            kind: scope.into(),
            cause: Cause::Rollback { of: live.number, to: target.number, scope },
            revision: rolled_back_revision(&live.revision, &target.revision, scope),
            git: target.git.clone(),
            created_at: now,
            created_by: who.author.clone(),
            description: description.clone(),
            status: DeployStatus::Queued,
            status_reason: None,
            started_at: None,
            ended_at: None,
            live_from: None,
            live_until: None,
            rejected: false,
            kept: Vec::new(),
            artifact_missing: false,
        };
        if let Some(waiting) = &present.queued {
            let reason = format!("the rollback {number} goes first");
            tx.set_status(&waiting.id, DeployStatus::Held, Some(&reason), now).await.map_err(of("deploy"))?;
        }
        if let Some(running) = &present.running {
            let reason = format!("the rollback {number} goes first");
            tx.request_cancel(&running.id, &reason).await.map_err(of("deploy"))?;
        }
        let (hold, reject) = (request.hold.unwrap_or(true), request.reject.unwrap_or(true));
        let mut rejections = Rejections::of(&present);
        // Who rolls forward to it again has decided that it is good: undoing a rollback clears its mark.
        let back = rejections.among(&deploy, scope.parts());
        rejections.clear(&mut tx, &back).await?;
        if target.rejected && !has_rejected(&target.revision, &present.rejected) {
            // Marked as a whole, before parts were.
            tx.set_rejected(&target.id, false, &who.author, now).await.map_err(of("deploy"))?;
        }
        let rejected = if reject { rejections.reject(&mut tx, &live, &deploy).await? } else { Vec::new() };
        tx.insert_deploy(&deploy).await.map_err(of("deploy"))?;
        if hold {
            let hold =
                Hold { since: now, by: who.author.clone(), why: description, rollback: Some(number), until: None };
            tx.set_hold(&hold).await.map_err(of("hold"))?;
        }
        let rejected = rejected.iter().map(|r| format!("{} of {} rejected", r.part.words(), r.origin));
        let with: Vec<_> = hold.then(|| "hold set".to_owned()).into_iter().chain(rejected).collect();
        let detail = [vec![recorded(&deploy)], with].concat().join("; ");
        let entry = AuditEntry::by(who, now, AuditAction::RollbackRecorded, detail).on(&deployment).of(number);
        tx.audit(&entry).await.map_err(of("deploy"))?;
        if let Some(key) = key {
            tx.remember(&key.of(&who.author.id, deploy.id.as_str()), now).await.map_err(of("deploy"))?;
        }
        tx.commit().await.map_err(of("deploy"))?;
        deploy.rejected = rejections.has(&deploy);
        self.changes.tell(id, Some(number));
        self.engine.wake();
        Ok(deploy)
    }
}

/// Rollback during rollback: the first one wins.
fn check_alone(present: &Present) -> Result<(), Problem> {
    let winner = [&present.running, &present.queued].into_iter().flatten().find(|d| d.is_rollback());
    let Some(winner) = winner else { return Ok(()) };
    let message = format!(
        "{} is rolling back already: {} by {}. Nothing was done. Follow it, and plan anew when it is done.",
        winner.number, winner.description, winner.created_by.name
    );
    Err(Problem { winner: Some(winner.number), ..Problem::new(ProblemCode::RollbackInProgress, message) })
}

/// The plan is still the one that was shown, the scope is allowed, and a loss of data was confirmed by name.
fn check_confirmed(request: &RollBackRequest, plan: Plan, name: &str) -> Result<Scope, Problem> {
    if request.fingerprint.as_ref().is_some_and(|shown| *shown != plan.fingerprint) {
        let message = "Something changed since this plan was shown, so nothing was done. This is the plan now; read it \
                       and confirm again. What you typed is still here.";
        return Err(Problem::new(ProblemCode::PlanMoved, message).with_plan(plan));
    }
    let scope = resolve_scope(&plan, request.scope)?;
    let option = plan.option(scope).expect("a plan has an option for each scope");
    if option.needs_typed_name && request.confirm_name.as_deref().map(str::trim) != Some(name) {
        let message = format!("This rollback loses data for good. Type the Deployment's name, {name}, to confirm.");
        return Err(Problem { field: Some("confirm_name".into()), ..Problem::new(ProblemCode::ConfirmName, message) }
            .with_plan(plan));
    }
    Ok(scope)
}
