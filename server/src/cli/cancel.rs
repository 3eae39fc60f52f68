use backstep_domain::DeployNumber;
use clap::Args;

use super::{
    Exit, Failure,
    api::{At, print_json},
    follow,
};
use crate::http::api::dto::{CancelDeploy, Deploy, Status};

/// Cancel a deploy that is not live yet.
///
/// One that waits or is held ends at once. A running rollout stops before it switches anything; past its point of no return it
/// is finished, or put back, and this is refused.
#[derive(Debug, Args)]
pub struct Cancel {
    /// The number of the deploy.
    number: DeployNumber,
    /// Why.
    #[arg(short = 'm', long = "message", value_name = "WHY")]
    description: Option<String>,
    #[command(flatten)]
    pub(super) at: At,
}

impl Cancel {
    pub async fn run(self) -> Result<Exit, Failure> {
        let (api, deployment) = self.at.connect().await?;
        let path = format!("deployments/{}/deploys/{}/cancel", deployment.id, self.number.get());
        let deploy: Deploy = api.post(&path, &CancelDeploy { description: self.description }).await?;
        let deploy = follow::follow(&api, deploy).await?;
        if self.at.server.json {
            print_json(&deploy);
        }
        let exit = follow::ending(&deployment.name, &deploy, true);
        Ok(if deploy.status == Status::Cancelled { Exit::Done } else { exit })
    }
}
