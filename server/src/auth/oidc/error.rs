//! Why a sign-in with the provider did not come about.

use backstep_domain::{Problem, ProblemCode};

use crate::store::StoreError;

/// The words are for the person who wants to sign in; what is in the fields is for the log only.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    #[error("The sign-in provider does not answer. Try again in a minute, or sign in another way.")]
    Unreachable(String),
    #[error(
        "The sign-in provider does not describe itself as this server's configuration expects. Tell an administrator \
         of this server; the log says what differs."
    )]
    Description(String),
    #[error("The address that the provider sent you back to is incomplete. Start the sign-in again.")]
    Callback(&'static str),
    #[error(
        "This sign-in is not under way here: it was finished already, or was begun more than ten minutes ago. Start \
         again."
    )]
    NotUnderWay,
    #[error("This sign-in was begun in another browser. Start again in this one.")]
    OtherBrowser,
    #[error("The answer comes from another provider than the one that was asked, so it was refused. Start again.")]
    OtherProvider(String),
    #[error("The sign-in provider did not let you in: you declined, or you have no access to this application there.")]
    Denied,
    #[error(
        "The sign-in provider ended the sign-in with an error. Start again; if it comes back, tell an administrator."
    )]
    ProviderError(String),
    #[error(
        "The sign-in provider does not accept the code that it gave out: it was used already, or is too old. Start again."
    )]
    Code(String),
    #[error(
        "The sign-in provider does not accept this server as its client. Tell an administrator of this server: client_id \
         or the client's secret is wrong, or the redirect address is not registered."
    )]
    Client(String),
    #[error(
        "The sign-in provider's answer cannot be read, so it was refused. Start again; if it comes back, tell an administrator."
    )]
    Answer(String),
    #[error(
        "The sign-in provider's ID token was refused: {fault}. Start again; if it comes back, tell an administrator."
    )]
    IdToken { fault: IdTokenFault, detail: String },
    #[error(
        "The sign-in provider's further details are about somebody else or cannot be read, so they were refused. Start again."
    )]
    UserInfo(String),
    #[error(
        "You are in more groups than the sign-in provider lists in a token. Ask an administrator to have only this \
         application's groups, or roles, put into the token."
    )]
    TooManyGroups,
    #[error("Too many sign-ins were begun from your address. Wait a minute, then try again.")]
    TooMany,
    #[error("The database does not answer as it should. Try again; nothing was done.")]
    Store(#[from] StoreError),
}

/// What is wrong with an ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenFault {
    #[error("there is none in the answer")]
    Missing,
    #[error("it is not signed with an algorithm that is safe")]
    Algorithm,
    #[error("it is signed with a key that is not the provider's")]
    Key,
    #[error("its signature is wrong")]
    Signature,
    #[error("it was issued by another provider")]
    Issuer,
    #[error("it is meant for another application")]
    Audience,
    #[error("it has expired")]
    Expired,
    #[error("it was issued at a time that does not fit this sign-in")]
    IssuedAt,
    #[error("it belongs to another sign-in")]
    Nonce,
    #[error("it does not belong to the access token beside it")]
    AccessToken,
    #[error("it does not say whom it is about")]
    Subject,
    #[error("it is of an unknown form")]
    Form,
}

impl OidcError {
    /// A word for the audit log and for alerts; stable.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "provider_unreachable",
            Self::Description(_) => "provider_description",
            Self::Callback(_) => "callback",
            Self::NotUnderWay => "not_under_way",
            Self::OtherBrowser => "other_browser",
            Self::OtherProvider(_) => "other_provider",
            Self::Denied => "denied",
            Self::ProviderError(_) => "provider_error",
            Self::Code(_) => "code",
            Self::Client(_) => "client",
            Self::Answer(_) => "answer",
            Self::IdToken { fault, .. } => fault.code(),
            Self::UserInfo(_) => "user_info",
            Self::TooManyGroups => "too_many_groups",
            Self::TooMany => "too_many",
            Self::Store(_) => "store",
        }
    }

    /// What the log gets beside the code; never a token, a code or a secret.
    pub fn detail(&self) -> &str {
        match self {
            Self::Unreachable(d)
            | Self::Description(d)
            | Self::OtherProvider(d)
            | Self::ProviderError(d)
            | Self::Code(d)
            | Self::Client(d)
            | Self::Answer(d)
            | Self::UserInfo(d)
            | Self::IdToken { detail: d, .. } => d,
            Self::Callback(d) => d,
            Self::NotUnderWay
            | Self::OtherBrowser
            | Self::Denied
            | Self::TooManyGroups
            | Self::TooMany
            | Self::Store(_) => "",
        }
    }

    /// Whoever sent the request can have made it up: what is counted for the lock-out.
    pub fn is_the_callers(&self) -> bool {
        matches!(
            self,
            Self::Callback(_) | Self::NotUnderWay | Self::OtherBrowser | Self::OtherProvider(_) | Self::Code(_)
        )
    }

    /// For the sign-in page.
    pub fn problem(&self) -> Problem {
        let code = match self {
            Self::Unreachable(_) | Self::Description(_) | Self::Store(_) => ProblemCode::Unavailable,
            Self::TooMany => ProblemCode::TooManyRequests,
            _ => ProblemCode::Unauthenticated,
        };
        Problem::new(code, self.to_string())
    }
}

impl IdTokenFault {
    fn code(self) -> &'static str {
        match self {
            Self::Missing => "id_token_missing",
            Self::Algorithm => "id_token_algorithm",
            Self::Key => "id_token_key",
            Self::Signature => "id_token_signature",
            Self::Issuer => "id_token_issuer",
            Self::Audience => "id_token_audience",
            Self::Expired => "id_token_expired",
            Self::IssuedAt => "id_token_issued_at",
            Self::Nonce => "id_token_nonce",
            Self::AccessToken => "id_token_access_token",
            Self::Subject => "id_token_subject",
            Self::Form => "id_token_form",
        }
    }

    pub(super) fn with(self, detail: impl Into<String>) -> OidcError {
        OidcError::IdToken { fault: self, detail: detail.into() }
    }
}
