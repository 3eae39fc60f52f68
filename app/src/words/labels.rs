//! The domain's words as people read them.

use backstep_domain::{
    AirflowVersion, AuditAction, Author, DeployKind, DeployStatus, ImageRef, Mechanism, ReasonCode, RuntimeVersion,
};

use super::shown;

pub fn kind_label(kind: DeployKind) -> &'static str {
    match kind {
        DeployKind::Image => "Image",
        DeployKind::Dags => "DAGs",
        DeployKind::ImageAndDags => "Image + DAGs",
        DeployKind::Mechanism => "Mechanism",
    }
}

/// The stored status, as the filter offers it.
pub fn status_label(status: DeployStatus) -> &'static str {
    match status {
        DeployStatus::Queued => "Queued",
        DeployStatus::Held => "Held",
        DeployStatus::Running => "Deploying",
        DeployStatus::Succeeded => "Live or superseded",
        DeployStatus::Failed => "Failed",
        DeployStatus::Cancelled => "Cancelled",
    }
}

pub fn mechanism_label(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Image => "Image (contains the DAGs)",
        Mechanism::DagDeploy => "DAG deploy (DAG bundles beside the image)",
        Mechanism::GitSync => "git-sync (DAGs follow a branch)",
        Mechanism::Volume => "Volume (DAGs lie on a volume)",
    }
}

pub fn mechanism_word(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Image => "Image",
        Mechanism::DagDeploy => "DAG deploy",
        Mechanism::GitSync => "git-sync",
        Mechanism::Volume => "Volume",
    }
}

/// What a person recognises an image by: its tag, or the first digits of its digest.
pub fn image_short(image: &ImageRef) -> String {
    image.tag.clone().unwrap_or_else(|| image.digest.short().to_owned())
}

pub fn runtime_text(runtime: Option<&RuntimeVersion>) -> String {
    runtime.map_or_else(|| "unknown".to_owned(), ToString::to_string)
}

pub fn airflow_text(airflow: Option<&AirflowVersion>) -> String {
    airflow.map_or_else(|| "unknown".to_owned(), ToString::to_string)
}

pub fn author_name(author: &Author) -> String {
    shown(&author.name)
}

pub fn action_label(action: AuditAction) -> &'static str {
    match action {
        AuditAction::SignedIn => "Signed in",
        AuditAction::SignInRefused => "Sign-in refused",
        AuditAction::SignedOut => "Signed out",
        AuditAction::SessionRevoked => "Session ended by somebody",
        AuditAction::Refused => "Refused",
        AuditAction::AccountCreated => "Account created",
        AuditAction::AccountDisabled => "Account disabled",
        AuditAction::AccountEnabled => "Account enabled",
        AuditAction::PasswordChanged => "Password changed",
        AuditAction::RoleGiven => "Role given",
        AuditAction::RoleTaken => "Role taken away",
        AuditAction::TeamCreated => "Team created",
        AuditAction::TeamRemoved => "Team removed",
        AuditAction::TeamMemberAdded => "Team member added",
        AuditAction::TeamMemberRemoved => "Team member removed",
        AuditAction::TokenMade => "Token made",
        AuditAction::TokenRotated => "Token rotated",
        AuditAction::TokenRevoked => "Token revoked",
        AuditAction::WorkspaceCreated => "Workspace created",
        AuditAction::DeploymentCreated => "Deployment created",
        AuditAction::SettingChanged => "Setting changed",
        AuditAction::DeployRecorded => "Deploy recorded",
        AuditAction::DeployDescribed => "Description edited",
        AuditAction::RollbackRecorded => "Rollback recorded",
        AuditAction::HoldSet => "Hold set",
        AuditAction::DeployCancelled => "Deploy cancelled",
        AuditAction::HoldReleased => "Hold released",
        AuditAction::StepStarted => "Step started",
        AuditAction::StepEnded => "Step ended",
        AuditAction::RolloutEnded => "Rollout ended",
        AuditAction::AuditExported => "Audit log exported",
    }
}

/// Why a deploy cannot be rolled back to, in so few words that they fit under a button.
pub fn reason_short(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::DisabledByInstallation | ReasonCode::DisabledByDeployment => "Switched off",
        ReasonCode::PermissionMissing => "Not permitted",
        ReasonCode::NeverSucceeded => "Never succeeded",
        ReasonCode::OutsideWindow => "Outside the window",
        ReasonCode::AlreadyRuns => "Already runs",
        ReasonCode::TargetIsLive => "Live now",
        ReasonCode::BelowFloor => "Version too old",
        ReasonCode::UnknownVersion => "Version unknown",
        ReasonCode::MechanismChange | ReasonCode::ScopeNotInMechanism => "Other mechanism",
        ReasonCode::ArtifactMissing => "Artifact missing",
        ReasonCode::ImageMissing => "Image missing",
        ReasonCode::RollbackInProgress => "Rollback running",
        _ => "Why not",
    }
}
