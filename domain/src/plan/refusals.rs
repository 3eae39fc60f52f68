//! Why a scope is refused. Each message says what it is and what to do.

use super::{Draft, PlanInput, Reason, ReasonCode as Code, TargetAbility, database, draft, steps};
use crate::{
    AirflowVersion, Deploy, Fact, Mechanism, Part, Permission, RuntimeVersion, Scope, StepKind, artifact_missing,
    ineligible,
};

const FLOOR_AIRFLOW: AirflowVersion = AirflowVersion::new(2, 3, 0);
const FLOOR_RUNTIME: RuntimeVersion = RuntimeVersion::Old { major: 5, minor: 0, patch: 0, pre: None };

/// All that stands against one scope, the most general first. A scope that makes no sense here gets that reason only.
pub(super) fn refusals(draft: &Draft<'_>) -> Vec<Reason> {
    let mut found = in_general(draft.input);
    if let Some(reason) = by_mechanism(draft.input, draft.scope) {
        found.push(reason);
        return found;
    }
    found.extend(by_permission(draft));
    found.extend(versions(draft.input));
    if draft.changes.is_empty() {
        if draft.input.live.number != draft.input.target.number {
            found.push(already_runs(draft));
        }
        return found;
    }
    found.extend(parts_there(draft));
    found.extend(targets_able(draft));
    found.extend(database_able(draft));
    found
}

/// Switches, eligibility, and a rollback that already runs: whatever the scope.
fn in_general(input: &PlanInput<'_>) -> Vec<Reason> {
    let mut found = Vec::new();
    if !input.policy.rollback_enabled {
        let message = "Rollbacks are switched off for this whole installation. Ask its administrator to allow them.";
        found.push(Reason::new(Code::DisabledByInstallation, message));
    }
    if !input.deployment.rollback_enabled {
        let message = format!("Rollback Deploy is off for {}. Switch it on in its Settings.", input.deployment.name);
        found.push(Reason::new(Code::DisabledByDeployment, message));
    }
    let eligible = ineligible(input.target, Some(input.live.number), input.before_live, input.policy, input.now);
    // A missing DAG bundle stands only against the scopes that need it.
    found.extend(eligible.filter(|reason| reason.code != Code::ArtifactMissing));
    if let Some(running) = input.running.filter(|d| d.is_rollback()) {
        let message =
            format!("The rollback {} is running. Follow it, and roll back afterwards if needed.", running.number);
        found.push(Reason::new(Code::RollbackInProgress, message));
    }
    found
}

fn by_mechanism(input: &PlanInput<'_>, scope: Scope) -> Option<Reason> {
    use Mechanism::{DagDeploy, GitSync, Image, Volume};
    let (live, target) = (input.live.revision.mechanism, input.target.revision.mechanism);
    let number = input.target.number;
    if live != target {
        if !matches!((live, target), (Image, DagDeploy) | (DagDeploy, Image)) {
            let message = format!(
                "{number} ran with the DAG deploy setting `{target}`, today's is `{live}`. A rollback cannot change \
                 from or to git_sync or volume. Choose a deploy with `{live}`."
            );
            return Some(Reason::new(Code::MechanismChange, message));
        }
        let message = format!(
            "{number} ran with the DAG deploy setting `{target}`, today's is `{live}`. That is rolled back whole or \
             not at all: choose image and DAGs."
        );
        return (scope != Scope::ImageAndDags).then(|| Reason::new(Code::MechanismChange, message));
    }
    let image_only = |why: &str| {
        let message = format!("{why} Choose the scope image.");
        (scope != Scope::Image).then(|| Reason::new(Code::ScopeNotInMechanism, message))
    };
    match live {
        DagDeploy => None,
        Image => image_only("The image contains the DAGs here: both are rolled back together."),
        GitSync => image_only("DAGs follow the git branch here; a rollback does not move it."),
        Volume => image_only("DAGs lie on a volume here that a rollback does not touch.").or_else(|| {
            let message = "Rollbacks of Deployments with DAGs on a volume are not allowed in this installation. \
                           Ask its administrator to allow them, or deploy the older image again.";
            (!input.policy.volume_rollback).then(|| Reason::new(Code::VolumeNotAllowed, message))
        }),
    }
}

fn by_permission(draft: &Draft<'_>) -> Vec<Reason> {
    let missing = draft.scope.parts().iter().map(|part| Permission::to_push(*part));
    let missing: Vec<_> = missing.filter(|p| !draft.input.permissions.contains(p)).map(|p| format!("`{p}`")).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "To roll back the {} you need {}. Ask someone who may, or for the permission.",
        draft.scope.words(),
        missing.join(" and ")
    );
    vec![Reason::new(Code::PermissionMissing, message)]
}

/// The floor is for both, what runs and what would: `airflow db downgrade` exists since Airflow 2.3.0.
fn versions(input: &PlanInput<'_>) -> Vec<Reason> {
    let mut found = Vec::new();
    for (deploy, is_live) in [(input.live, true), (input.target, false)] {
        let image = &deploy.revision.image;
        let airflow = draft::airflow_of(image, input.catalogue);
        let number = deploy.number;
        if image.runtime.is_none() && airflow.is_none() {
            let cure = if is_live {
                "Deploy its image once more and name its Runtime or Airflow version."
            } else {
                "Choose a deploy whose version is known, or deploy its image again and name the version."
            };
            found.push(Reason::new(
                Code::UnknownVersion,
                format!("It is not known which Runtime or Airflow version {number} has. {cure}"),
            ));
        }
        let below =
            image.runtime.as_ref().is_some_and(|r| *r < FLOOR_RUNTIME) || airflow.is_some_and(|a| a < FLOOR_AIRFLOW);
        if below {
            let cure = if is_live { "Upgrade by a deploy." } else { "Choose a newer deploy." };
            let version = draft::version_words(image, input.catalogue);
            found.push(Reason::new(
                Code::BelowFloor,
                format!("{number} has {version}; rollbacks need Runtime 5.0.0 or Airflow 2.3.0, or newer. {cure}"),
            ));
        }
    }
    found
}

fn already_runs(draft: &Draft<'_>) -> Reason {
    let message = format!(
        "The {} of {} is already what runs. Choose another scope or another deploy.",
        draft.scope.words(),
        draft.input.target.number
    );
    Reason::new(Code::AlreadyRuns, message)
}

/// What would be brought back has to exist: in the target deploy, in the registry, in the store.
fn parts_there(draft: &Draft<'_>) -> Vec<Reason> {
    let (input, number) = (draft.input, draft.input.target.number);
    let mut found = Vec::new();
    if draft.changes_part(Part::Image) {
        if draft.after.image.image.is_none() {
            let message =
                format!("{number} ran before the first image was deployed, so it has no image to go back to.");
            found.push(Reason::new(
                Code::PartNotInTarget,
                format!("{message} Choose a later deploy, or another scope."),
            ));
        } else if input.facts.image_in_registry == Fact::No {
            let message =
                format!("The image of {number} is gone from its registry. Push it again, or choose another deploy.");
            found.push(Reason::new(Code::ImageMissing, message));
        }
    }
    let wants_dags = draft.scope.has(Part::Dags) && draft.after.mechanism.takes_dags();
    if wants_dags && draft.after.dags.is_none() {
        let message =
            format!("{number} ran before the first DAGs were deployed, so it has no DAG bundle to go back to.");
        found.push(Reason::new(Code::PartNotInTarget, format!("{message} Choose a later deploy, or another scope.")));
    } else if draft.needs_dags_target() && (input.target.artifact_missing || input.facts.bundle_intact == Fact::No) {
        found.push(artifact_missing(number));
    }
    found
}

/// Every step needs a target that can do it.
fn targets_able(draft: &Draft<'_>) -> Vec<Reason> {
    let mut found = Vec::new();
    let targets = draft.input.targets;
    if draft.needs_dags_target() {
        found.extend(able(targets.dags.as_ref(), "DAGs", &steps::rollout_steps(false, true)));
    }
    if draft.needs_image_target() {
        found.extend(able(targets.image.as_ref(), "images", &steps::rollout_steps(true, false)));
        if let Some(target) = targets.image.as_ref().filter(|t| draft.changes_mechanism() && !t.mechanism) {
            let message = format!(
                "The target {} cannot change the DAG deploy setting. Change it by hand and by a deploy, or choose a \
                 deploy with `{}`.",
                target.name, draft.input.live.revision.mechanism
            );
            found.push(Reason::new(Code::StepNotSupported, message));
        }
    }
    found
}

fn able(target: Option<&TargetAbility>, what: &str, steps: &[StepKind]) -> Option<Reason> {
    let Some(target) = target else {
        let message = format!(
            "This Deployment has no target for {what}. Name one in its Settings; targets are defined in the server's \
             configuration file."
        );
        return Some(Reason::new(Code::NoTarget, message));
    };
    let missing: Vec<_> = steps.iter().filter(|s| !target.steps.contains(s)).map(|s| s.label()).collect();
    (!missing.is_empty()).then(|| {
        let message = format!(
            "The target {} for {what} cannot do: {}. Choose another scope, or extend the target.",
            target.name,
            missing.join(", ")
        );
        Reason::new(Code::StepNotSupported, message)
    })
}

/// An old image on a newer database does not start, nor the other way round.
fn database_able(draft: &Draft<'_>) -> Vec<Reason> {
    let need = database::need(draft);
    let (live, target) = (draft.input.live, draft.input.target);
    let words = |deploy: &Deploy| draft::version_words(&deploy.revision.image, draft.input.catalogue);
    let mut found = Vec::new();
    if need == database::Need::Downgrade {
        let gap = |deploy: &&Deploy| deploy.revision.image.runtime.as_ref().is_some_and(database::in_downgrade_gap);
        if let Some(deploy) = [live, target].into_iter().find(gap) {
            let message = format!(
                "{} has {}: a downgrade from or to Runtime 3.0-1 to 3.1-1 is not possible. Upgrade past 3.1-1 first, \
                 or choose a deploy with the Airflow version that runs now.",
                deploy.number,
                words(deploy)
            );
            found.push(Reason::new(Code::DowngradeRange, message));
        }
    }
    if let Some(image_target) =
        draft.input.targets.image.as_ref().filter(|t| need != database::Need::Nothing && !t.database)
    {
        let verb = if need == database::Need::Downgrade { "downgraded" } else { "migrated" };
        let message = format!(
            "The metadata database would have to be {verb}, from {} to {}, and the target {} cannot do that; without \
             it the image does not start. Choose a deploy with the Airflow version that runs now, or another scope.",
            words(live),
            words(target),
            image_target.name
        );
        found.push(Reason::new(Code::DatabaseStep, message));
    }
    found
}
