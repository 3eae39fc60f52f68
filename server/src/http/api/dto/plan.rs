use backstep_app::api::PlanView;
use backstep_domain::{Scope, StepKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DeployType, FieldChange, FileChange, Reason, Subject, Time, words};

/// A deploy, as a plan names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeployRef {
    pub number: u32,
    #[serde(rename = "type")]
    pub kind: DeployType,
    pub description: String,
    pub created_by_subject: Subject,
    pub created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_from: Option<Time>,
}

impl From<backstep_domain::DeployRef> for DeployRef {
    fn from(deploy: backstep_domain::DeployRef) -> Self {
        Self {
            number: deploy.number.get(),
            kind: deploy.kind.into(),
            description: deploy.description,
            created_by_subject: deploy.by.into(),
            created_at: deploy.created_at.into(),
            live_from: deploy.live_from.map(Time),
        }
    }
}

/// A step that the rollout would take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStep {
    #[schema(schema_with = words::step_kind)]
    pub kind: StepKind,
    pub label: String,
}

/// What a rollback of one scope would do, or why it is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScopeOption {
    #[schema(schema_with = words::scope)]
    pub scope: Scope,
    pub allowed: bool,
    /// Why it cannot be done. A refused option has no steps.
    pub refusals: Vec<Reason>,
    pub changes: Vec<FieldChange>,
    /// Numbers of the deploys whose effect is undone, newest first.
    pub undone: Vec<u32>,
    /// `true`: some part in scope becomes older, roll back; `false`: roll forward.
    pub backward: bool,
    pub warnings: Vec<Reason>,
    pub steps: Vec<PlannedStep>,
    /// Data would be lost for good: send the Deployment's name as `confirmName`.
    pub needs_confirm_name: bool,
}

impl From<backstep_domain::ScopeOption> for ScopeOption {
    fn from(option: backstep_domain::ScopeOption) -> Self {
        let step = |kind: StepKind| PlannedStep { kind, label: kind.label().to_owned() };
        Self {
            scope: option.scope,
            allowed: option.allowed(),
            refusals: option.refusals.into_iter().map(Reason::from).collect(),
            changes: option.changes.into_iter().map(FieldChange::from).collect(),
            undone: option.undone.into_iter().map(u32::from).collect(),
            backward: option.backward,
            warnings: option.warnings.into_iter().map(Reason::from).collect(),
            steps: option.steps.into_iter().map(step).collect(),
            needs_confirm_name: option.needs_typed_name,
        }
    }
}

/// A kept setting by name, never by value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptName {
    pub name: String,
    /// It is not what it was when the target deploy went live.
    pub changed_since_target: bool,
}

/// What a rollback leaves alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// Whether the target could tell its settings. If not, `settings` is empty and says nothing.
    pub known: bool,
    pub settings: Vec<KeptName>,
}

/// What a rollback of the live deploy to an earlier one would do, for each scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The deploy that is live.
    pub from: DeployRef,
    /// The deploy whose parts would run again.
    pub to: DeployRef,
    /// The deploys after the target up to the live one, newest first.
    pub between: Vec<DeployRef>,
    pub options: Vec<ScopeOption>,
    /// The scope that is proposed.
    #[schema(schema_with = words::scope)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Scope>,
    pub kept: Kept,
    /// `true`: roll back; `false`: roll forward. Of the whole deploy; each option has its own.
    pub backward: bool,
    /// Send it back on confirming: if the plan moved since, nothing is done and the new plan is the answer.
    pub fingerprint: String,
}

impl Plan {
    pub fn option(&self, scope: Scope) -> Option<&ScopeOption> {
        self.options.iter().find(|option| option.scope == scope)
    }
}

impl From<backstep_domain::Plan> for Plan {
    fn from(plan: backstep_domain::Plan) -> Self {
        let kept =
            |k: backstep_domain::KeptName| KeptName { name: k.name, changed_since_target: k.changed_since_target };
        Self {
            from: plan.from.into(),
            to: plan.to.into(),
            between: plan.between.into_iter().map(DeployRef::from).collect(),
            options: plan.options.into_iter().map(ScopeOption::from).collect(),
            proposed: plan.proposed,
            kept: Kept { known: plan.kept.known, settings: plan.kept.settings.into_iter().map(kept).collect() },
            backward: plan.backward,
            fingerprint: plan.fingerprint,
        }
    }
}

/// A plan with what is needed to show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanAnswer {
    pub deployment_name: String,
    /// No target was asked for: it is the last good deploy.
    pub target_proposed: bool,
    pub plan: Plan,
    /// How the DAG files would change; missing if they would not, or a DAG bundle is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<FileChange>>,
}

impl From<PlanView> for PlanAnswer {
    fn from(view: PlanView) -> Self {
        Self {
            deployment_name: view.deployment_name,
            target_proposed: view.target_proposed,
            plan: view.plan.into(),
            files: view.files.map(|files| files.into_iter().map(FileChange::from).collect()),
        }
    }
}

/// A confirmed rollback.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RollBack {
    /// Why: 1 to 500 characters.
    pub description: String,
    /// Left out: the whole deploy.
    #[schema(schema_with = words::scope)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Of the plan that was shown. Left out: the present plan counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Left out: on. Newly arriving deploys are recorded but not rolled out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<bool>,
    /// Left out: on. Marks the parts that were rolled back as rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reject: Option<bool>,
    /// The Deployment's name, where data would be lost for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_name: Option<String>,
}
