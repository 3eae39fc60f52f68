use backstep_domain::DeployNumber;
use clap::Args;

use super::{
    Exit, Failure,
    api::{Api, At, print_json, print_text},
    plan_text,
};
use crate::http::api::dto::PlanAnswer;

/// Show what a rollback would do; nothing is done.
#[derive(Debug, Args)]
pub struct Plan {
    /// The number of the deploy to roll back to; the last good one if left out.
    target: Option<DeployNumber>,
    #[command(flatten)]
    pub(super) at: At,
}

impl Plan {
    pub async fn run(self) -> Result<Exit, Failure> {
        let (api, deployment) = self.at.connect().await?;
        let answer = plan(&api, &deployment.id, self.target).await?;
        match self.at.server.json {
            true => print_json(&answer),
            false => print_text(&plan_text::whole(&answer)),
        }
        Ok(Exit::Done)
    }
}

pub async fn plan(api: &Api, deployment: &str, target: Option<DeployNumber>) -> Result<PlanAnswer, Failure> {
    let path = match target {
        Some(number) => format!("deployments/{deployment}/deploys/{}/plan", number.get()),
        None => format!("deployments/{deployment}/plan"),
    };
    api.get(&path, &[]).await
}
