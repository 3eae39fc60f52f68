use backstep_app::api::{MadeToken, NewToken as Asked, TokenOwner};
use backstep_domain::{
    Account, AccountId, AccountKind, ApiToken, AuditAction, AuditEntry, DAY, DeploymentId, MINUTE, Permission,
    PermissionSet, Principal, Problem, TokenId, TokenKind, TokenLimit,
};

use super::{
    UseCases,
    access::{Where, checked_name, of},
    accounts::SEE_SERVICES,
    grants::at,
    places::{AtLevel, SeenPlace},
};
use crate::{
    auth::{OPERATOR, secret},
    store::NewToken,
};

const UPDATE_SERVICES: AtLevel = AtLevel {
    system: Permission::SystemServiceAccountsUpdate,
    workspace: Permission::WorkspaceServiceAccountsUpdate,
    deployment: Permission::DeploymentServiceAccountsUpdate,
};

/// A token lasts at most this long.
const LONGEST_DAYS: u32 = 366;
/// A panel's token lasts at most this long.
const PANEL_MINUTES: u32 = 15;

/// What a portal asks for its panel.
#[derive(Clone, Debug)]
pub struct PanelToken {
    /// Where the panel is used; at least one.
    pub deployments: Vec<DeploymentId>,
    /// What it may do there, at most; all of the portal's own rights if left out.
    pub permissions: Option<PermissionSet>,
    /// 1 to 15.
    pub minutes: u32,
    /// The person at the portal, as the history shall name them.
    pub on_behalf_of: String,
}

impl UseCases {
    /// An account's tokens: one's own, or those of a service account that the caller may see.
    pub async fn tokens(&self, who: &Principal, account: &AccountId) -> Result<Vec<ApiToken>, Problem> {
        let account = self.store.account(account).await.map_err(of("account"))?;
        if account.id.as_str() != who.author.id {
            self.service_of(who, &account, &SEE_SERVICES, "see tokens").await?;
        }
        self.store.tokens_of(&account.id).await.map_err(of("token"))
    }

    /// Whose tokens these are, and whether the caller may make more.
    pub async fn token_owner(&self, who: &Principal, account: &AccountId) -> Result<TokenOwner, Problem> {
        let account = self.store.account(account).await.map_err(of("account"))?;
        let own = account.id.as_str() == who.author.id;
        if own {
            let may_make = account.id.as_str() != OPERATOR;
            return Ok(TokenOwner { account, home_name: String::new(), own, may_make });
        }
        let seen = self.service_of(who, &account, &SEE_SERVICES, "see tokens").await?;
        let may_make = seen.permissions.contains(&UPDATE_SERVICES.at(&account.home));
        Ok(TokenOwner { account, home_name: seen.name, own, may_make })
    }

    /// Makes a token; it is shown this once.
    pub async fn make_token(&self, who: &Principal, account: &AccountId, asked: Asked) -> Result<MadeToken, Problem> {
        let account = self.store.account(account).await.map_err(of("account"))?;
        let seen = self.may_make_for(who, &account).await?;
        if !(1..=LONGEST_DAYS).contains(&asked.days) {
            return Err(Problem::invalid("days", format!("A token lasts 1 to {LONGEST_DAYS} days.")));
        }
        let kind = if account.kind == AccountKind::Person { TokenKind::Person } else { TokenKind::Service };
        let name = checked_name("name", &asked.name, 100)?;
        let lasts_ms = i64::from(asked.days) * DAY;
        let (new, secret) = self.new_token(&account, kind, name, asked.limit, lasts_ms);
        let detail = format!("{} of {}", new.token.name, account.name);
        let entry = in_place(seen.as_ref(), AuditEntry::by(who, self.clock.now(), AuditAction::TokenMade, detail));
        self.store.create_token(&new, &entry).await.map_err(of("token"))?;
        Ok(MadeToken { token: new.token, secret })
    }

    /// Makes a new token in an old one's place; the old one goes on for `overlap_minutes`, so that nothing breaks off.
    pub async fn rotate_token(
        &self,
        who: &Principal,
        id: &TokenId,
        days: u32,
        overlap_minutes: u32,
    ) -> Result<MadeToken, Problem> {
        let old = self.store.token(id).await.map_err(of("token"))?;
        let asked = Asked { name: old.name.clone(), days, limit: old.limit.clone() };
        let made = self.make_token(who, &old.account, asked).await?;
        let ends = self.clock.now().plus(i64::from(overlap_minutes.min(7 * 24 * 60)) * MINUTE);
        let detail = format!("{} ({}) ends in {overlap_minutes} minutes", old.name, old.hint);
        let entry = AuditEntry::by(who, self.clock.now(), AuditAction::TokenRotated, detail);
        self.store.revoke_token(id, ends, &entry).await.map_err(of("token"))?;
        self.changes.tell_access();
        Ok(made)
    }

    /// Ends a token at once, and with it those of panels that were minted with it.
    pub async fn revoke_token(&self, who: &Principal, id: &TokenId) -> Result<(), Problem> {
        let token = self.store.token(id).await.map_err(of("token"))?;
        let account = self.store.account(&token.account).await.map_err(of("account"))?;
        if account.id.as_str() != who.author.id {
            self.service_of(who, &account, &UPDATE_SERVICES, "revoke tokens").await?;
        }
        let now = self.clock.now();
        let detail = format!("{} ({}) of {}", token.name, token.hint, account.name);
        let entry = AuditEntry::by(who, now, AuditAction::TokenRevoked, detail);
        self.store.revoke_token(id, now, &entry).await.map_err(of("token"))?;
        self.changes.tell_access();
        Ok(())
    }

    /// Mints a token for a portal's panel: minutes, named Deployments, never more than the portal itself may there.
    pub async fn mint_panel_token(&self, who: &Principal, asked: PanelToken) -> Result<MadeToken, Problem> {
        if !(1..=PANEL_MINUTES).contains(&asked.minutes) {
            return Err(Problem::invalid("minutes", format!("A panel's token lasts 1 to {PANEL_MINUTES} minutes.")));
        }
        if asked.deployments.is_empty() {
            return Err(Problem::invalid("deployments", "Name the Deployments that the panel shows."));
        }
        let person = checked_name("onBehalfOf", &asked.on_behalf_of, 100)?;
        let account = AccountId::new(who.author.id.clone());
        let account = self.store.account(&account).await.map_err(of("account"))?;
        let parent = who.origin.token.clone().filter(|_| account.kind == AccountKind::Service);
        let Some(parent) = parent else {
            let message = "Only a service account's own token mints tokens for a panel; a panel's token does not.";
            return Err(self.refused(who, Where::Everywhere, message).await);
        };
        let parent = self.store.token(&TokenId::new(parent)).await.map_err(of("token"))?;
        if parent.kind != TokenKind::Service {
            return Err(self.refused(who, Where::Everywhere, "A panel's token mints no further tokens.").await);
        }
        let mut limit = TokenLimit { deployments: asked.deployments, permissions: asked.permissions };
        for id in &limit.deployments {
            self.visible(who, id).await?;
        }
        if let Some(bound) = &parent.limit.permissions {
            let within =
                limit.permissions.take().map_or_else(|| bound.clone(), |p| p.intersection(bound).copied().collect());
            limit.permissions = Some(within);
        }
        let lasts_ms = i64::from(asked.minutes) * MINUTE;
        let (mut new, secret) =
            self.new_token(&account, TokenKind::Panel, format!("panel of {person}"), limit, lasts_ms);
        new.parent = Some(parent.id);
        let detail = format!("for the panel of {person}, {} minutes", asked.minutes);
        new.on_behalf = Some(person);
        let entry = AuditEntry::by(who, self.clock.now(), AuditAction::TokenMade, detail);
        self.store.create_token(&new, &entry).await.map_err(of("token"))?;
        Ok(MadeToken { token: new.token, secret })
    }

    fn new_token(
        &self,
        account: &Account,
        kind: TokenKind,
        name: String,
        limit: TokenLimit,
        lasts_ms: i64,
    ) -> (NewToken, String) {
        let secret = secret::api_token(kind);
        let now = self.clock.now();
        let token = ApiToken {
            id: TokenId::new(self.ids.next()),
            account: account.id.clone(),
            kind,
            name,
            hint: secret::hint(&secret),
            limit,
            created_at: now,
            expires_at: now.plus(lasts_ms),
            revoked_at: None,
            last_used_at: None,
        };
        (NewToken { token, hash: secret::hash(&secret), on_behalf: None, parent: None }, secret)
    }

    /// A token has its owner's rights: it is for oneself, signed in, or for a service account that may no more than the
    /// caller. A token does not make its owner's next one: whoever stole it could stay.
    async fn may_make_for(&self, who: &Principal, account: &Account) -> Result<Option<SeenPlace>, Problem> {
        if account.disabled {
            return Err(Problem::invalid("account", "This account is disabled; enable it first."));
        }
        if account.id.as_str() == OPERATOR {
            let message = "The operator's token has no tokens of its own. Make a service account, and a token of that.";
            return Err(Problem::forbidden(message));
        }
        if account.id.as_str() == who.author.id {
            if who.origin.token.is_some() {
                let message = "A token makes no token of its own owner. Sign in, and make it there.";
                return Err(self.refused(who, Where::Everywhere, message).await);
            }
            return Ok(None);
        }
        let seen = self.service_of(who, account, &UPDATE_SERVICES, "make tokens").await?;
        self.check_not_above(who, account).await?;
        Ok(Some(seen))
    }

    /// The home of a service account, if the caller may do this there; people's tokens are theirs alone.
    async fn service_of(
        &self,
        who: &Principal,
        account: &Account,
        needed: &AtLevel,
        to_do: &str,
    ) -> Result<SeenPlace, Problem> {
        if account.kind == AccountKind::Person {
            return Err(Problem::not_found("account"));
        }
        self.place_with(who, &account.home, needed, to_do).await
    }
}

fn in_place(seen: Option<&SeenPlace>, entry: AuditEntry) -> AuditEntry {
    match seen {
        Some(seen) => at(seen, entry),
        None => entry,
    }
}
