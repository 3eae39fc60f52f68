use backstep_domain::ReleaseTo;
use clap::{Args, Subcommand, ValueEnum};

use super::{
    Exit, Failure,
    api::{Api, At, print_json, print_text},
    follow,
    table::{plain, when},
};
use crate::http::api::dto;

/// Keep newly arriving deploys back, or let them go on.
#[derive(Debug, Args)]
pub struct Hold {
    #[command(subcommand)]
    command: HoldCommand,
}

#[derive(Debug, Subcommand)]
enum HoldCommand {
    /// Show who holds, since when and why.
    Status {
        #[command(flatten)]
        at: At,
    },
    /// Set a hold: newly arriving deploys are recorded, but not rolled out.
    Set {
        /// Why.
        #[arg(short = 'm', long = "message", value_name = "WHY")]
        why: String,
        #[command(flatten)]
        at: At,
    },
    /// Release the hold.
    Release {
        /// The newest held deploy is rolled out, or none; the others are cancelled.
        #[arg(long, value_enum)]
        to: To,
        /// Do not wait for the rollout.
        #[arg(long)]
        no_wait: bool,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum To {
    Newest,
    None,
}

impl Hold {
    pub(super) fn json(&self) -> bool {
        match &self.command {
            HoldCommand::Status { at } | HoldCommand::Set { at, .. } | HoldCommand::Release { at, .. } => {
                at.server.json
            }
        }
    }

    pub async fn run(self) -> Result<Exit, Failure> {
        match self.command {
            HoldCommand::Status { at } => {
                let (api, deployment) = at.connect().await?;
                let state: dto::HoldState = api.get(&format!("deployments/{}/hold", deployment.id), &[]).await?;
                print_state(&state, &deployment, at.server.json);
                Ok(Exit::Done)
            }
            HoldCommand::Set { why, at } => {
                let (api, deployment) = at.connect().await?;
                let path = format!("deployments/{}/hold", deployment.id);
                let state: dto::HoldState = api.post(&path, &dto::SetHold { why }).await?;
                print_state(&state, &deployment, at.server.json);
                Ok(Exit::Done)
            }
            HoldCommand::Release { to, no_wait, at } => {
                let (api, deployment) = at.connect().await?;
                release(&api, &deployment, to, !no_wait, at.server.json).await
            }
        }
    }
}

async fn release(api: &Api, deployment: &dto::Deployment, to: To, wait: bool, json: bool) -> Result<Exit, Failure> {
    let to = match to {
        To::Newest => ReleaseTo::Newest,
        To::None => ReleaseTo::None,
    };
    let path = format!("deployments/{}/hold/release", deployment.id);
    let released: dto::Released = api.post(&path, &dto::ReleaseHold { to }).await?;
    if json {
        print_json(&released);
    }
    let Some(number) = released.deploy else {
        eprintln!("The hold on {} is released; nothing is rolled out.", plain(&deployment.name));
        return Ok(Exit::Done);
    };
    eprintln!("The hold on {} is released; #{number} is rolled out.", plain(&deployment.name));
    let mut deploy: dto::Deploy = api.get(&format!("deployments/{}/deploys/{number}", deployment.id), &[]).await?;
    if wait {
        deploy = follow::follow(api, deploy).await?;
    }
    Ok(follow::ending(&deployment.name, &deploy, wait))
}

fn print_state(state: &dto::HoldState, deployment: &dto::Deployment, json: bool) {
    match json {
        true => print_json(state),
        false => print_text(&state_text(state, &deployment.name, deployment.held_deploys)),
    }
}

fn state_text(state: &dto::HoldState, name: &str, held: u32) -> String {
    let Some(hold) = &state.hold else {
        return format!("No hold on {}: new deploys are rolled out.", plain(name));
    };
    let by = plain(&hold.by.full_name);
    let rollback = hold.rollback.map(|number| format!(", by rollback #{number}")).unwrap_or_default();
    format!(
        "{} is held by {by} since {} UTC{rollback}: {}\nDeploys kept back: {held}",
        plain(name),
        when(hold.since),
        plain(&hold.why)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_says_who_why_and_since_when() {
        let hold = serde_json::json!({"hold": {"since": "2026-03-01T12:00:00Z", "why": "Export is broken", "rollback": 58,
            "by": {"id": "demo:admin", "subjectType": "USER", "fullName": "Ada"}}});
        let expected =
            "prod is held by Ada since 2026-03-01 12:00 UTC, by rollback #58: Export is broken\nDeploys kept back: 2";
        assert_eq!(state_text(&serde_json::from_value(hold).unwrap(), "prod", 2), expected);
        assert_eq!(
            state_text(&dto::HoldState { hold: None }, "prod", 0),
            "No hold on prod: new deploys are rolled out."
        );
    }
}
