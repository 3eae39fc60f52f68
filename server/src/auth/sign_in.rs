//! Signing in and out, and the lock-out after failures.

use std::net::IpAddr;

use backstep_app::api::{SignIn, SignedOut};
use backstep_domain::{
    Account, AuditAction, AuditEntry, Author, MINUTE, Millis, Origin, Principal, Problem, ProblemCode, SessionId,
};

use super::{Auth, DemoPerson, OPERATOR, secret};
use crate::store::{NewSession, StoreError};

/// Failures are counted over this time; a success forgets those of its login.
const WINDOW_MS: i64 = 15 * MINUTE;
/// More failures than this, of one login or from one address, and signing in waits.
const FREE_FAILURES: i64 = 4;
const FREE_FAILURES_OF_ADDRESS: i64 = 19;
/// The first wait; it doubles with each failure up to the whole window.
const FIRST_WAIT_MS: i64 = MINUTE / 2;

/// How the browser was told of a session.
pub struct Started {
    pub cookie: String,
    pub principal: Principal,
}

impl Auth {
    /// Starts a session; answers its `Set-Cookie` header.
    pub async fn sign_in(&self, how: SignIn, origin: &Origin, agent: &str) -> Result<String, Problem> {
        let method = match &how {
            SignIn::DemoPerson(_) => "demo",
            SignIn::Token(_) => "token",
            SignIn::Password { .. } => "password",
        };
        let attempt = self.admit(how, origin, agent).await;
        self.parts.metrics.sign_in(method, &attempt);
        attempt
    }

    async fn admit(&self, how: SignIn, origin: &Origin, agent: &str) -> Result<String, Problem> {
        let account = match how {
            SignIn::DemoPerson(id) if self.is_demo() => {
                let person = DemoPerson::with_id(&id);
                let person = person.ok_or_else(|| Problem::invalid("person", "There is no such demo person."))?;
                self.parts.store.account(&person.account()).await.map_err(failed)?
            }
            SignIn::Token(token) => self.operator_account(token.trim(), origin).await?,
            SignIn::Password { login, password } => self.with_password(&login, &password, origin).await?,
            SignIn::DemoPerson(_) => return Err(Problem::forbidden("This server is not signed in to that way.")),
        };
        Ok(self.start(&account, origin, agent, None).await?.cookie)
    }

    /// A session for an account that proved itself. The cookie is new: one from before signing in is worth nothing.
    pub async fn start(
        &self,
        account: &Account,
        origin: &Origin,
        agent: &str,
        id_token: Option<String>,
    ) -> Result<Started, Problem> {
        let now = self.now();
        let token = secret::random();
        let session = NewSession {
            id: SessionId::new(self.parts.ids.next()),
            token_hash: secret::hash(&token),
            account: account.id.clone(),
            at: now,
            until: now.plus(self.parts.rules.absolute_ms),
            address: origin.address.clone(),
            agent: agent.chars().filter(|c| !c.is_control()).take(200).collect(),
            id_token,
        };
        let principal = self.principal(account).await.ok_or_else(unavailable)?.from(origin.clone());
        let entry = AuditEntry::by(&principal, now, AuditAction::SignedIn, format!("{} signed in", account.name));
        self.parts.store.start_session(&session, Some(&entry)).await.map_err(failed)?;
        Ok(Started { cookie: self.parts.rules.cookie(&token), principal })
    }

    async fn with_password(&self, login: &str, password: &str, origin: &Origin) -> Result<Account, Problem> {
        let login = login.trim().to_lowercase();
        if login.is_empty() {
            // Nobody's, so there is nothing to count.
            return Err(Problem::invalid("login", "Type your login."));
        }
        // One attempt after the other: of several at once, each would be let through by the same count.
        let _turns = self.parts.turns.of([&login, &origin.address]).await;
        self.check_not_locked(&login, origin).await?;
        let found = self.parts.store.account_by_login(&login).await.map_err(failed)?;
        let hash = found.as_ref().and_then(|(_, hash)| hash.as_deref());
        let matches = self.parts.passwords.matches(password, hash).await?;
        match found {
            Some((account, _)) if matches && !account.disabled => {
                self.parts.store.forget_failures(&login).await.map_err(failed)?;
                Ok(account)
            }
            _ => {
                self.refused(&login, "the login or the password is wrong", origin).await?;
                let message = "The login or the password is wrong. Check both and try again.";
                Err(Problem {
                    field: Some("password".to_owned()),
                    ..Problem::new(ProblemCode::Unauthenticated, message)
                })
            }
        }
    }

    async fn operator_account(&self, token: &str, origin: &Origin) -> Result<Account, Problem> {
        let Some(operator) = &self.parts.operator else {
            return Err(Problem::forbidden(
                "This server was started without a token. Sign in with login and password.",
            ));
        };
        let _turns = self.parts.turns.of([OPERATOR, &origin.address]).await;
        self.check_not_locked(OPERATOR, origin).await?;
        if operator.matches(token) {
            return self.parts.store.account(&backstep_domain::AccountId::new(OPERATOR)).await.map_err(failed);
        }
        self.refused(OPERATOR, "the operator's token is wrong", origin).await?;
        let message =
            "This is not the token that the server was started with. It is the value of BACKSTEP_ADMIN_TOKEN.";
        Err(Problem { field: Some("token".into()), ..Problem::new(ProblemCode::Unauthenticated, message) })
    }

    async fn refused(&self, login: &str, why: &str, origin: &Origin) -> Result<(), Problem> {
        let now = self.now();
        let entry = self.refusal(login, why, origin, now);
        self.parts.store.sign_in_failed(login, &network(&origin.address), now, &entry).await.map_err(failed)
    }

    /// What the audit log says of somebody who was not let in.
    pub fn refusal(&self, login: &str, why: &str, origin: &Origin, at: Millis) -> AuditEntry {
        let login: String = login.chars().take(100).collect();
        AuditEntry {
            at,
            actor: Author { id: format!("login:{login}"), name: login },
            action: AuditAction::SignInRefused,
            workspace: None,
            deployment: None,
            deploy: None,
            detail: why.to_owned(),
            origin: origin.clone(),
        }
    }

    pub(super) async fn check_not_locked(&self, login: &str, origin: &Origin) -> Result<(), Problem> {
        let now = self.now();
        let since = now.minus(WINDOW_MS);
        let counted =
            self.parts.store.sign_in_failures(login, &network(&origin.address), since).await.map_err(failed)?;
        let (of_login, from_address, newest) = counted;
        let over = (of_login - FREE_FAILURES).max(from_address - FREE_FAILURES_OF_ADDRESS);
        let until = newest.map(|newest| newest.plus(wait_ms(over)));
        match until.filter(|until| *until > now) {
            None => Ok(()),
            Some(until) => {
                let seconds = (until.0 - now.0).div_euclid(1000) + 1;
                Err(Problem::new(
                    ProblemCode::TooManyRequests,
                    format!("Too many failed attempts to sign in. Wait {seconds} seconds, then try again."),
                ))
            }
        }
    }

    /// Ends the session of a cookie; answers the `Set-Cookie` header that makes the browser forget it, and where to go
    /// on to: through the provider, if the person came from there.
    pub async fn sign_out(&self, cookies: Option<&str>, who: &Principal) -> Result<SignedOut, Problem> {
        let mut to = None;
        let hash = cookies.and_then(|c| self.parts.rules.hash_in(c));
        if let Some(hash) = hash {
            let now = self.now();
            let session = self.parts.store.session(&hash, now, Millis(0)).await.map_err(failed)?;
            if let Some(session) = session {
                let entry =
                    AuditEntry::by(who, now, AuditAction::SignedOut, format!("{} signed out", session.account.name));
                self.parts.store.end_session(&session.id, &session.account.id, &entry).await.map_err(failed)?;
                to = self.way_out(session.id_token.as_deref()).await;
            }
        }
        Ok(SignedOut { cookie: self.parts.rules.forgotten(), to: to.unwrap_or_else(|| "/sign-in".to_owned()) })
    }
}

/// What failures are counted by: an IPv4 address, or the /64 that an IPv6 address is one of many of.
pub(super) fn network(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => address.to_owned(),
    }
}

/// How long to wait after `over` failures too many.
fn wait_ms(over: i64) -> i64 {
    match over {
        ..=0 => 0,
        1..=6 => (FIRST_WAIT_MS << (over - 1)).min(WINDOW_MS),
        _ => WINDOW_MS,
    }
}

pub(super) fn failed(error: StoreError) -> Problem {
    error.problem("account")
}

fn unavailable() -> Problem {
    Problem::new(ProblemCode::Unavailable, "The database does not answer as it should. Try again; nothing was done.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_is_one_caller() {
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2::"), "2001:db8:1:2::/64");
        assert_eq!(network("::ffff:192.0.2.7"), "::ffff:192.0.2.7");
    }

    #[test]
    fn the_wait_doubles_up_to_the_window() {
        assert_eq!(wait_ms(0), 0);
        assert_eq!(wait_ms(1), MINUTE / 2);
        assert_eq!(wait_ms(2), MINUTE);
        assert_eq!(wait_ms(5), 8 * MINUTE);
        assert_eq!(wait_ms(6), WINDOW_MS);
        assert_eq!(wait_ms(60), WINDOW_MS);
    }
}
