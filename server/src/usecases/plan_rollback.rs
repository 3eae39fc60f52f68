use backstep_app::api::PlanView;
use backstep_domain::{
    Deploy, DeployNumber, Deployment, DeploymentId, Facts, Plan, PlanInput, Principal, Problem, ProblemCode, plan,
};

use super::{UseCases, access::of};
use crate::store::Present;

impl UseCases {
    /// What a rollback to `target` would do; without a target, to the last good deploy.
    pub async fn plan_rollback(
        &self,
        who: &Principal,
        id: &DeploymentId,
        target: Option<DeployNumber>,
    ) -> Result<PlanView, Problem> {
        let deployment = self.visible(who, id).await?;
        let present = self.store.present(id).await.map_err(of("Deployment"))?;
        let live = present.live.as_ref().ok_or_else(|| nothing_runs(&deployment))?;
        let number = match target {
            Some(number) => number,
            None => self.last_good(id, &present).await?.ok_or_else(|| no_earlier(&deployment))?,
        };
        let target_deploy = self.store.deploy(id, number).await.map_err(of("deploy"))?;
        let facts = self.facts(&deployment, &target_deploy).await;
        let between = self.store.deploys_above(id, lowest(&target_deploy, live)).await.map_err(of("deploy"))?;
        let plan = self.plan_from(who, &deployment, &present, live, &target_deploy, &between, &facts).await;
        let bundle = |d: &Deploy| d.revision.dags.as_ref().map(|p| p.bundle.clone());
        let (now, then) = (bundle(live), bundle(&target_deploy));
        let files = if now == then { None } else { self.changed_files(now.as_ref(), then.as_ref()).await? };
        Ok(PlanView { deployment_name: deployment.name, plan, target_proposed: target.is_none(), files })
    }

    #[expect(clippy::too_many_arguments, reason = "all that a plan depends on, once; the domain's input takes it in")]
    pub(super) async fn plan_from(
        &self,
        who: &Principal,
        deployment: &Deployment,
        present: &Present,
        live: &Deploy,
        target: &Deploy,
        between: &[Deploy],
        facts: &Facts,
    ) -> Plan {
        let permissions = who.permissions_on(deployment);
        let targets = self.targets.for_deployment(deployment).await;
        plan(&PlanInput {
            policy: &self.policy,
            deployment,
            live,
            target,
            before_live: present.before_live,
            rejected: &present.rejected,
            between,
            running: present.running.as_ref(),
            permissions: &permissions,
            catalogue: &self.catalogue,
            targets: &targets,
            facts,
            now: self.clock.now(),
        })
    }
}

/// The plan looks at every deploy above this one: the target, or an older origin of a part that runs.
pub(super) fn lowest(target: &Deploy, live: &Deploy) -> DeployNumber {
    let mut lowest = target.number.min(live.revision.image.origin);
    if let Some(dags) = &live.revision.dags {
        lowest = lowest.min(dags.origin);
    }
    lowest
}

pub(super) fn nothing_runs(deployment: &Deployment) -> Problem {
    Problem::new(
        ProblemCode::Conflict,
        format!("{} runs nothing yet, so there is nothing to roll back. Deploy first.", deployment.name),
    )
}

fn no_earlier(deployment: &Deployment) -> Problem {
    Problem::new(ProblemCode::Conflict, format!("{} has no earlier deploy to roll back to.", deployment.name))
}
