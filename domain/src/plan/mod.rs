//! The plan: what a rollback would do, computed before anything happens.
//!
//! `plan` is a pure function; the server shows its answer, and computes it again when the person confirms. If the
//! fingerprint moved in between, nothing is done and the new plan is shown.

mod changes;
mod confirm;
mod database;
mod draft;
mod fingerprint;
mod input;
mod kept;
mod order;
mod refusals;
mod steps;
mod undone;
mod warnings;

use serde::{Deserialize, Serialize};

pub use changes::{changes_between, rolled_back_revision};
pub use confirm::{check_deploy_description, check_description, resolve_scope};
pub use input::*;
pub use kept::changed_settings;
pub use steps::rollout_steps;

use draft::Draft;
use order::LiveOrder;

use crate::{
    AirflowVersion, Author, Deploy, DeployKind, DeployNumber, ImageRef, Mechanism, Millis, RuntimeVersion, Scope,
    StepKind,
};

/// Computes what a rollback would do, for each scope; nothing happens.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let order = LiveOrder::of(input);
    let kept = kept::kept(input);
    let options: Vec<_> = Scope::ALL.into_iter().map(|scope| option(input, &order, &kept, scope)).collect();
    let whole = draft::whole_scope(input);
    let allowed = |scope: &Scope| options.iter().any(|o| o.scope == *scope && o.allowed());
    Plan {
        from: input.live.into(),
        to: input.target.into(),
        between: order.after_target_newest_first().map(DeployRef::from).collect(),
        proposed: Some(whole).into_iter().chain(Scope::ALL).find(allowed),
        kept,
        backward: options.iter().any(|o| o.scope == whole && o.backward),
        fingerprint: fingerprint::fingerprint(input, &options),
        options,
    }
}

fn option(input: &PlanInput<'_>, order: &LiveOrder<'_>, kept: &Kept, scope: Scope) -> ScopeOption {
    let draft = Draft::new(input, scope);
    let refusals = refusals::refusals(&draft);
    let allowed = refusals.is_empty();
    ScopeOption {
        scope,
        refusals,
        undone: undone::undone(&draft, order),
        backward: undone::backward(&draft, order),
        warnings: warnings::warnings(&draft, order, kept),
        steps: if allowed { steps::steps(&draft) } else { Vec::new() },
        needs_typed_name: allowed && database::need(&draft) == database::Need::Downgrade,
        changes: draft.changes,
    }
}

/// What a rollback of the live deploy to an earlier one would do, for each scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The deploy that is live.
    pub from: DeployRef,
    /// The deploy whose parts would run again.
    pub to: DeployRef,
    /// The deploys after the target up to the live one, newest first, failed and cancelled ones left out.
    pub between: Vec<DeployRef>,
    /// One entry a scope, in the order of `Scope::ALL`.
    pub options: Vec<ScopeOption>,
    /// The scope that is proposed: the whole deploy where it is allowed, else the first allowed one.
    pub proposed: Option<Scope>,
    /// What stays as it is, whatever the scope.
    pub kept: Kept,
    /// Whether some part of the target is older than today's: "roll back"; `false`: "roll forward".
    /// Of the whole deploy; each option has its own.
    pub backward: bool,
    /// Sent back on confirming. Moves with everything that a person decides on, and with nothing else.
    pub fingerprint: String,
}

impl Plan {
    pub fn option(&self, scope: Scope) -> Option<&ScopeOption> {
        self.options.iter().find(|o| o.scope == scope)
    }

    /// The scopes that the caller may roll back here and now.
    pub fn allowed(&self) -> Vec<Scope> {
        self.options.iter().filter(|o| o.allowed()).map(|o| o.scope).collect()
    }
}

/// A deploy, as a plan names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployRef {
    pub number: DeployNumber,
    pub kind: DeployKind,
    pub description: String,
    pub by: Author,
    pub created_at: Millis,
    pub live_from: Option<Millis>,
}

impl From<&Deploy> for DeployRef {
    fn from(deploy: &Deploy) -> Self {
        Self {
            number: deploy.number,
            kind: deploy.kind,
            description: deploy.description.clone(),
            by: deploy.created_by.clone(),
            created_at: deploy.created_at,
            live_from: deploy.live_from,
        }
    }
}

/// What a rollback of one scope would do, or why it is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeOption {
    pub scope: Scope,
    /// Why it cannot be done. Empty: it is allowed. A refused option has no steps.
    pub refusals: Vec<Reason>,
    /// What would change, one line a thing.
    pub changes: Vec<Change>,
    /// The deploys whose effect is undone: exactly those after the target that changed a part in scope,
    /// up to the origin of the current part; a part that stays as it is undoes none. Newest first.
    pub undone: Vec<DeployNumber>,
    /// Whether some part in scope becomes older than today's: "roll back"; `false`: "roll forward".
    pub backward: bool,
    pub warnings: Vec<Reason>,
    pub steps: Vec<StepKind>,
    /// Data would be lost for good: the Deployment's name has to be typed.
    pub needs_typed_name: bool,
}

impl ScopeOption {
    pub fn allowed(&self) -> bool {
        self.refusals.is_empty()
    }
}

/// A refusal or a warning: a stable code for programs, a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub code: ReasonCode,
    /// One or two sentences: what it is, and what to do about it.
    pub message: String,
}

impl Reason {
    pub fn new(code: ReasonCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// What a rollback changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Change {
    Image {
        from: Option<ImageRef>,
        to: Option<ImageRef>,
    },
    Runtime {
        from: Option<RuntimeVersion>,
        to: Option<RuntimeVersion>,
    },
    Airflow {
        from: Option<AirflowVersion>,
        to: Option<AirflowVersion>,
    },
    /// Short digests of the DAG bundles.
    Dags {
        from: Option<String>,
        to: Option<String>,
    },
    Mechanism {
        from: Mechanism,
        to: Mechanism,
    },
}

/// What a rollback leaves alone: executor, resources, environment variables, name, description, every other setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Whether the target could tell its settings. If not, `settings` is empty and says nothing.
    pub known: bool,
    /// Whether the target deploy recorded its settings; if not, nothing is known of what changed since.
    #[serde(default)]
    pub compared: bool,
    pub settings: Vec<KeptName>,
}

/// A kept setting by name, never by value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptName {
    pub name: String,
    /// It is not what it was when the target deploy went live: new, other, or gone since.
    pub changed_since_target: bool,
}

crate::deploy::word_enum! {
    /// Why a scope is refused, or what to know before rolling back. Stable: programs may rely on them.
    ReasonCode, "reason" {
        // Refusals by permission, switch and eligibility
        DisabledByInstallation = "disabled_by_installation",
        DisabledByDeployment = "disabled_by_deployment",
        PermissionMissing = "permission_missing",
        ScopeNotInMechanism = "scope_not_in_mechanism",
        NeverSucceeded = "never_succeeded",
        OutsideWindow = "outside_window",
        AlreadyRuns = "already_runs",
        PartNotInTarget = "part_not_in_target",
        NoEarlierDeploy = "no_earlier_deploy",
        TargetIsLive = "target_is_live",
        // Blockers by versions and mechanism
        BelowFloor = "below_floor",
        UnknownVersion = "unknown_version",
        MechanismChange = "mechanism_change",
        VolumeNotAllowed = "volume_not_allowed",
        DowngradeRange = "downgrade_range",
        // Blockers by facts and targets
        ArtifactMissing = "artifact_missing",
        ImageMissing = "image_missing",
        NoTarget = "no_target",
        StepNotSupported = "step_not_supported",
        DatabaseStep = "database_step",
        RollbackInProgress = "rollback_in_progress",
        // Warnings
        RuntimeRestricted = "runtime_restricted",
        AirflowMajorDiffers = "airflow_major_differs",
        RejectedBefore = "rejected_before",
        ImageUnknown = "image_unknown",
        DeployRunning = "deploy_running",
        DagsFollowGit = "dags_follow_git",
        DagsOnVolume = "dags_on_volume",
        ImageContainsDags = "image_contains_dags",
        MixedRevision = "mixed_revision",
        DataLoss = "data_loss",
        KeptChanged = "kept_changed",
    }
}

#[cfg(test)]
mod tests;
