use backstep_app::api;
use backstep_domain::{self as domain, Permission, Place, RoleId, TokenLimit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Subject, Time, words};

/// The account of a person or a service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    pub id: String,
    /// `person` or `service`.
    #[schema(schema_with = words::account_kind)]
    pub kind: domain::AccountKind,
    pub name: String,
    /// What a person signs in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    pub disabled: bool,
    pub created_at: Time,
}

impl From<domain::Account> for Account {
    fn from(account: domain::Account) -> Self {
        Self {
            id: account.id.to_string(),
            kind: account.kind,
            name: account.name,
            login: account.login,
            disabled: account.disabled,
            created_at: account.created_at.into(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Accounts {
    pub accounts: Vec<Account>,
}

impl From<Vec<domain::Account>> for Accounts {
    fn from(accounts: Vec<domain::Account>) -> Self {
        Self { accounts: accounts.into_iter().map(Account::from).collect() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreatePerson {
    /// An e-mail address or a name, without spaces.
    pub login: String,
    pub name: String,
}

/// A person's account, with a one-time link to set the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    pub account: Account,
    /// The link, relative to the server. It works once.
    pub link: String,
    pub link_until: Time,
}

impl From<api::Invitation> for Invitation {
    fn from(invitation: api::Invitation) -> Self {
        let api::Invitation { account, path, until } = invitation;
        Self { account: account.into(), link: path, link_until: until.into() }
    }
}

/// People who get the same roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Team {
    pub id: String,
    pub name: String,
    pub members: Vec<Subject>,
}

impl From<domain::Team> for Team {
    fn from(team: domain::Team) -> Self {
        let members = team.members.into_iter().map(Subject::from).collect();
        Self { id: team.id.to_string(), name: team.name, members }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Teams {
    pub teams: Vec<Team>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTeam {
    pub name: String,
}

/// Something that was made, or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Made {
    pub id: String,
}

/// A role as it is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    pub id: String,
    pub name: String,
    /// Where it is given.
    #[schema(schema_with = words::level)]
    pub level: domain::Level,
    pub permissions: Vec<String>,
    /// Permissions of the original that Backstep accepts and does not use.
    pub unused_permissions: Vec<String>,
    pub built_in: bool,
    /// What the configuration changed of a built-in role.
    pub edits: Vec<RoleEdit>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoleEdit {
    pub permission: String,
    pub granted: bool,
}

impl From<domain::Role> for Role {
    fn from(role: domain::Role) -> Self {
        let edit = |e: domain::RoleEdit| RoleEdit { permission: e.permission, granted: e.granted };
        Self {
            id: role.id.to_string(),
            name: role.name,
            level: role.level,
            permissions: role.permissions.iter().map(ToString::to_string).collect(),
            unused_permissions: role.unused,
            built_in: role.built_in,
            edits: role.edits.into_iter().map(edit).collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Roles {
    pub roles: Vec<Role>,
}

/// Where a role is given: a Workspace, a Deployment, or the whole installation if neither is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Where {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<String>,
}

impl From<Place> for Where {
    fn from(place: Place) -> Self {
        match place {
            Place::System => Self::default(),
            Place::Workspace(id) => Self { workspace_id: Some(id.to_string()), deployment_id: None },
            Place::Deployment(id) => Self { workspace_id: None, deployment_id: Some(id.to_string()) },
        }
    }
}

/// A role that somebody has somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    pub id: String,
    /// Who has it: the id of an account or of a team.
    pub subject_id: String,
    pub subject_name: String,
    /// `account` or `team`.
    pub subject_kind: String,
    pub role: String,
    #[serde(flatten)]
    pub at: Where,
    /// `local`, or the issuer whose groups gave it.
    pub source: String,
}

impl From<domain::GrantView> for Grant {
    fn from(grant: domain::GrantView) -> Self {
        Self {
            id: grant.id.to_string(),
            subject_id: grant.subject.id().to_owned(),
            subject_name: grant.subject_name,
            subject_kind: grant.subject.kind().to_owned(),
            role: grant.role.to_string(),
            at: grant.at.into(),
            source: grant.source,
        }
    }
}

/// Who has a role at a place, there or above it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grants {
    pub grants: Vec<Grant>,
    /// The roles that the caller could give here.
    pub givable_roles: Vec<String>,
}

impl From<api::AccessHere> for Grants {
    fn from(here: api::AccessHere) -> Self {
        Self {
            grants: here.grants.into_iter().map(Grant::from).collect(),
            givable_roles: here.givable.into_iter().map(|(role, _)| role.to_string()).collect(),
        }
    }
}

/// A role to be given to an account or to a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GiveRole {
    pub account_id: Option<String>,
    pub team_id: Option<String>,
    pub role: String,
    pub workspace_id: Option<String>,
    pub deployment_id: Option<String>,
}

/// What an account may do at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Permissions {
    pub name: String,
    /// A disabled account may do nothing, whatever its roles.
    pub disabled: bool,
    pub permissions: Vec<Explained>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    pub permission: String,
    pub granted: bool,
    /// The roles that bring it, with the team they come through.
    pub through: Vec<String>,
}

impl From<api::Explained> for Permissions {
    fn from(explained: api::Explained) -> Self {
        let one = |(permission, grants): (Permission, Vec<domain::Grant>)| Explained {
            permission: permission.to_string(),
            granted: !grants.is_empty(),
            through: grants.iter().map(ToString::to_string).collect(),
        };
        let permissions = explained.permissions.into_iter().map(one).collect();
        Self { name: explained.name, disabled: explained.disabled, permissions }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateServiceAccount {
    pub name: String,
    /// Where it belongs; the installation if neither is named.
    pub workspace_id: Option<String>,
    pub deployment_id: Option<String>,
}

/// An API token as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiToken {
    pub id: String,
    pub name: String,
    /// Its first and last characters.
    pub short_token: String,
    /// Only on these Deployments; empty: wherever its owner may.
    pub deployments: Vec<String>,
    /// Only these permissions; left out: all of its owner's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    pub created_at: Time,
    pub expires_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Time>,
}

impl From<domain::ApiToken> for ApiToken {
    fn from(token: domain::ApiToken) -> Self {
        let TokenLimit { deployments, permissions } = token.limit;
        Self {
            id: token.id.to_string(),
            name: token.name,
            short_token: token.hint,
            deployments: deployments.iter().map(ToString::to_string).collect(),
            permissions: permissions.map(|set| set.iter().map(ToString::to_string).collect()),
            created_at: token.created_at.into(),
            expires_at: token.expires_at.into(),
            revoked_at: token.revoked_at.map(Time::from),
            last_used_at: token.last_used_at.map(Time::from),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiTokens {
    pub tokens: Vec<ApiToken>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MakeToken {
    pub name: String,
    /// 1 to 366.
    pub days: u32,
    #[serde(default)]
    pub deployments: Vec<String>,
    pub permissions: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotateToken {
    /// How long the new token lasts: 1 to 366.
    pub days: u32,
    /// How long the old one goes on; 0 if left out.
    #[serde(default)]
    pub overlap_minutes: u32,
}

/// What a portal asks for its panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MintPanelToken {
    /// Where the panel is used; at least one.
    pub deployments: Vec<String>,
    /// What it may do there, at most; left out: what the portal itself may.
    pub permissions: Option<Vec<String>>,
    /// 1 to 15.
    pub minutes: u32,
    /// The person at the portal, as the history shall name them.
    pub on_behalf_of: String,
}

/// A token, this once with its secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MadeToken {
    #[serde(flatten)]
    pub about: ApiToken,
    /// The token. It is not shown again.
    pub token: String,
}

impl From<api::MadeToken> for MadeToken {
    fn from(made: api::MadeToken) -> Self {
        Self { about: made.token.into(), token: made.secret }
    }
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    #[serde(flatten)]
    pub subject: Subject,
    /// What the caller may do everywhere; a place may bring more.
    pub permissions: Vec<String>,
}

impl From<&domain::Principal> for Me {
    fn from(who: &domain::Principal) -> Self {
        let everywhere = Permission::ALL.iter().filter(|p| who.may(**p)).map(ToString::to_string).collect();
        Self { subject: who.author.clone().into(), permissions: everywhere }
    }
}

/// A role's name, or what is wrong with it.
pub fn role_id(text: &str) -> Result<RoleId, domain::Problem> {
    text.parse().map_err(|error| domain::Problem::invalid("role", format!("{error}.")))
}
