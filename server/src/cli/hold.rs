use backstep_domain::{DAY, HOUR, MINUTE, ReleaseTo};
use clap::{Args, Subcommand};

use super::{
    Exit, Failure,
    api::{Api, At, print_json, print_text},
    follow,
    table::{plain, when},
};
use crate::{
    clock::{Clock as _, SystemClock},
    http::api::dto,
};

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
        /// How long, as 90m, 4h or 2d; until it is released if left out.
        #[arg(long = "for", value_name = "TIME", value_parser = length)]
        lasts: Option<i64>,
        /// Until when, as 2026-03-01T12:00:00Z.
        #[arg(long, value_name = "TIME", conflicts_with = "lasts")]
        until: Option<dto::Time>,
        #[command(flatten)]
        at: At,
    },
    /// Release the hold.
    Release {
        /// The held deploy that is rolled out: newest, none, or its number; the others are cancelled.
        #[arg(long, value_name = "newest|none|NUMBER")]
        to: ReleaseTo,
        /// Roll it out although it has parts that were rejected.
        #[arg(long)]
        allow_rejected: bool,
        /// Do not wait for the rollout.
        #[arg(long)]
        no_wait: bool,
        #[command(flatten)]
        at: At,
    },
}

/// Milliseconds of a length as 90m, 4h or 2d.
fn length(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no length; write it as 90m, 4h or 2d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let unit = match unit {
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return Err(wrong()),
    };
    let number = number.parse::<i32>().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
    Ok(i64::from(number) * unit)
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
            HoldCommand::Set { why, lasts, until, at } => {
                let (api, deployment) = at.connect().await?;
                let until = until.or(lasts.map(|lasts| dto::Time(SystemClock.now().plus(lasts))));
                let path = format!("deployments/{}/hold", deployment.id);
                let state: dto::HoldState = api.post(&path, &dto::SetHold { why, until }).await?;
                print_state(&state, &deployment, at.server.json);
                Ok(Exit::Done)
            }
            HoldCommand::Release { to, allow_rejected, no_wait, at } => {
                let (api, deployment) = at.connect().await?;
                let release = dto::ReleaseHold { allow_rejected, ..to.into() };
                released(&api, &deployment, release, !no_wait, at.server.json).await
            }
        }
    }
}

async fn released(
    api: &Api,
    deployment: &dto::Deployment,
    release: dto::ReleaseHold,
    wait: bool,
    json: bool,
) -> Result<Exit, Failure> {
    let path = format!("deployments/{}/hold/release", deployment.id);
    let released: dto::Released = api.post(&path, &release).await?;
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
    let mut lines = Vec::new();
    match &state.hold {
        None => lines.push(format!("No hold on {}: new deploys are rolled out.", plain(name))),
        Some(hold) => {
            let by = plain(&hold.by.full_name);
            let rollback = hold.rollback.map(|number| format!(", by rollback #{number}")).unwrap_or_default();
            let until = hold.until.map(|until| format!(", until {} UTC", when(until))).unwrap_or_default();
            let (since, why) = (when(hold.since), plain(&hold.why));
            lines.push(format!("{} is held by {by} since {since} UTC{until}{rollback}: {why}", plain(name)));
        }
    }
    if state.hold.is_some() || held > 0 {
        lines.push(format!("Deploys kept back: {held}"));
    }
    lines.extend(state.rejected_parts.iter().map(|part| {
        let what = part.part.words();
        let (origin, rollback, by) = (part.origin, part.rollback, plain(&part.by.full_name));
        format!("Rejected: the {what} of #{origin}, with rollback #{rollback} by {by}: {}", plain(&part.why))
    }));
    lines.join("\n")
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
            state_text(&dto::HoldState { hold: None, rejected_parts: Vec::new() }, "prod", 0),
            "No hold on prod: new deploys are rolled out."
        );
    }

    #[test]
    fn what_was_rejected_is_named() {
        let state = serde_json::json!({"rejectedParts": [{"part": "dags", "digest": "1", "origin": 57, "rollback": 58,
            "at": "2026-03-01T12:00:00Z", "why": "Twice", "by": {"id": "a", "subjectType": "USER", "fullName": "Ada"}}]});
        let expected = "No hold on prod: new deploys are rolled out.\nDeploys kept back: 1\n\
                        Rejected: the DAGs of #57, with rollback #58 by Ada: Twice";
        assert_eq!(state_text(&serde_json::from_value(state).unwrap(), "prod", 1), expected);
    }

    #[test]
    fn a_length_has_a_unit() {
        assert_eq!((length("90m"), length("4h"), length("2d")), (Ok(90 * MINUTE), Ok(4 * HOUR), Ok(2 * DAY)));
        for wrong in ["", "h", "4", "0h", "-1h", "4 h", "1w", "4é"] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
    }
}
