use backstep_domain::{AccountId, Team, TeamId};
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use super::{ApiClient, Failure};
#[cfg(feature = "ssr")]
use super::{caller, ports};

#[server(prefix = "/ui", endpoint = "teams", input = GetUrl, client = ApiClient)]
pub async fn get_teams() -> Result<Vec<Team>, Failure> {
    Ok(ports().access.teams(&caller()?).await?)
}

#[server(prefix = "/ui", endpoint = "create-team", client = ApiClient)]
pub async fn create_team(name: Option<String>) -> Result<(), Failure> {
    let id = ports().access.create_team(&caller()?, &name.unwrap_or_default()).await?;
    leptos_axum::redirect(&format!("/access/teams#team-{id}"));
    Ok(())
}

#[server(prefix = "/ui", endpoint = "remove-team", client = ApiClient)]
pub async fn remove_team(team: TeamId) -> Result<(), Failure> {
    Ok(ports().access.remove_team(&caller()?, &team).await?)
}

/// Puts a person into a team, or takes one out.
#[server(prefix = "/ui", endpoint = "set-team-member", client = ApiClient)]
pub async fn set_team_member(team: TeamId, account: AccountId, member: bool) -> Result<(), Failure> {
    ports().access.set_team_member(&caller()?, &team, &account, member).await?;
    leptos_axum::redirect(&format!("/access/teams#team-{team}"));
    Ok(())
}
