//! Who asks: people with sessions, and whoever sends a token. What they may do comes from the roles that they have now.

#[cfg(test)]
mod given;
mod group_roles;
pub mod oidc;
mod operator;
pub mod origin;
mod passwords;
mod people;
pub mod secret;
mod session;
mod set_up;
mod sign_in;
mod turns;
mod with_provider;

pub use operator::AdminToken;
pub use passwords::Passwords;
pub use people::{DemoPerson, demo_roles, seed};
pub use session::SessionRules;
pub use set_up::{LinkFor, checked_login};
pub use turns::Turns;

use std::sync::Arc;

use async_trait::async_trait;
use backstep_domain::{
    Account, AccountId, AccountKind, Author, MINUTE, Millis, Origin, Permission, Place, Principal, Roles, SessionId,
    TokenKind,
};

use self::oidc::Oidc;
use crate::{
    clock::{Clock, Ids},
    http::api::Authenticate,
    metrics::Metrics,
    store::{SentToken, Store, StoreError},
};

/// How people and programs are known.
#[derive(Clone)]
pub struct Auth {
    parts: Arc<Parts>,
}

/// What authentication works with.
pub struct Parts {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub roles: Arc<Roles>,
    pub passwords: Passwords,
    /// Attempts to sign in, one after the other.
    pub turns: Turns,
    pub rules: SessionRules,
    /// The operator's token from the environment, if there is one.
    pub operator: Option<AdminToken>,
    /// The provider that people sign in with.
    pub provider: Option<Oidc>,
    /// Everybody is one of the demo people.
    pub demo: bool,
    /// Where attempts to sign in are counted.
    pub metrics: Metrics,
}

/// A page's visitor who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub principal: Principal,
    /// `None` for the demo's visitor without a session.
    pub session: Option<SessionId>,
}

/// Why a session is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A request: the session is in use.
    Request,
    /// An open page is only told of changes; that keeps no session from being idle.
    Stream,
}

/// The account of the operator's token: not in the lists, with every permission.
pub const OPERATOR: &str = "token:admin";

/// How often it is written down that a token is in use.
const USED_EVERY_MS: i64 = MINUTE;

impl Auth {
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    pub fn is_demo(&self) -> bool {
        self.parts.demo
    }

    pub fn has_operator(&self) -> bool {
        self.parts.operator.is_some()
    }

    pub fn rules(&self) -> SessionRules {
        self.parts.rules
    }

    fn now(&self) -> Millis {
        self.parts.clock.now()
    }

    /// The principal behind a bearer token. A wrong token is nobody, whatever cookie comes with it.
    pub async fn bearer(&self, token: &str, origin: &Origin) -> Option<Principal> {
        if self.parts.operator.as_ref().is_some_and(|operator| operator.matches(token)) {
            return Some(operator().from(Origin { token: Some("operator".to_owned()), ..origin.clone() }));
        }
        if let Some(person) = DemoPerson::with_token(token).filter(|_| self.parts.demo) {
            let account = self.answered(self.parts.store.account(&person.account()).await)?;
            let from = Origin { token: Some(token.to_owned()), ..origin.clone() };
            return Some(self.principal(&account).await?.from(from));
        }
        if !secret::is_api_token(token) {
            return None;
        }
        let sent = self.answered(self.parts.store.sent_token(&secret::hash(token)).await)??;
        self.behind(sent, origin).await
    }

    /// The owner's rights as they are now, within what the token is limited to.
    async fn behind(&self, sent: SentToken, origin: &Origin) -> Option<Principal> {
        let now = self.now();
        let SentToken { token, owner, on_behalf, parent_ends } = sent;
        let ends = token.revoked_at.unwrap_or(token.expires_at).min(token.expires_at);
        if owner.disabled || ends <= now || parent_ends.is_some_and(|parent| parent <= now) {
            return None;
        }
        if token.last_used_at.is_none_or(|used| used.plus(USED_EVERY_MS) <= now) {
            self.answered(self.parts.store.token_used(&token.id, now).await);
        }
        let mut limit = token.limit;
        if token.kind == TokenKind::Panel {
            let own = Permission::OF_A_PANEL.into_iter();
            limit.permissions =
                Some(own.filter(|p| limit.permissions.as_ref().is_none_or(|l| l.contains(p))).collect());
        }
        let mut principal = self.principal(&owner).await?.limited(limit);
        if let Some(person) = on_behalf.filter(|_| token.kind == TokenKind::Panel) {
            principal.author =
                Author { id: format!("{}/{person}", owner.id), name: format!("{person} via {}", owner.name) };
        }
        Some(principal.from(Origin { token: Some(token.id.to_string()), ..origin.clone() }))
    }

    /// Who looks at a page. In the demo, a visitor without a session is the administrator.
    pub async fn session(&self, cookies: Option<&str>, origin: &Origin, use_of_it: Use) -> Option<SignedIn> {
        match self.open_session(cookies, origin, use_of_it).await {
            Some(signed_in) => Some(signed_in),
            None if self.parts.demo => {
                let account = self.answered(self.parts.store.account(&DemoPerson::Admin.account()).await)?;
                let principal = self.principal(&account).await?.from(origin.clone());
                Some(SignedIn { principal, session: None })
            }
            None => None,
        }
    }

    async fn open_session(&self, cookies: Option<&str>, origin: &Origin, use_of_it: Use) -> Option<SignedIn> {
        let hash = self.parts.rules.hash_in(cookies?)?;
        let now = self.now();
        let idle_since = now.minus(self.parts.rules.idle_ms);
        let session = self.answered(self.parts.store.session(&hash, now, idle_since).await)??;
        if session.account.disabled {
            return None;
        }
        if use_of_it == Use::Request && session.seen_at.plus(session::SEEN_EVERY_MS) <= now {
            self.answered(self.parts.store.session_seen(&session.id, now).await);
        }
        let principal = match session.account.id.as_str() {
            OPERATOR => self.parts.operator.as_ref().map(|_| operator())?,
            _ => self.principal(&session.account).await?,
        };
        Some(SignedIn { principal: principal.from(origin.clone()), session: Some(session.id) })
    }

    /// An account with the rights that its roles bring now.
    async fn principal(&self, account: &Account) -> Option<Principal> {
        let grants = self.answered(self.parts.store.grants_of(&account.id).await)?;
        Some(Principal::granted(account.author(), &grants, &self.parts.roles))
    }

    /// A store that does not answer lets nobody in.
    fn answered<T>(&self, answer: Result<T, StoreError>) -> Option<T> {
        answer.map_err(|error| tracing::error!(%error, "who asks cannot be read")).ok()
    }

    /// The demo people as (id, name), for the chooser in the header.
    pub fn demo_people(&self) -> Option<Vec<(String, String)>> {
        self.is_demo().then(|| DemoPerson::ALL.iter().map(|p| (p.id().to_owned(), p.name().to_owned())).collect())
    }

    /// Makes the account that the operator's sessions belong to, if there is a token, and ends those of another one.
    pub async fn ensure_operator(&self) -> Result<(), StoreError> {
        let Some(token) = &self.parts.operator else { return Ok(()) };
        let account = Account {
            id: AccountId::new(OPERATOR),
            kind: AccountKind::Service,
            name: "Administrator".to_owned(),
            login: None,
            disabled: false,
            home: Place::System,
            created_at: self.now(),
        };
        self.parts.store.ensure_account(&account).await?;
        self.parts.store.set_operator_token(&account.id, &token.hash()).await
    }
}

#[async_trait]
impl Authenticate for Auth {
    async fn bearer(&self, token: &str, origin: &Origin) -> Option<Principal> {
        Self::bearer(self, token, origin).await
    }
}

fn operator() -> Principal {
    let author = Author { id: OPERATOR.to_owned(), name: "Administrator".to_owned() };
    Principal::new(author, Permission::ALL.iter().copied().collect())
}
