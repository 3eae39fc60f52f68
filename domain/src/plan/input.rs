//! All that a plan depends on.

use serde::{Deserialize, Serialize};

use crate::{
    Catalogue, Deploy, DeployNumber, Deployment, KeptSetting, Millis, PermissionSet, RejectedPart, SchemaHeads,
    StepKind,
};

/// What the administrator decided for the whole installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The first of the two switches; the other is the Deployment's.
    pub rollback_enabled: bool,
    /// Image rollbacks on `volume` Deployments, beyond the original: off unless allowed.
    pub volume_rollback: bool,
    /// The rollback window in days; 90 unless set otherwise.
    pub window_days: u32,
    /// How long a deploy must have been live to count as good, in milliseconds; an hour unless set otherwise.
    pub good_after_ms: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { rollback_enabled: true, volume_rollback: false, window_days: 90, good_after_ms: crate::HOUR }
    }
}

/// What is known of something outside: a registry that does not answer is no blocker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    Yes,
    No,
    #[default]
    Unknown,
}

/// What was observed just before planning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The target's image is in the registry.
    pub image_in_registry: Fact,
    /// The target's DAG bundle is in the store, and its files are what they should be.
    pub bundle_intact: Fact,
    /// The heads that the metadata database has now.
    pub database_heads: Option<SchemaHeads>,
    /// The kept settings now; `None` if the image target cannot tell.
    pub kept_now: Option<Vec<KeptSetting>>,
}

/// The steps that a target says it can do, with the name that the configuration gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetAbility {
    pub name: String,
    pub steps: Vec<StepKind>,
    /// It can downgrade or migrate the metadata database.
    pub database: bool,
    /// It can change the mechanism.
    pub mechanism: bool,
}

/// The Deployment's targets; `None` where none is configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    pub dags: Option<TargetAbility>,
    pub image: Option<TargetAbility>,
}

/// All that a plan depends on.
#[derive(Clone, Copy, Debug)]
pub struct PlanInput<'a> {
    pub policy: &'a Policy,
    pub deployment: &'a Deployment,
    /// The deploy that is live.
    pub live: &'a Deploy,
    /// The deploy whose parts shall run again.
    pub target: &'a Deploy,
    /// The deploy that was live just before the live one.
    pub before_live: Option<DeployNumber>,
    /// The parts of this Deployment that were rejected.
    pub rejected: &'a [RejectedPart],
    /// Every deploy with a number above the lower of `target` and the origins in play, in any order,
    /// whatever its status. More do no harm. A held deploy can go live after one with a higher number: what counts
    /// as "after the target" is when a deploy went live.
    pub between: &'a [Deploy],
    /// The deploy whose rollout is running, if one is.
    pub running: Option<&'a Deploy>,
    pub permissions: &'a PermissionSet,
    pub catalogue: &'a Catalogue,
    pub targets: &'a Targets,
    pub facts: &'a Facts,
    pub now: Millis,
}
