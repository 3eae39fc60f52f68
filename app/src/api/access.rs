//! Who may do what.

use std::collections::BTreeMap;

use backstep_domain::{
    Account, ApiToken, Author, Grant, GrantView, Millis, Permission, PermissionSet, Place, Role, RoleId, Team,
    TokenLimit, Workspace,
};
use serde::{Deserialize, Serialize};

/// Who has a role at a place: there, or above it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessHere {
    pub place: Place,
    pub place_name: String,
    pub grants: Vec<GrantView>,
    /// The roles that the caller could give here, with their names.
    pub givable: Vec<(RoleId, String)>,
}

/// What an account may do at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    pub name: String,
    /// A disabled account may do nothing, whatever its roles.
    pub disabled: bool,
    pub place_name: String,
    /// Each permission with the roles that bring it; none: it is not there.
    pub permissions: Vec<(Permission, Vec<Grant>)>,
}

/// A person's account, with a one-time link to set the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub account: Account,
    /// The link's path on this server.
    pub path: String,
    pub until: Millis,
}

/// A token that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    pub name: String,
    /// How long it lasts: 1 to 366.
    pub days: u32,
    pub limit: TokenLimit,
}

/// A token, this once with its secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeToken {
    pub token: ApiToken,
    pub secret: String,
}

/// What the access page of a place shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceAccess {
    pub place: Place,
    pub name: String,
    /// What is above a Deployment.
    pub workspace: Option<Workspace>,
    /// The caller, if they have an account with roles; the operator's token has not.
    pub own: Option<Author>,
    pub may: MayHere,
    /// Who has a role here or above; `None` if the caller may not see it.
    pub grants: Option<Vec<GrantHere>>,
    /// The roles that the caller could give here, with their names.
    pub givable: Vec<(RoleId, String)>,
    pub subjects: Subjects,
    /// The service accounts that belong here; `None` if the caller may not see them.
    pub services: Option<Vec<Account>>,
    /// Every role's name as people read it.
    pub role_names: BTreeMap<RoleId, String>,
}

/// What a caller may do about access at a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MayHere {
    pub give_to_people: bool,
    pub give_to_teams: bool,
    pub give_to_services: bool,
    pub create_services: bool,
    pub disable_services: bool,
}

/// Who a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubjectKind {
    Person,
    Team,
    Service,
}

/// A role that somebody has, as a caller sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantHere {
    pub grant: GrantView,
    pub kind: SubjectKind,
    /// The caller may take it away here.
    pub may_take: bool,
}

/// Whom a role can be given to at a place, as far as the caller may see them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subjects {
    /// `None`: the caller may not see all people, and names one by their login.
    pub people: Option<Vec<Account>>,
    /// `None`: the caller may not see all teams, and names one.
    pub teams: Option<Vec<Team>>,
    /// Of this place and those above it.
    pub services: Vec<Account>,
}

/// A role with what it brings where it is given, and below.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleView {
    pub role: Role,
    /// Its own permissions, with those that they stand for and those of roles that come with it.
    pub brings: PermissionSet,
}

/// Whose tokens a page is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenOwner {
    pub account: Account,
    /// The name of the place that a service account belongs to.
    pub home_name: String,
    /// The caller's own account.
    pub own: bool,
    /// The caller may make, rotate and revoke its tokens.
    pub may_make: bool,
}
