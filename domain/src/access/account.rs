//! Accounts of people and programs, teams, tokens and sessions, as pages and the API show them. None holds a secret.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Author, Place, RoleId, TokenLimit};
use crate::{DAY, Millis, deploy::word_enum, ids::text_id};

text_id!(
    /// A person's or a service account's account.
    AccountId
);
text_id!(
    /// A team.
    TeamId
);
text_id!(
    /// A role given to somebody somewhere.
    GrantId
);
text_id!(
    /// An API token; not the token itself.
    TokenId
);
text_id!(
    /// A session; not the cookie.
    SessionId
);

word_enum! {
    /// Whose account it is.
    AccountKind, "kind of account" {
        Person = "person",
        /// A program: CI, a portal's backend.
        Service = "service",
    }
}

/// Somebody who can be a principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    pub kind: AccountKind,
    pub name: String,
    /// What a person signs in with, in lower case; a service account has none.
    pub login: Option<String>,
    pub disabled: bool,
    /// Where a service account belongs; it gets no role above that. A person belongs to the installation.
    pub home: Place,
    pub created_at: Millis,
}

impl Account {
    pub fn author(&self) -> Author {
        Author { id: self.id.as_str().to_owned(), name: self.name.clone() }
    }
}

/// People who get the same roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    pub id: TeamId,
    pub name: String,
    pub members: Vec<Author>,
}

/// Who has a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Subject {
    Account(AccountId),
    Team(TeamId),
}

impl Subject {
    /// `account` or `team`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Team(_) => "team",
        }
    }

    pub fn id(&self) -> &str {
        match self {
            Self::Account(id) => id.as_str(),
            Self::Team(id) => id.as_str(),
        }
    }
}

/// As a form sends it: `account:ID`, `team:ID`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), self.id())
    }
}

/// A text that names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write account:ID or team:ID")]
pub struct BadSubject;

impl FromStr for Subject {
    type Err = BadSubject;
    fn from_str(text: &str) -> Result<Self, BadSubject> {
        match text.split_once(':') {
            Some((_, "")) | None => Err(BadSubject),
            Some(("account", id)) => Ok(Self::Account(AccountId::new(id))),
            Some(("team", id)) => Ok(Self::Team(TeamId::new(id))),
            Some(_) => Err(BadSubject),
        }
    }
}

/// Where a grant comes from if a person gave it; else the issuer whose groups did.
pub const LOCAL: &str = "local";

/// A role given to somebody somewhere, with the names that people read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantView {
    pub id: GrantId,
    pub subject: Subject,
    pub subject_name: String,
    pub role: RoleId,
    pub at: Place,
    pub place_name: String,
    /// `local`, or the issuer whose groups gave it: that one takes it away again too.
    pub source: String,
}

word_enum! {
    /// What a token is for.
    TokenKind, "kind of token" {
        Person = "person",
        Service = "service",
        /// Minted by a portal for its panel, for minutes.
        Panel = "panel",
    }
}

/// An API token as it is listed; the token itself is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    pub id: TokenId,
    pub account: AccountId,
    pub kind: TokenKind,
    pub name: String,
    /// Its prefix and last characters, to tell two apart.
    pub hint: String,
    pub limit: TokenLimit,
    pub created_at: Millis,
    pub expires_at: Millis,
    pub revoked_at: Option<Millis>,
    pub last_used_at: Option<Millis>,
}

/// Whether a token still counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenState {
    Active,
    /// Within a week.
    ExpiresSoon,
    /// Another one was made in its place; it goes on for a while.
    Ending,
    Expired,
    Revoked,
}

/// How long before its end a token is said to expire soon.
const SOON_MS: i64 = 7 * DAY;

impl ApiToken {
    pub fn state(&self, now: Millis) -> TokenState {
        match self.revoked_at {
            Some(at) if at <= now => TokenState::Revoked,
            _ if self.expires_at <= now => TokenState::Expired,
            Some(_) => TokenState::Ending,
            None if self.expires_at.since(now) <= SOON_MS => TokenState::ExpiresSoon,
            None => TokenState::Active,
        }
    }
}

/// A session as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    pub id: SessionId,
    pub created_at: Millis,
    pub seen_at: Millis,
    pub until: Millis,
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
    /// The one that asks.
    pub current: bool,
}
