use backstep_domain::{DeployNumber, ProblemCode, Scope};
use clap::Args;

use super::{
    Exit, Failure,
    api::{Api, At, print_json},
    follow,
    plan::plan,
    plan_text,
    terminal::{at_a_terminal, question},
};
use crate::http::api::dto::{Deploy, PlanAnswer, RollBack, ScopeOption};

/// Roll back to an earlier deploy, after showing the plan.
///
/// A rollback is a new deploy on top of the history. A hold goes on, so that the next run of CI does not bring the
/// fault back, and what was rolled back is marked as rejected.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The number of the deploy to roll back to; the last good one if left out.
    target: Option<DeployNumber>,
    /// What to roll back: image, dags or image_and_dags; the whole deploy if left out.
    #[arg(long)]
    scope: Option<Scope>,
    /// Why. Asked on a terminal if left out.
    #[arg(short = 'm', long = "message", value_name = "WHY")]
    description: Option<String>,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// The Deployment's name, where data would be lost for good.
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    /// Set no hold: the next deploy is rolled out as usual.
    #[arg(long)]
    no_hold: bool,
    /// Do not mark what was rolled back as rejected.
    #[arg(long)]
    no_reject: bool,
    /// Do not wait for the rollout.
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    pub(super) at: At,
}

impl Rollback {
    pub async fn run(mut self) -> Result<Exit, Failure> {
        let asks = !self.yes && at_a_terminal();
        if !self.yes && !asks {
            return Err(Failure::usage("There is no terminal to ask on. Look at `backstep plan`, then add --yes."));
        }
        if self.description.is_none() && !asks {
            return Err(Failure::usage("Say why with -m WHY: it is kept in the history."));
        }
        let (api, deployment) = self.at.connect().await?;
        let (answer, deploy) = loop {
            let answer = plan(&api, &deployment.id, self.target).await?;
            // Asked again, the question is about the same deploy, even if another one became the last good.
            self.target = DeployNumber::new(answer.plan.to.number);
            let scope = self.show(&answer)?;
            if asks && !self.ask(&answer, scope)? {
                eprintln!("Nothing was done.");
                return Ok(Exit::Refused);
            }
            match self.confirm(&api, &deployment.id, &answer, asks.then_some(scope)).await {
                Err(moved) if asks && moved.code() == Some(ProblemCode::PlanMoved) => {
                    eprintln!("\n{moved}\nThis is the plan as it is now.\n");
                }
                ended => break (answer, ended?),
            }
        };
        let deploy = if self.no_wait { deploy } else { follow::follow(&api, deploy).await? };
        if self.at.server.json {
            print_json(&deploy);
        }
        let exit = follow::ending(&answer.deployment_name, &deploy, !self.no_wait);
        if exit == Exit::Done && !self.no_hold {
            eprintln!("A hold is on: new deploys wait until `backstep hold release`.");
        }
        Ok(exit)
    }

    /// Shows the plan; answers the scope that it is about, if that is allowed.
    fn show(&self, answer: &PlanAnswer) -> Result<Scope, Failure> {
        let Some(scope) = self.scope.or(answer.plan.proposed) else {
            eprintln!("{}\n", plan_text::whole(answer));
            return Err(refused("No scope can be rolled back; the reasons are above.", &answer.plan.options));
        };
        eprintln!("{}\n", plan_text::of_scope(answer, scope));
        let options: Vec<_> = answer.plan.options.iter().filter(|option| option.scope == scope).cloned().collect();
        if options.iter().all(|option| !option.allowed) {
            return Err(refused(&format!("The scope {scope} is refused; the reasons are above."), &options));
        }
        Ok(scope)
    }

    /// Asks for what is missing, and whether to do it.
    fn ask(&mut self, answer: &PlanAnswer, scope: Scope) -> Result<bool, Failure> {
        let needs_name = answer.plan.option(scope).is_some_and(|option| option.needs_confirm_name);
        if self.description.is_none() {
            self.description = Some(question("Why? ")?);
        }
        if needs_name && self.confirm.is_none() {
            self.confirm = Some(question("Data is lost for good. Type the Deployment's name: ")?);
        }
        let answer = question(&format!("{} ({})? [y/N] ", plan_text::title(answer, Some(scope)), scope.words()))?;
        Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
    }

    /// With `shown` that scope is meant. Without, nobody looked: a scope that was left out stays the whole deploy, and
    /// is never silently narrower.
    async fn confirm(
        &self,
        api: &Api,
        deployment: &str,
        answer: &PlanAnswer,
        shown: Option<Scope>,
    ) -> Result<Deploy, Failure> {
        let request = RollBack {
            description: self.description.clone().unwrap_or_default(),
            scope: shown.or(self.scope),
            fingerprint: Some(answer.plan.fingerprint.clone()),
            hold: self.no_hold.then_some(false),
            reject: self.no_reject.then_some(false),
            confirm_name: self.confirm.clone(),
        };
        let path = format!("deployments/{deployment}/deploys/{}/rollback", answer.plan.to.number);
        api.post(&path, &request).await
    }
}

/// Missing rights have an exit code of their own.
fn refused(message: &str, options: &[ScopeOption]) -> Failure {
    let mut reasons = options.iter().flat_map(|option| &option.refusals).peekable();
    let permission = backstep_domain::ReasonCode::PermissionMissing;
    let exit = match reasons.peek().is_some() && reasons.all(|reason| reason.code == permission) {
        true => Exit::NotPermitted,
        false => Exit::Refused,
    };
    Failure::new(exit, message)
}
