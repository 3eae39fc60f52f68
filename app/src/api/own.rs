#[cfg(feature = "ssr")]
use backstep_domain::{AccountId, Problem};
use backstep_domain::{SessionId, SessionView};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;

use super::{ApiClient, Failure, TokensView};
#[cfg(feature = "ssr")]
use super::{browser, caller, ports, tokens::tokens_of};

/// What a person sees of their own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAccount {
    pub sessions: Vec<SessionView>,
    pub tokens: TokensView,
}

#[server(prefix = "/ui", endpoint = "own-account", input = GetUrl, client = ApiClient)]
pub async fn get_own_account() -> Result<OwnAccount, Failure> {
    let who = caller()?;
    let sessions = ports().access.own_sessions(&who, &browser()).await?;
    let tokens = tokens_of(&who, &AccountId::new(who.author.id.clone())).await?;
    Ok(OwnAccount { sessions, tokens })
}

#[server(prefix = "/ui", endpoint = "end-session", client = ApiClient)]
pub async fn end_session(session: SessionId) -> Result<(), Failure> {
    Ok(ports().access.end_own_session(&caller()?, &session).await?)
}

#[server(prefix = "/ui", endpoint = "change-password", client = ApiClient)]
pub async fn change_password(
    old_password: Option<String>,
    new_password: Option<String>,
    new_password_again: Option<String>,
) -> Result<(), Failure> {
    let new = twice("new_password_again", new_password, new_password_again)?;
    ports().access.change_password(&caller()?, &old_password.unwrap_or_default(), &new, &browser()).await?;
    leptos_axum::redirect("/me?done=password");
    Ok(())
}

/// A new password is typed twice, for nobody sees what they type.
#[cfg(feature = "ssr")]
pub(super) fn twice(field: &str, one: Option<String>, again: Option<String>) -> Result<String, Failure> {
    let (one, again) = (one.unwrap_or_default(), again.unwrap_or_default());
    if one == again {
        return Ok(one);
    }
    Err(Problem::invalid(field, "The two passwords are not the same. Type the new one again, twice.").into())
}
