#[cfg(feature = "ssr")]
use backstep_domain::Place;
use backstep_domain::{Account, AccountId, Level};
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use super::{ApiClient, Failure, Invitation};
#[cfg(feature = "ssr")]
use super::{Once, OneTimeLink, caller, once::show_once, ports};

#[server(prefix = "/ui", endpoint = "people", input = GetUrl, client = ApiClient)]
pub async fn get_people() -> Result<Vec<Account>, Failure> {
    Ok(ports().access.people(&caller()?).await?)
}

#[server(prefix = "/ui", endpoint = "invite", client = ApiClient)]
pub async fn invite(login: Option<String>, name: Option<String>) -> Result<Invitation, Failure> {
    let (login, name) = (login.unwrap_or_default(), name.unwrap_or_default());
    let made = ports().access.invite(&caller()?, &login, &name).await?;
    show_link(&made);
    Ok(made)
}

/// A link with which a person sets a new password.
#[server(prefix = "/ui", endpoint = "reset-password", client = ApiClient)]
pub async fn reset_password(account: AccountId) -> Result<Invitation, Failure> {
    let made = ports().access.reset_password(&caller()?, &account).await?;
    show_link(&made);
    Ok(made)
}

#[server(prefix = "/ui", endpoint = "set-account-disabled", client = ApiClient)]
pub async fn set_account_disabled(account: AccountId, disabled: bool) -> Result<(), Failure> {
    Ok(ports().access.set_account_disabled(&caller()?, &account, disabled).await?)
}

#[server(prefix = "/ui", endpoint = "create-service-account", client = ApiClient)]
pub async fn create_service_account(level: Level, at: Option<String>, name: Option<String>) -> Result<(), Failure> {
    let place = place(level, at);
    let made = ports().access.create_service_account(&caller()?, &place, &name.unwrap_or_default()).await?;
    // A new account is of no use without a token.
    leptos_axum::redirect(&format!("/accounts/{}/tokens", made.id));
    Ok(())
}

#[cfg(feature = "ssr")]
pub(super) fn place(level: Level, at: Option<String>) -> Place {
    Place::new(level, &at.unwrap_or_default())
}

#[cfg(feature = "ssr")]
fn show_link(made: &Invitation) {
    let address = format!("{}{}", own_address(), made.path);
    let link = OneTimeLink { name: made.account.name.clone(), address, until: made.until };
    show_once("/access", Once::Link(link));
}

/// Where this server is for the browser that sent the form: what it says itself, for a form of another site comes no
/// further than the server's guard.
#[cfg(feature = "ssr")]
fn own_address() -> String {
    let request = use_context::<http::request::Parts>();
    let origin = request.and_then(|parts| parts.headers.get(http::header::ORIGIN)?.to_str().ok().map(str::to_owned));
    origin.unwrap_or_default()
}
