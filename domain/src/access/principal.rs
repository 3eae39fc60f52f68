//! Who asks, and what they may do where.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Grant, Permission, PermissionSet, Place, RoleId, Roles};
use crate::{Deployment, DeploymentId, WorkspaceId};

/// Who did something, as it is kept in the history.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Author {
    /// Stable: an account's id, `token:admin`, `demo:editor`.
    pub id: String,
    /// As people read it.
    pub name: String,
}

/// How a request came in: for the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The caller's network address; empty for the server's own work.
    pub address: String,
    /// The request's id, as in the server's log and the answer's `X-Request-Id`.
    pub request: String,
    /// The token that was sent: its id, never itself.
    pub token: Option<String>,
}

/// What a token is limited to. Its owner's rights at the time of use are the upper bound anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLimit {
    /// Only on these Deployments; empty: wherever the owner may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deployments: Vec<DeploymentId>,
    /// Only these permissions; `None`: all of the owner's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<PermissionSet>,
}

/// Who asks. Every use case takes one and checks it in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    pub author: Author,
    pub origin: Origin,
    everywhere: PermissionSet,
    workspaces: BTreeMap<WorkspaceId, PermissionSet>,
    deployments: BTreeMap<DeploymentId, PermissionSet>,
    limit: TokenLimit,
}

impl Principal {
    /// With the same permissions everywhere.
    pub fn new(author: Author, permissions: PermissionSet) -> Self {
        let implied: Vec<_> = permissions.iter().flat_map(|p| p.implied()).copied().collect();
        let mut principal = Self::nobody(author);
        principal.everywhere = permissions;
        principal.everywhere.extend(implied);
        principal
    }

    /// With what the roles bring, each where it was given and below; the most permissive one wins.
    pub fn granted(author: Author, grants: &[Grant], roles: &Roles) -> Self {
        let mut principal = Self::nobody(author);
        principal.everywhere = roles.permissions(&RoleId::USER.parse().expect("USER is a role's name"));
        for grant in grants {
            let permissions = roles.permissions(&grant.role);
            match &grant.at {
                Place::System => principal.everywhere.extend(permissions),
                Place::Workspace(id) => principal.workspaces.entry(id.clone()).or_default().extend(permissions),
                Place::Deployment(id) => principal.deployments.entry(id.clone()).or_default().extend(permissions),
            }
        }
        principal
    }

    fn nobody(author: Author) -> Self {
        Self {
            author,
            origin: Origin::default(),
            everywhere: PermissionSet::new(),
            workspaces: BTreeMap::new(),
            deployments: BTreeMap::new(),
            limit: TokenLimit::default(),
        }
    }

    /// The same, with no more than a token allows.
    #[must_use]
    pub fn limited(mut self, limit: TokenLimit) -> Self {
        self.limit = limit;
        self
    }

    #[must_use]
    pub fn from(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Whether this principal may do it everywhere.
    pub fn may(&self, permission: Permission) -> bool {
        self.limit.deployments.is_empty() && self.everywhere.contains(&permission) && self.limit_allows(permission)
    }

    /// What this principal may do in a Workspace as a whole.
    pub fn permissions_in(&self, workspace: &WorkspaceId) -> PermissionSet {
        if !self.limit.deployments.is_empty() {
            return PermissionSet::new();
        }
        let own = self.workspaces.get(workspace).into_iter().flatten();
        self.within_limit(self.everywhere.iter().chain(own))
    }

    /// What this principal may do on one Deployment.
    pub fn permissions_on(&self, deployment: &Deployment) -> PermissionSet {
        let limited_to = &self.limit.deployments;
        if !limited_to.is_empty() && !limited_to.contains(&deployment.id) {
            return PermissionSet::new();
        }
        let workspace = self.workspaces.get(&deployment.workspace).into_iter().flatten();
        let own = self.deployments.get(&deployment.id).into_iter().flatten();
        self.within_limit(self.everywhere.iter().chain(workspace).chain(own))
    }

    /// Whether there is any part of the audit log that this principal may read.
    pub fn reads_audit(&self) -> bool {
        let own = self.workspaces.values().chain(self.deployments.values()).flatten();
        let granted = self.everywhere.iter().chain(own).copied();
        let reading =
            [Permission::SystemIamUpdate, Permission::WorkspaceIamUpdate, Permission::DeploymentUserRolesUpdate];
        granted.filter(|p| self.limit_allows(*p)).any(|p| reading.contains(&p))
    }

    /// Whether anything is granted in a Workspace: on it, or on everything.
    pub fn knows_workspace(&self, workspace: &WorkspaceId) -> bool {
        self.permissions_in(workspace).contains(&Permission::WorkspaceConfigGet)
    }

    fn within_limit<'a>(&self, permissions: impl Iterator<Item = &'a Permission>) -> PermissionSet {
        permissions.copied().filter(|p| self.limit_allows(*p)).collect()
    }

    fn limit_allows(&self, permission: Permission) -> bool {
        self.limit.permissions.as_ref().is_none_or(|allowed| allowed.contains(&permission))
    }
}
