//! A role: a name for a set of permissions.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::PermissionSet;
use crate::deploy::word_enum;

word_enum! {
    /// Where a role is given.
    Level, "level" {
        System = "system",
        Workspace = "workspace",
        Deployment = "deployment",
    }
}

/// A role's name, as configured: `DEPLOYMENT_EDITOR`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoleId(String);

impl RoleId {
    pub const SYSTEM_ADMIN: &'static str = "SYSTEM_ADMIN";
    pub const WORKSPACE_ADMIN: &'static str = "WORKSPACE_ADMIN";
    pub const WORKSPACE_EDITOR: &'static str = "WORKSPACE_EDITOR";
    pub const DEPLOYMENT_ADMIN: &'static str = "DEPLOYMENT_ADMIN";
    pub const DEPLOYMENT_EDITOR: &'static str = "DEPLOYMENT_EDITOR";
    /// What everybody has who is signed in.
    pub const USER: &'static str = "USER";

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that cannot be the name of a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role's name is 1 to 60 capital letters, digits and underscores, like DEPLOYMENT_EDITOR")]
pub struct BadRoleId;

impl FromStr for RoleId {
    type Err = BadRoleId;
    fn from_str(text: &str) -> Result<Self, BadRoleId> {
        let letter = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        let ok = (1..=60).contains(&text.len()) && text.bytes().all(letter) && text.as_bytes()[0].is_ascii_uppercase();
        if ok { Ok(Self(text.to_owned())) } else { Err(BadRoleId) }
    }
}

impl TryFrom<String> for RoleId {
    type Error = BadRoleId;
    fn try_from(text: String) -> Result<Self, BadRoleId> {
        text.parse()
    }
}

impl From<RoleId> for String {
    fn from(id: RoleId) -> Self {
        id.0
    }
}

impl fmt::Display for RoleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A role as it is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    pub id: RoleId,
    /// As people read it.
    pub name: String,
    /// Where it can be given.
    pub level: Level,
    /// The permissions that Backstep asks for.
    pub permissions: PermissionSet,
    /// Permissions of the original that nothing here asks for: accepted, so that its configuration stays valid.
    pub unused: Vec<String>,
    /// Comes with Backstep; otherwise the configuration defines it.
    pub built_in: bool,
    /// What the configuration changed of a built-in role.
    pub edits: Vec<RoleEdit>,
}

/// A permission that the configuration grants or takes away, unlike the built-in role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleEdit {
    pub permission: String,
    pub granted: bool,
}
