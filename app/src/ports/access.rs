use async_trait::async_trait;
use backstep_domain::{
    Account, AccountId, ApiToken, GrantId, GrantView, Place, Principal, Problem, Role, RoleId, SessionId, SessionView,
    Subject, Team, TeamId, TokenId,
};

use crate::api::{AccessHere, Browser, Explained, Invitation, MadeToken, NewToken, PlaceAccess, RoleView, TokenOwner};

/// Who may do what: people, teams, roles, tokens, sessions.
#[async_trait]
pub trait AccessPort: Send + Sync {
    async fn people(&self, who: &Principal) -> Result<Vec<Account>, Problem>;
    async fn invite(&self, who: &Principal, login: &str, name: &str) -> Result<Invitation, Problem>;
    async fn reset_password(&self, who: &Principal, id: &AccountId) -> Result<Invitation, Problem>;
    async fn set_account_disabled(&self, who: &Principal, id: &AccountId, disabled: bool) -> Result<(), Problem>;

    async fn teams(&self, who: &Principal) -> Result<Vec<Team>, Problem>;
    async fn create_team(&self, who: &Principal, name: &str) -> Result<TeamId, Problem>;
    async fn remove_team(&self, who: &Principal, id: &TeamId) -> Result<(), Problem>;
    async fn set_team_member(
        &self,
        who: &Principal,
        id: &TeamId,
        account: &AccountId,
        member: bool,
    ) -> Result<(), Problem>;

    /// Every role that can be given, with its permissions and what the configuration changed.
    async fn roles(&self, who: &Principal) -> Result<Vec<Role>, Problem>;
    /// The same with what each role brings, as the matrix shows it.
    async fn role_contents(&self, who: &Principal) -> Result<Vec<RoleView>, Problem>;
    /// Who has a role at a place.
    async fn access(&self, who: &Principal, place: &Place) -> Result<AccessHere, Problem>;
    /// What the access page of a place shows.
    async fn place_access(&self, who: &Principal, place: &Place) -> Result<PlaceAccess, Problem>;
    /// Whom a text names: a person by login, else a team by name.
    async fn subject_named(&self, who: &Principal, place: &Place, text: &str) -> Result<Subject, Problem>;
    async fn give_role(
        &self,
        who: &Principal,
        subject: Subject,
        role: &RoleId,
        place: &Place,
    ) -> Result<GrantView, Problem>;
    async fn take_role(&self, who: &Principal, id: &GrantId) -> Result<(), Problem>;
    /// What an account may do at a place, and through which roles.
    async fn explain_access(&self, who: &Principal, account: &AccountId, place: &Place) -> Result<Explained, Problem>;

    async fn service_accounts(&self, who: &Principal, place: &Place) -> Result<Vec<Account>, Problem>;
    async fn create_service_account(&self, who: &Principal, place: &Place, name: &str) -> Result<Account, Problem>;
    /// The caller's own account, or a service account that the caller may see.
    async fn token_owner(&self, who: &Principal, account: &AccountId) -> Result<TokenOwner, Problem>;
    async fn tokens(&self, who: &Principal, account: &AccountId) -> Result<Vec<ApiToken>, Problem>;
    async fn make_token(&self, who: &Principal, account: &AccountId, asked: NewToken) -> Result<MadeToken, Problem>;
    async fn rotate_token(
        &self,
        who: &Principal,
        id: &TokenId,
        days: u32,
        overlap_minutes: u32,
    ) -> Result<MadeToken, Problem>;
    async fn revoke_token(&self, who: &Principal, id: &TokenId) -> Result<(), Problem>;

    async fn own_sessions(&self, who: &Principal, browser: &Browser) -> Result<Vec<SessionView>, Problem>;
    async fn end_own_session(&self, who: &Principal, id: &SessionId) -> Result<(), Problem>;
    async fn change_password(&self, who: &Principal, old: &str, new: &str, browser: &Browser) -> Result<(), Problem>;

    /// For whom a one-time link is: the name of the account, or `None` for the first administrator.
    async fn link(&self, token: &str) -> Result<Option<String>, Problem>;
    /// Sets the password of a link's account, or makes the first administrator; answers the session's cookie.
    async fn use_link(
        &self,
        token: &str,
        login: &str,
        name: &str,
        password: &str,
        browser: &Browser,
    ) -> Result<String, Problem>;
}
