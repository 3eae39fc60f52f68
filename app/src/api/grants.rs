use backstep_domain::{AccountId, GrantId, Level};
#[cfg(feature = "ssr")]
use backstep_domain::{Problem, RoleId};
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use super::{ApiClient, Explained, Failure, PlaceAccess, RoleView};
#[cfg(feature = "ssr")]
use super::{accounts::place, caller, ports};

#[server(prefix = "/ui", endpoint = "roles", input = GetUrl, client = ApiClient)]
pub async fn get_roles() -> Result<Vec<RoleView>, Failure> {
    Ok(ports().access.role_contents(&caller()?).await?)
}

/// `at` is the Workspace's or Deployment's id; for the installation there is none.
#[server(prefix = "/ui", endpoint = "place-access", input = GetUrl, client = ApiClient)]
pub async fn get_place_access(level: Level, at: Option<String>) -> Result<PlaceAccess, Failure> {
    Ok(ports().access.place_access(&caller()?, &place(level, at)).await?)
}

#[server(prefix = "/ui", endpoint = "explain-access", input = GetUrl, client = ApiClient)]
pub async fn explain_access(level: Level, at: Option<String>, account: AccountId) -> Result<Explained, Failure> {
    Ok(ports().access.explain_access(&caller()?, &account, &place(level, at)).await?)
}

/// To `subject`, `account:ID` or `team:ID`, as it was chosen; else to whom `named` names.
#[server(prefix = "/ui", endpoint = "give-role", client = ApiClient)]
pub async fn give_role(
    level: Level,
    at: Option<String>,
    subject: Option<String>,
    named: Option<String>,
    role: Option<String>,
) -> Result<(), Failure> {
    let (who, access, place) = (caller()?, ports().access, place(level, at));
    let typed = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let subject = match (typed(named), typed(subject)) {
        (Some(named), _) => access.subject_named(&who, &place, &named).await?,
        (None, Some(chosen)) => chosen.parse().map_err(|_| Problem::invalid("subject", WHOM))?,
        (None, None) => return Err(Problem::invalid("subject", WHOM).into()),
    };
    let role: RoleId = role.unwrap_or_default().parse().map_err(|_| Problem::invalid("role", "Choose a role."))?;
    access.give_role(&who, subject, &role, &place).await?;
    Ok(())
}

#[cfg(feature = "ssr")]
const WHOM: &str = "Choose whom to give the role to.";

#[server(prefix = "/ui", endpoint = "take-role", client = ApiClient)]
pub async fn take_role(grant: GrantId) -> Result<(), Failure> {
    Ok(ports().access.take_role(&caller()?, &grant).await?)
}
