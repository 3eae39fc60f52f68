//! Signing in with the OpenID Connect provider: the account behind an identity, and its session.

use backstep_app::api::Browser;
use backstep_domain::{
    Account, AccountId, AccountKind, AuditAction, AuditEntry, Origin, Place, Principal, Problem, ProblemCode,
};

use super::{
    Auth, checked_login,
    oidc::{Identity, Oidc, OidcError},
    sign_in::{failed, network},
};
use crate::store::StoreError;

/// In place of a login, where nobody is known yet: only the address counts for the lock-out.
const NOBODY: &str = "";

impl Auth {
    /// The provider that people sign in with, if there is one.
    pub fn provider(&self) -> Option<&Oidc> {
        self.parts.provider.as_ref()
    }

    /// Finishes a sign-in and starts a session; answers its `Set-Cookie` header. `query`: of the address that the provider sent the browser to.
    ///
    /// # Errors
    /// Whoever is not let in: in words for the sign-in page; the log and the audit log say more.
    pub async fn arrive(&self, provider: &Oidc, query: &str, browser: &Browser) -> Result<String, Problem> {
        let attempt = self.admit_arrived(provider, query, browser).await;
        self.parts.metrics.sign_in("provider", &attempt);
        attempt
    }

    async fn admit_arrived(&self, provider: &Oidc, query: &str, browser: &Browser) -> Result<String, Problem> {
        let Browser { origin, agent, cookies } = browser;
        self.check_not_locked(NOBODY, origin).await?;
        let identity = match provider.finish(query, cookies.as_deref()).await {
            Ok(identity) => identity,
            Err(error) => return Err(self.not_let_in(provider, &error, browser).await),
        };
        let account = self.account_of(provider, &identity, origin).await?;
        if account.disabled {
            let why = format!("the account of {} is disabled", account.name);
            self.parts.store.audit(&self.refusal(provider.name(), &why, origin, self.now())).await.map_err(failed)?;
            return Err(Problem::new(
                ProblemCode::Unauthenticated,
                "Your account is disabled on this server. Ask an administrator to enable it.",
            ));
        }
        self.sync_roles(provider, &account, &identity, origin).await?;
        Ok(self.start(&account, origin, agent, Some(identity.id_token)).await?.cookie)
    }

    /// Where a session at the provider ends too, for one that began there.
    pub(super) async fn way_out(&self, id_token: Option<&str>) -> Option<String> {
        self.provider()?.end_session_url(id_token?).await
    }

    /// Writes down that somebody was not let in, and counts it if the provider had no part in it. A browser that began no
    /// sign-in is not counted: another site's page can send it here, and could lock its address out.
    async fn not_let_in(&self, provider: &Oidc, error: &OidcError, browser: &Browser) -> Problem {
        let origin = &browser.origin;
        tracing::warn!(code = error.code(), detail = error.detail(), %error, "a sign-in with the provider was refused");
        let now = self.now();
        let why = format!("sign-in with {}: {}", provider.name(), error.code());
        let entry = self.refusal(provider.name(), &why, origin, now);
        let counts = error.is_the_callers() && provider.began(browser.cookies.as_deref());
        let kept = match counts {
            true => self.parts.store.sign_in_failed(provider.issuer(), &network(&origin.address), now, &entry).await,
            false => self.parts.store.audit(&entry).await,
        };
        match kept {
            Ok(()) => error.problem(),
            Err(error) => failed(error),
        }
    }

    /// The account of an identity; made when somebody comes for the first time.
    async fn account_of(&self, provider: &Oidc, identity: &Identity, origin: &Origin) -> Result<Account, Problem> {
        let Identity { issuer, subject, name, .. } = identity;
        let known = self.parts.store.account_of_identity(issuer, subject).await.map_err(failed)?;
        let Some(id) = known else {
            return self.first_arrival(provider, identity, origin).await.map_err(failed);
        };
        let account = self.parts.store.account(&id).await.map_err(failed)?;
        if account.name != *name {
            self.parts.store.rename_account(&id, name).await.map_err(failed)?;
        }
        Ok(Account { name: name.clone(), ..account })
    }

    /// An account of its own for a new identity. One that has the same e-mail address is somebody else's: who owns an
    /// address can change, and a provider may let people write what they like.
    async fn first_arrival(
        &self,
        provider: &Oidc,
        identity: &Identity,
        origin: &Origin,
    ) -> Result<Account, StoreError> {
        let Identity { issuer, subject, name, .. } = identity;
        let id = AccountId::new(self.parts.ids.next());
        let who = Principal::new(provider.author(), [].into()).from(origin.clone());
        let detail = format!("{name} signed in with {} for the first time", provider.name());
        let entry = AuditEntry::by(&who, self.now(), AuditAction::AccountCreated, detail);
        for login in logins(identity, &id) {
            let account = Account {
                id: id.clone(),
                kind: AccountKind::Person,
                name: name.clone(),
                login: Some(login),
                disabled: false,
                home: Place::System,
                created_at: self.now(),
            };
            match self.parts.store.create_account_with_identity(&account, issuer, subject, &entry).await {
                Ok(()) => return Ok(account),
                Err(StoreError::Taken("login")) => {}
                Err(StoreError::Taken("identity")) => {
                    // The same person at the same time, from another tab.
                    let id = self.parts.store.account_of_identity(issuer, subject).await?;
                    return self.parts.store.account(&id.ok_or(StoreError::NotFound)?).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Taken("login"))
    }
}

/// What the account may be called in lists, the best first: the e-mail address, else the subject at its provider, and
/// last what nobody else can have.
fn logins(identity: &Identity, id: &AccountId) -> impl Iterator<Item = String> {
    let host = identity.issuer.split('/').nth(2).unwrap_or_default();
    let at_provider = format!("{}@{host}", identity.subject);
    let all = [identity.email.clone(), Some(at_provider), Some(id.to_string())];
    all.into_iter().flatten().filter_map(|login| checked_login(&login).ok())
}
