use backstep_app::api::Invitation;
use backstep_domain::{
    Account, AccountId, AccountKind, AuditAction, AuditEntry, Permission, Place, Principal, Problem, SessionView,
};

use super::{
    UseCases,
    access::{Where, checked_name, of},
    grants::{at, kept},
    places::AtLevel,
};
use crate::auth::{Auth, OPERATOR, checked_login};

pub(super) const SEE_SERVICES: AtLevel = AtLevel {
    system: Permission::SystemServiceAccountsGet,
    workspace: Permission::WorkspaceServiceAccountsGet,
    deployment: Permission::DeploymentServiceAccountsGet,
};
pub(super) const CREATE_SERVICES: AtLevel = AtLevel {
    system: Permission::SystemServiceAccountsCreate,
    workspace: Permission::WorkspaceServiceAccountsCreate,
    deployment: Permission::DeploymentServiceAccountsCreate,
};
pub(super) const DISABLE_SERVICES: AtLevel = AtLevel {
    system: Permission::SystemServiceAccountsDelete,
    workspace: Permission::WorkspaceServiceAccountsDelete,
    deployment: Permission::DeploymentServiceAccountsDelete,
};

impl UseCases {
    /// All people, by name.
    pub async fn people(&self, who: &Principal) -> Result<Vec<Account>, Problem> {
        self.demand_anywhere(who, Permission::SystemUsersGet, "see all people").await?;
        self.store.accounts(AccountKind::Person).await.map_err(of("account"))
    }

    /// Creates a person's account; they set their password with the link.
    pub async fn invite(&self, who: &Principal, auth: &Auth, login: &str, name: &str) -> Result<Invitation, Problem> {
        self.demand_anywhere(who, Permission::SystemUserInvite, "create accounts").await?;
        let now = self.clock.now();
        let account = Account {
            id: AccountId::new(self.ids.next()),
            kind: AccountKind::Person,
            name: checked_name("name", name, 100)?,
            login: Some(checked_login(login)?),
            disabled: false,
            home: Place::System,
            created_at: now,
        };
        let entry = AuditEntry::by(who, now, AuditAction::AccountCreated, format!("{} ({login})", account.name));
        self.store.create_account(&account, None, &entry).await.map_err(of("account"))?;
        let (path, until) = auth.invitation(&account.id).await?;
        Ok(Invitation { account, path, until })
    }

    /// A link with which a person sets a new password; the sessions end when it is used.
    pub async fn reset_password(&self, who: &Principal, auth: &Auth, id: &AccountId) -> Result<Invitation, Problem> {
        self.demand_anywhere(who, Permission::SystemUserInvite, "let somebody set a new password").await?;
        let account = self.store.account(id).await.map_err(of("account"))?;
        if account.kind != AccountKind::Person {
            return Err(Problem::not_found("account"));
        }
        self.check_not_above(who, &account).await?;
        let detail = format!("a link to set a new password for {}", account.name);
        let entry = AuditEntry::by(who, self.clock.now(), AuditAction::PasswordChanged, detail);
        self.store.audit(&entry).await.map_err(of("account"))?;
        let (path, until) = auth.invitation(&account.id).await?;
        Ok(Invitation { account, path, until })
    }

    /// Disables an account: its sessions end and its tokens are refused at once. Or enables it again.
    pub async fn set_account_disabled(&self, who: &Principal, id: &AccountId, disabled: bool) -> Result<(), Problem> {
        let account = self.store.account(id).await.map_err(of("account"))?;
        let place = match account.kind {
            AccountKind::Person => {
                self.demand_anywhere(who, Permission::SystemUserDelete, "disable or enable accounts").await?;
                self.place(who, &Place::System).await?
            }
            AccountKind::Service => {
                self.place_with(who, &account.home, &DISABLE_SERVICES, "disable or enable service accounts").await?
            }
        };
        self.check_not_above(who, &account).await?;
        let action = if disabled { AuditAction::AccountDisabled } else { AuditAction::AccountEnabled };
        let entry = at(&place, AuditEntry::by(who, self.clock.now(), action, account.name));
        if disabled {
            kept(self.store.disable(id, &entry).await.map_err(of("account"))?)?;
        } else {
            self.store.enable(id, &entry).await.map_err(of("account"))?;
        }
        self.changes.tell_access();
        Ok(())
    }

    /// Who gets hold of an account has its rights: nobody does that with an account that may more than they may.
    pub(super) async fn check_not_above(&self, who: &Principal, account: &Account) -> Result<(), Problem> {
        if account.id.as_str() == OPERATOR {
            return Err(Problem::not_found("account"));
        }
        for grant in self.store.grants_of(&account.id).await.map_err(of("role"))? {
            let own = self.place(who, &grant.at).await.map(|seen| seen.permissions).unwrap_or_default();
            if !self.roles.permissions(&grant.role).is_subset(&own) {
                let message =
                    format!("{} has the role {}, which holds more than you have there.", account.name, grant.role);
                return Err(self.refused(who, Where::Everywhere, message).await);
            }
        }
        Ok(())
    }

    /// The service accounts of a place, by name.
    pub async fn service_accounts(&self, who: &Principal, place: &Place) -> Result<Vec<Account>, Problem> {
        self.place_with(who, place, &SEE_SERVICES, "see service accounts").await?;
        let all = self.store.accounts(AccountKind::Service).await.map_err(of("account"))?;
        Ok(all.into_iter().filter(|a| a.home == *place && a.id.as_str() != OPERATOR).collect())
    }

    /// Creates a service account that belongs to a place; it has no role yet.
    pub async fn create_service_account(&self, who: &Principal, place: &Place, name: &str) -> Result<Account, Problem> {
        let seen = self.place_with(who, place, &CREATE_SERVICES, "create service accounts").await?;
        let now = self.clock.now();
        let account = Account {
            id: AccountId::new(self.ids.next()),
            kind: AccountKind::Service,
            name: checked_name("name", name, 100)?,
            login: None,
            disabled: false,
            home: place.clone(),
            created_at: now,
        };
        let detail = format!("the service account {} of {}", account.name, seen.name);
        let entry = at(&seen, AuditEntry::by(who, now, AuditAction::AccountCreated, detail));
        self.store.create_account(&account, None, &entry).await.map_err(of("service account"))?;
        Ok(account)
    }

    /// The caller's own sessions.
    pub async fn own_sessions(
        &self,
        who: &Principal,
        auth: &Auth,
        cookies: Option<&str>,
    ) -> Result<Vec<SessionView>, Problem> {
        demand_session(who, "sees their sessions")?;
        let current = cookies.and_then(|c| auth.rules().hash_in(c));
        let now = self.clock.now();
        let idle_since = now.minus(auth.rules().idle_ms);
        let account = AccountId::new(who.author.id.clone());
        self.store.sessions_of(&account, current.as_deref(), now, idle_since).await.map_err(of("session"))
    }

    /// Ends one of the caller's own sessions.
    pub async fn end_own_session(&self, who: &Principal, id: &backstep_domain::SessionId) -> Result<(), Problem> {
        demand_session(who, "ends a session")?;
        let detail = format!("a session of {}", who.author.name);
        let entry = AuditEntry::by(who, self.clock.now(), AuditAction::SessionRevoked, detail);
        let account = AccountId::new(who.author.id.clone());
        let ended = self.store.end_session(id, &account, &entry).await.map_err(of("session"))?;
        self.changes.tell_access();
        if ended { Ok(()) } else { Err(Problem::not_found("session")) }
    }

    /// Changes the caller's own password; their other sessions end.
    pub async fn change_password(
        &self,
        who: &Principal,
        auth: &Auth,
        old: &str,
        new: &str,
        cookies: Option<&str>,
    ) -> Result<(), Problem> {
        demand_session(who, "changes a password")?;
        let account = AccountId::new(who.author.id.clone());
        let account = self.store.account(&account).await.map_err(of("account"))?;
        let Some(login) = account.login else {
            return Err(Problem::forbidden("The operator's token has no password."));
        };
        let hash = self.store.account_by_login(&login).await.map_err(of("account"))?.and_then(|(_, hash)| hash);
        if !self.passwords.matches(old, hash.as_deref()).await? {
            return Err(Problem::invalid("old_password", "This is not your password now. Type it again."));
        }
        let hash = self.passwords.hash(new).await?;
        let keep = cookies.and_then(|c| auth.rules().hash_in(c));
        let entry = AuditEntry::by(who, self.clock.now(), AuditAction::PasswordChanged, who.author.name.clone());
        self.store.set_password(&account.id, &hash, keep.as_deref(), &entry).await.map_err(of("account"))?;
        self.changes.tell_access();
        Ok(())
    }
}

/// What is about signing in is for whoever did that: a stolen token must not end its owner's sessions.
fn demand_session(who: &Principal, does: &str) -> Result<(), Problem> {
    match &who.origin.token {
        None => Ok(()),
        Some(_) => Err(Problem::forbidden(format!("Only a person who is signed in {does}; a token does not."))),
    }
}
