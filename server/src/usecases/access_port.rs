//! The port of who may do what, carried out by the use cases.

use async_trait::async_trait;
use backstep_app::{
    api::{AccessHere, Browser, Explained, Invitation, MadeToken, NewToken, PlaceAccess, RoleView, TokenOwner},
    ports::AccessPort,
};
use backstep_domain::{
    Account, AccountId, ApiToken, GrantId, GrantView, Place, Principal, Problem, Role, RoleId, SessionId, SessionView,
    Subject, Team, TeamId, TokenId,
};

use super::Everything;
use crate::auth::LinkFor;

#[async_trait]
impl AccessPort for Everything {
    async fn people(&self, who: &Principal) -> Result<Vec<Account>, Problem> {
        self.usecases.people(who).await
    }

    async fn invite(&self, who: &Principal, login: &str, name: &str) -> Result<Invitation, Problem> {
        self.usecases.invite(who, &self.auth, login, name).await
    }

    async fn reset_password(&self, who: &Principal, id: &AccountId) -> Result<Invitation, Problem> {
        self.usecases.reset_password(who, &self.auth, id).await
    }

    async fn set_account_disabled(&self, who: &Principal, id: &AccountId, disabled: bool) -> Result<(), Problem> {
        self.usecases.set_account_disabled(who, id, disabled).await
    }

    async fn teams(&self, who: &Principal) -> Result<Vec<Team>, Problem> {
        self.usecases.teams(who).await
    }

    async fn create_team(&self, who: &Principal, name: &str) -> Result<TeamId, Problem> {
        self.usecases.create_team(who, name).await
    }

    async fn remove_team(&self, who: &Principal, id: &TeamId) -> Result<(), Problem> {
        self.usecases.remove_team(who, id).await
    }

    async fn set_team_member(
        &self,
        who: &Principal,
        id: &TeamId,
        account: &AccountId,
        member: bool,
    ) -> Result<(), Problem> {
        self.usecases.set_team_member(who, id, account, member).await
    }

    async fn roles(&self, _: &Principal) -> Result<Vec<Role>, Problem> {
        Ok(self.usecases.roles.iter().cloned().collect())
    }

    async fn role_contents(&self, _: &Principal) -> Result<Vec<RoleView>, Problem> {
        Ok(self.usecases.role_contents())
    }

    async fn access(&self, who: &Principal, place: &Place) -> Result<AccessHere, Problem> {
        self.usecases.access(who, place).await
    }

    async fn place_access(&self, who: &Principal, place: &Place) -> Result<PlaceAccess, Problem> {
        self.usecases.place_access(who, place).await
    }

    async fn subject_named(&self, who: &Principal, place: &Place, text: &str) -> Result<Subject, Problem> {
        self.usecases.subject_named(who, place, text).await
    }

    async fn give_role(
        &self,
        who: &Principal,
        subject: Subject,
        role: &RoleId,
        place: &Place,
    ) -> Result<GrantView, Problem> {
        self.usecases.give_role(who, subject, role, place).await
    }

    async fn take_role(&self, who: &Principal, id: &GrantId) -> Result<(), Problem> {
        self.usecases.take_role(who, id).await
    }

    async fn explain_access(&self, who: &Principal, account: &AccountId, place: &Place) -> Result<Explained, Problem> {
        self.usecases.explain_access(who, account, place).await
    }

    async fn service_accounts(&self, who: &Principal, place: &Place) -> Result<Vec<Account>, Problem> {
        self.usecases.service_accounts(who, place).await
    }

    async fn create_service_account(&self, who: &Principal, place: &Place, name: &str) -> Result<Account, Problem> {
        self.usecases.create_service_account(who, place, name).await
    }

    async fn token_owner(&self, who: &Principal, account: &AccountId) -> Result<TokenOwner, Problem> {
        self.usecases.token_owner(who, account).await
    }

    async fn tokens(&self, who: &Principal, account: &AccountId) -> Result<Vec<ApiToken>, Problem> {
        self.usecases.tokens(who, account).await
    }

    async fn make_token(&self, who: &Principal, account: &AccountId, asked: NewToken) -> Result<MadeToken, Problem> {
        self.usecases.make_token(who, account, asked).await
    }

    async fn rotate_token(
        &self,
        who: &Principal,
        id: &TokenId,
        days: u32,
        overlap_minutes: u32,
    ) -> Result<MadeToken, Problem> {
        self.usecases.rotate_token(who, id, days, overlap_minutes).await
    }

    async fn revoke_token(&self, who: &Principal, id: &TokenId) -> Result<(), Problem> {
        self.usecases.revoke_token(who, id).await
    }

    async fn own_sessions(&self, who: &Principal, browser: &Browser) -> Result<Vec<SessionView>, Problem> {
        self.usecases.own_sessions(who, &self.auth, browser.cookies.as_deref()).await
    }

    async fn end_own_session(&self, who: &Principal, id: &SessionId) -> Result<(), Problem> {
        self.usecases.end_own_session(who, id).await
    }

    async fn change_password(&self, who: &Principal, old: &str, new: &str, browser: &Browser) -> Result<(), Problem> {
        self.usecases.change_password(who, &self.auth, old, new, browser.cookies.as_deref()).await
    }

    async fn link(&self, token: &str) -> Result<Option<String>, Problem> {
        Ok(match self.auth.link(token).await? {
            LinkFor::FirstAdministrator => None,
            LinkFor::Person(account) => Some(account.name),
        })
    }

    async fn use_link(
        &self,
        token: &str,
        login: &str,
        name: &str,
        password: &str,
        browser: &Browser,
    ) -> Result<String, Problem> {
        self.auth.use_link(token, login, name, password, &browser.origin, &browser.agent).await
    }
}
