//! One-time links: the first administrator, an invitation, a new password.

use backstep_domain::{
    Account, AccountId, AccountKind, AuditAction, AuditEntry, Author, GrantId, HOUR, Level, Millis, Origin, Place,
    Principal, Problem, ProblemCode, RoleId, Subject,
};

use super::{Auth, secret, sign_in::failed};
use crate::store::{NewGrant, StoreError};

const LINK_LASTS_MS: i64 = HOUR;
/// An invitation is not always read at once.
const INVITATION_LASTS_MS: i64 = 72 * HOUR;

/// Whom a link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkFor {
    FirstAdministrator,
    Person(Account),
}

impl Auth {
    /// The path of a link that makes the first administrator; `None` if there is one, or a token that can do it.
    pub async fn set_up_link(&self) -> Result<Option<String>, StoreError> {
        if self.has_operator() || self.parts.store.has_administrator().await? {
            return Ok(None);
        }
        let token = secret::random();
        self.parts.store.keep_link(&secret::hash(&token), None, self.now().plus(LINK_LASTS_MS)).await?;
        Ok(Some(path(&token)))
    }

    /// The path of a link with which a person sets a password. It replaces an older one.
    pub async fn invitation(&self, account: &AccountId) -> Result<(String, Millis), Problem> {
        let token = secret::random();
        let until = self.now().plus(INVITATION_LASTS_MS);
        self.parts.store.keep_link(&secret::hash(&token), Some(account), until).await.map_err(failed)?;
        Ok((path(&token), until))
    }

    /// Whom a link is for.
    pub async fn link(&self, token: &str) -> Result<LinkFor, Problem> {
        let found = self.parts.store.link(&secret::hash(token), self.now()).await.map_err(failed)?;
        match found {
            Some(None) => Ok(LinkFor::FirstAdministrator),
            Some(Some(id)) => Ok(LinkFor::Person(self.parts.store.account(&id).await.map_err(failed)?)),
            None => Err(used_up()),
        }
    }

    /// Uses a link: sets the password, makes the first administrator if that is what the link is for, and signs in.
    /// Answers the `Set-Cookie` header of the session.
    pub async fn use_link(
        &self,
        token: &str,
        login: &str,
        name: &str,
        password: &str,
        origin: &Origin,
        agent: &str,
    ) -> Result<String, Problem> {
        let hash = secret::hash(token);
        let (account, used) = match self.link(token).await? {
            LinkFor::FirstAdministrator => {
                let (account, used) = self.create_administrator(login, name, password, Some(&hash), origin).await?;
                (account, used)
            }
            LinkFor::Person(account) if account.disabled => {
                return Err(Problem::forbidden("This account is disabled. Ask an administrator to enable it."));
            }
            LinkFor::Person(account) => {
                let password_hash = self.parts.passwords.hash(password).await?;
                let entry = AuditEntry {
                    actor: account.author(),
                    ..by_link(
                        self.now(),
                        AuditAction::PasswordChanged,
                        format!("{} set a password with a one-time link", account.name),
                        origin,
                    )
                };
                let used =
                    self.parts.store.use_link(&hash, &account.id, &password_hash, &entry).await.map_err(failed)?;
                (account, used)
            }
        };
        if !used {
            return Err(used_up());
        }
        Ok(self.start(&account, origin, agent, None).await?.cookie)
    }

    /// Makes a person who is System Admin; with a link, whether it was still there.
    pub async fn create_administrator(
        &self,
        login: &str,
        name: &str,
        password: &str,
        link: Option<&str>,
        origin: &Origin,
    ) -> Result<(Account, bool), Problem> {
        let account = Account {
            id: AccountId::new(self.parts.ids.next()),
            kind: AccountKind::Person,
            name: checked("name", name)?,
            login: Some(checked_login(login)?),
            disabled: false,
            home: Place::System,
            created_at: self.now(),
        };
        let password_hash = self.parts.passwords.hash(password).await?;
        let grant = NewGrant::local(
            GrantId::new(self.parts.ids.next()),
            Subject::Account(account.id.clone()),
            RoleId::SYSTEM_ADMIN.parse().expect("a built-in role's name"),
            Place::new(Level::System, ""),
        );
        let detail = format!("{} ({login}) was made System Admin", account.name);
        let entry = by_link(account.created_at, AuditAction::AccountCreated, detail, origin);
        let made = self.parts.store.create_administrator(&account, &password_hash, &grant, link, &entry).await;
        Ok((account, made.map_err(failed)?))
    }
}

/// What a person signs in with: 1 to 200 characters without spaces, in lower case.
pub fn checked_login(login: &str) -> Result<String, Problem> {
    let login = login.trim().to_lowercase();
    let ok = (1..=200).contains(&login.chars().count()) && !login.chars().any(|c| c.is_control() || c.is_whitespace());
    if ok { Ok(login) } else { Err(Problem::invalid("login", "A login has 1 to 200 characters and no spaces.")) }
}

fn checked(field: &str, text: &str) -> Result<String, Problem> {
    crate::usecases::checked_name(field, text, 100)
}

/// Somebody who is known by a link, or by being on the server itself.
fn by_link(at: Millis, action: AuditAction, detail: String, origin: &Origin) -> AuditEntry {
    let author = Author { id: "backstep:set-up".to_owned(), name: "Set-up".to_owned() };
    let who = Principal::new(author, [].into()).from(origin.clone());
    AuditEntry::by(&who, at, action, detail)
}

fn path(token: &str) -> String {
    format!("/set-up?token={token}")
}

fn used_up() -> Problem {
    let message =
        "This link was used, or is too old. Ask for another; for the first administrator, start the server again.";
    Problem::new(ProblemCode::NotFound, message)
}
