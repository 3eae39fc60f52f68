//! Permissions, under the names of the original.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Level;
use crate::{DeployKind, Part};

macro_rules! permissions {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal,)*) => {
        /// What a person or a token may do. Names and meaning are Astronomer Software's (0.37). The original has more
        /// names; those are known too (`Roles::is_known`), but nothing here asks for them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Permission {
            $($(#[doc = $doc])* #[serde(rename = $text)] $name,)*
        }

        impl Permission {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it lets somebody do, as people read it.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),*).trim_ascii(),)* }
            }
        }
    };
}

permissions! {
    /// See every Workspace.
    SystemWorkspaceGet = "system.workspace.get",
    /// Create a Workspace.
    SystemWorkspaceCreate = "system.workspace.create",
    /// Rename every Workspace.
    SystemWorkspaceUpdate = "system.workspace.update",
    /// See every Deployment in the lists.
    SystemDeploymentsGet = "system.deployments.get",
    /// Create or adopt a Deployment in every Workspace.
    SystemDeploymentsCreate = "system.deployments.create",
    /// Change the settings of every Deployment.
    SystemDeploymentsUpdate = "system.deployments.update",
    /// Read the log lines of every rollout.
    SystemDeploymentsLogs = "system.deployments.logs",
    /// Record and roll back images everywhere.
    SystemDeploymentsImagesPush = "system.deployments.images.push",
    /// Record and roll back DAGs everywhere.
    SystemDeploymentsDagsPush = "system.deployments.dags.push",
    /// Read every Deploy History.
    SystemDeployRevisionsGet = "system.deployRevisions.get",
    /// Give and take roles everywhere; read the whole audit log.
    SystemIamUpdate = "system.iam.update",
    /// See all people.
    SystemUsersGet = "system.users.get",
    /// Create accounts for people.
    SystemUserInvite = "system.user.invite",
    /// Disable and enable accounts, end their sessions.
    SystemUserDelete = "system.user.delete",
    /// See all teams.
    SystemTeamsGet = "system.teams.get",
    /// Create teams.
    SystemTeamsCreate = "system.teams.create",
    /// Change who is in a team.
    SystemTeamsUpdate = "system.teams.update",
    /// Remove teams.
    SystemTeamsRemove = "system.teams.remove",
    /// See all service accounts and their tokens.
    SystemServiceAccountsGet = "system.serviceAccounts.get",
    /// Create service accounts of the whole installation.
    SystemServiceAccountsCreate = "system.serviceAccounts.create",
    /// Make, renew and revoke the tokens of every service account.
    SystemServiceAccountsUpdate = "system.serviceAccounts.update",
    /// Disable every service account.
    SystemServiceAccountsDelete = "system.serviceAccounts.delete",
    /// See the Workspace.
    WorkspaceConfigGet = "workspace.config.get",
    /// Rename the Workspace.
    WorkspaceConfigUpdate = "workspace.config.update",
    /// See the Deployments of the Workspace in the lists.
    WorkspaceDeploymentsGet = "workspace.deployments.get",
    /// Create or adopt a Deployment.
    WorkspaceDeploymentsCreate = "workspace.deployments.create",
    /// Give and take roles in the Workspace; read its part of the audit log.
    WorkspaceIamUpdate = "workspace.iam.update",
    /// See who has a role in the Workspace.
    WorkspaceUsersGet = "workspace.users.get",
    /// See which teams have a role in the Workspace.
    WorkspaceTeamsGet = "workspace.teams.get",
    /// See the Workspace's service accounts and their tokens.
    WorkspaceServiceAccountsGet = "workspace.serviceAccounts.get",
    /// Create service accounts of the Workspace.
    WorkspaceServiceAccountsCreate = "workspace.serviceAccounts.create",
    /// Make, renew and revoke the tokens of the Workspace's service accounts.
    WorkspaceServiceAccountsUpdate = "workspace.serviceAccounts.update",
    /// Disable service accounts of the Workspace.
    WorkspaceServiceAccountsDelete = "workspace.serviceAccounts.delete",
    /// Read a Deployment's settings.
    DeploymentConfigGet = "deployment.config.get",
    /// Change a Deployment's settings: name, description, the Rollback Deploy switch.
    DeploymentConfigUpdate = "deployment.config.update",
    /// Read the Deploy History, a plan, a rollout.
    DeployRevisionsGet = "deployment.deployRevisions.get",
    /// Read the log lines of a rollout.
    DeploymentLogsGet = "deployment.logs.get",
    /// Record an image deploy; roll back the image.
    ImagesPush = "deployment.images.push",
    /// Record a DAG deploy; roll back the DAGs.
    DagsPush = "deployment.dags.push",
    /// Give people and service accounts roles on the Deployment; read its part of the audit log.
    DeploymentUserRolesUpdate = "deployment.userRoles.update",
    /// Give teams roles on the Deployment.
    DeploymentTeamRolesUpdate = "deployment.teamRoles.update",
    /// See who has a role on the Deployment.
    DeploymentUsersGet = "deployment.users.get",
    /// See which teams have a role on the Deployment.
    DeploymentTeamsGet = "deployment.teams.get",
    /// See the Deployment's service accounts and their tokens.
    DeploymentServiceAccountsGet = "deployment.serviceAccounts.get",
    /// Create service accounts of the Deployment.
    DeploymentServiceAccountsCreate = "deployment.serviceAccounts.create",
    /// Make, renew and revoke the tokens of the Deployment's service accounts.
    DeploymentServiceAccountsUpdate = "deployment.serviceAccounts.update",
    /// Disable service accounts of the Deployment.
    DeploymentServiceAccountsDelete = "deployment.serviceAccounts.delete",
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|p| p.as_str() == text).ok_or_else(|| format!("`{text}` is no permission"))
    }
}

pub type PermissionSet = BTreeSet<Permission>;

impl Permission {
    /// All that a panel's token can ever hold: what the panel shows and does. Nothing that outlasts the token.
    pub const OF_A_PANEL: [Self; 5] = [
        Self::DeployRevisionsGet,
        Self::DeploymentLogsGet,
        Self::DeploymentConfigGet,
        Self::ImagesPush,
        Self::DagsPush,
    ];

    /// Where it counts: the level that its name begins with.
    pub fn level(self) -> Level {
        match self.as_str().split_once('.') {
            Some(("system", _)) => Level::System,
            Some(("workspace", _)) => Level::Workspace,
            _ => Level::Deployment,
        }
    }

    /// What it takes to record a deploy of this part, and to roll it back.
    pub fn to_push(part: Part) -> Self {
        match part {
            Part::Image => Self::ImagesPush,
            Part::Dags => Self::DagsPush,
        }
    }

    /// What it takes to record a deploy of this kind; a change of the mechanism touches both parts.
    pub fn to_record(kind: DeployKind) -> Vec<Self> {
        let parts = [Part::Image, Part::Dags].into_iter();
        parts.filter(|part| kind == DeployKind::Mechanism || kind.has(*part)).map(Self::to_push).collect()
    }

    /// What this permission of the whole installation stands for in each Workspace and on each Deployment.
    pub fn implied(self) -> &'static [Self] {
        use Permission::*;
        match self {
            SystemWorkspaceGet => &[WorkspaceConfigGet],
            SystemWorkspaceUpdate => &[WorkspaceConfigUpdate],
            SystemDeploymentsGet => &[WorkspaceDeploymentsGet],
            SystemDeploymentsCreate => &[WorkspaceDeploymentsCreate],
            SystemDeploymentsUpdate => &[DeploymentConfigUpdate],
            SystemDeploymentsLogs => &[DeploymentLogsGet],
            SystemDeploymentsImagesPush => &[ImagesPush],
            SystemDeploymentsDagsPush => &[DagsPush],
            SystemDeployRevisionsGet => &[DeployRevisionsGet],
            SystemIamUpdate => &[WorkspaceIamUpdate, DeploymentUserRolesUpdate, DeploymentTeamRolesUpdate],
            SystemUsersGet => &[WorkspaceUsersGet, DeploymentUsersGet],
            SystemTeamsGet => &[WorkspaceTeamsGet, DeploymentTeamsGet],
            SystemServiceAccountsGet => &[WorkspaceServiceAccountsGet, DeploymentServiceAccountsGet],
            SystemServiceAccountsCreate => &[WorkspaceServiceAccountsCreate, DeploymentServiceAccountsCreate],
            SystemServiceAccountsUpdate => &[WorkspaceServiceAccountsUpdate, DeploymentServiceAccountsUpdate],
            SystemServiceAccountsDelete => &[WorkspaceServiceAccountsDelete, DeploymentServiceAccountsDelete],
            _ => &[],
        }
    }
}
