//! The audit log: who did what, when, from where.

use serde::{Deserialize, Serialize};

use super::{Author, Origin, Principal};
use crate::{ChainHash, Deploy, DeployNumber, Deployment, DeploymentId, Millis, WorkspaceId, deploy::word_enum};

word_enum! {
    /// What happened. The names are stable: filters, exports and alerts rely on them.
    AuditAction, "audit action" {
        SignedIn = "session.started",
        SignInRefused = "session.refused",
        SignedOut = "session.ended",
        SessionRevoked = "session.revoked",
        /// Something that the caller may not do was asked for.
        Refused = "access.refused",
        AccountCreated = "account.created",
        AccountDisabled = "account.disabled",
        AccountEnabled = "account.enabled",
        PasswordChanged = "account.password_changed",
        RoleGiven = "role.given",
        RoleTaken = "role.taken",
        TeamCreated = "team.created",
        TeamRemoved = "team.removed",
        TeamMemberAdded = "team.member_added",
        TeamMemberRemoved = "team.member_removed",
        TokenMade = "token.made",
        TokenRotated = "token.rotated",
        TokenRevoked = "token.revoked",
        WorkspaceCreated = "workspace.created",
        DeploymentCreated = "deployment.created",
        SettingChanged = "deployment.setting_changed",
        DeployRecorded = "deploy.recorded",
        DeployDescribed = "deploy.described",
        DeployCancelled = "deploy.cancelled",
        RollbackRecorded = "rollback.recorded",
        HoldSet = "hold.set",
        HoldReleased = "hold.released",
        StepStarted = "rollout.step_started",
        StepEnded = "rollout.step_ended",
        RolloutEnded = "rollout.ended",
        AuditExported = "audit.exported",
    }
}

/// One entry of the audit log. Its text never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub at: Millis,
    pub actor: Author,
    pub action: AuditAction,
    /// Where it happened; neither, for what concerns the whole installation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy: Option<DeployNumber>,
    /// What it was done to and how, in words for a person.
    pub detail: String,
    pub origin: Origin,
}

impl AuditEntry {
    /// Something that a caller did.
    pub fn by(who: &Principal, at: Millis, action: AuditAction, detail: impl Into<String>) -> Self {
        Self::from(who.author.clone(), who.origin.clone(), at, action, detail)
    }

    /// Something that somebody did, from where.
    pub fn from(actor: Author, origin: Origin, at: Millis, action: AuditAction, detail: impl Into<String>) -> Self {
        Self { at, actor, action, workspace: None, deployment: None, deploy: None, detail: detail.into(), origin }
    }

    /// Something that the server did to carry a deploy out, in the name of its author.
    pub fn of_rollout(
        deploy: &Deploy,
        workspace: &WorkspaceId,
        at: Millis,
        action: AuditAction,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            at,
            actor: deploy.created_by.clone(),
            action,
            workspace: Some(workspace.clone()),
            deployment: Some(deploy.deployment.clone()),
            deploy: Some(deploy.number),
            detail: detail.into(),
            origin: Origin::default(),
        }
    }

    #[must_use]
    pub fn in_workspace(mut self, id: &WorkspaceId) -> Self {
        self.workspace = Some(id.clone());
        self
    }

    #[must_use]
    pub fn on(mut self, deployment: &Deployment) -> Self {
        self.workspace = Some(deployment.workspace.clone());
        self.deployment = Some(deployment.id.clone());
        self
    }

    #[must_use]
    pub fn of(mut self, deploy: DeployNumber) -> Self {
        self.deploy = Some(deploy);
        self
    }
}

/// An entry as it is in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Grows with each entry, with gaps.
    pub id: u64,
    /// The place of its seal in the hash chain; `None` in the moment before it is sealed.
    pub seal: Option<u64>,
    pub entry: AuditEntry,
}

/// A page of the log, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    pub records: Vec<AuditRecord>,
    /// Where the next page begins; `None` on the last one.
    pub next_before: Option<u64>,
    /// `None` while nothing is sealed.
    pub sealed: Option<SealedUpTo>,
}

/// The parts of the log that somebody may read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPlaces {
    /// All of it.
    pub whole: bool,
    /// Workspaces with their names.
    pub workspaces: Vec<(WorkspaceId, String)>,
    /// Deployments with their names.
    pub deployments: Vec<(DeploymentId, String)>,
}

impl AuditPlaces {
    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        !self.whole && self.workspaces.is_empty() && self.deployments.is_empty()
    }
}

/// Up to where the log is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedUpTo {
    pub seq: u64,
    pub hash: ChainHash,
    /// When the last sealed entry was written.
    pub at: Option<Millis>,
}

/// What part of the audit log is asked for; what is left out does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    pub action: Option<AuditAction>,
    /// The actor's id.
    pub actor: Option<String>,
    pub workspace: Option<WorkspaceId>,
    pub deployment: Option<DeploymentId>,
    pub since: Option<Millis>,
    pub until: Option<Millis>,
    /// Contained in the detail or the actor's name, whatever the case.
    pub text: Option<String>,
}
