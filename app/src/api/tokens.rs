use backstep_domain::{AccountId, ApiToken, DeploymentId, Permission, TokenId};
#[cfg(feature = "ssr")]
use backstep_domain::{Principal, TokenLimit};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;

use super::{ApiClient, Failure, MadeToken, TokenOwner};
#[cfg(feature = "ssr")]
use super::{NewToken, Once, caller, once::show_once, ports};

/// An account's tokens, with what a new one can be limited to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokensView {
    pub owner: TokenOwner,
    pub tokens: Vec<ApiToken>,
    /// The Deployments that the caller may see, with their names.
    pub deployments: Vec<(DeploymentId, String)>,
}

impl TokensView {
    /// The page that shows them, and a new one.
    pub fn page(&self) -> String {
        tokens_page(&self.owner.account.id, self.owner.own)
    }
}

fn tokens_page(account: &AccountId, own: bool) -> String {
    if own { "/me".to_owned() } else { format!("/accounts/{account}/tokens") }
}

#[server(prefix = "/ui", endpoint = "tokens", input = GetUrl, client = ApiClient)]
pub async fn get_tokens(account: AccountId) -> Result<TokensView, Failure> {
    tokens_of(&caller()?, &account).await
}

#[cfg(feature = "ssr")]
pub(super) async fn tokens_of(who: &Principal, account: &AccountId) -> Result<TokensView, Failure> {
    let ports = ports();
    let owner = ports.access.token_owner(who, account).await?;
    let tokens = ports.access.tokens(who, account).await?;
    let deployments = ports.history.deployments(who, None).await?;
    let deployments = deployments.into_iter().map(|view| (view.deployment.id, view.deployment.name)).collect();
    Ok(TokensView { owner, tokens, deployments })
}

/// No Deployment and no permission ticked: the token is not limited.
#[server(prefix = "/ui", endpoint = "make-token", client = ApiClient)]
pub async fn make_token(
    account: AccountId,
    name: Option<String>,
    days: Option<String>,
    #[server(default)] deployments: Vec<DeploymentId>,
    #[server(default)] permissions: Vec<Permission>,
) -> Result<MadeToken, Failure> {
    let who = caller()?;
    let permissions = (!permissions.is_empty()).then(|| permissions.into_iter().collect());
    let limit = TokenLimit { deployments, permissions };
    let asked = NewToken { name: name.unwrap_or_default(), days: number(days), limit };
    let made = ports().access.make_token(&who, &account, asked).await?;
    show_token(&who, &made);
    Ok(made)
}

/// Makes a new token in an old one's place; the old one goes on for `overlap_minutes`.
#[server(prefix = "/ui", endpoint = "rotate-token", client = ApiClient)]
pub async fn rotate_token(
    id: TokenId,
    days: Option<String>,
    overlap_minutes: Option<String>,
) -> Result<MadeToken, Failure> {
    let who = caller()?;
    let made = ports().access.rotate_token(&who, &id, number(days), number(overlap_minutes)).await?;
    show_token(&who, &made);
    Ok(made)
}

#[server(prefix = "/ui", endpoint = "revoke-token", client = ApiClient)]
pub async fn revoke_token(id: TokenId) -> Result<(), Failure> {
    Ok(ports().access.revoke_token(&caller()?, &id).await?)
}

/// What is no number is 0, and refused as that.
#[cfg(feature = "ssr")]
fn number(text: Option<String>) -> u32 {
    text.and_then(|text| text.trim().parse().ok()).unwrap_or_default()
}

#[cfg(feature = "ssr")]
fn show_token(who: &Principal, made: &MadeToken) {
    let account = &made.token.account;
    let own = account.as_str() == who.author.id;
    show_once(tokens_page(account, own), Once::Token(made.clone()));
}
