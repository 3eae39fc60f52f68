//! Every reason: a case that has it, and the same case without what brings it about.

use super::*;
use crate::{Cause, DAY, DeployStatus, Part, ReasonCode as Code, Targets};

/// A scene that has the reason in the named scope, and one that differs in one thing and does not.
type Case = (Code, Scope, Scene, Scene);

fn with(scene: &Scene, change: impl FnOnce(&mut Scene)) -> Scene {
    let mut scene = scene.clone();
    change(&mut scene);
    scene
}

fn steps_without(scene: &Scene, step: StepKind) -> Scene {
    with(scene, |s| {
        let Targets { dags, image } = &mut s.targets;
        [dags, image].into_iter().flatten().for_each(|t| t.steps.retain(|s| *s != step));
    })
}

fn cases() -> Vec<Case> {
    let both = scene(Mechanism::DagDeploy);
    let image = scene(Mechanism::Image);
    let older = |target: &str, live: &str| scene_of_runtimes(target, live);
    let database = |scene: &Scene| with(scene, |s| s.targets.image.as_mut().unwrap().database = true);
    let running = |cause: Cause| {
        let mut deploy = a_deploy(4);
        (deploy.status, deploy.live_from, deploy.cause) = (DeployStatus::Running, None, cause);
        Some(deploy)
    };
    let rollback = Cause::Rollback { of: number(3), to: number(2), scope: Scope::Image };
    let dags_later = {
        let mut history = History::new(Mechanism::DagDeploy);
        history.deploy(brought(Some(1), None)).deploy(brought(Some(2), Some(2)));
        Scene::new(history, 1)
    };
    let image_later = {
        let mut history = History::new(Mechanism::DagDeploy);
        history.deployment.runtime = Some(runtime("11.8.0"));
        history.deploy(brought(None, Some(1))).deploy(brought(Some(2), Some(2)));
        Scene::new(history, 1)
    };
    let no_versions = with(&both, |s| {
        let image = &mut s.history.get_mut(1).revision.image;
        (image.runtime, image.airflow) = (None, None);
    });
    let then = |hash: &str| {
        let mut scene = both.clone();
        scene.history.get_mut(1).kept = vec![kept_setting("AIRFLOW_UID", hash)];
        scene.facts.kept_now = Some(vec![kept_setting("AIRFLOW_UID", "now")]);
        scene
    };
    let volume = with(&scene(Mechanism::Volume), |s| s.policy.volume_rollback = true);
    let majors = |target, live| database(&older(target, live));
    vec![
        (Code::DisabledByInstallation, Scope::Dags, with(&both, |s| s.policy.rollback_enabled = false), both.clone()),
        (
            Code::DisabledByDeployment,
            Scope::Dags,
            with(&both, |s| s.history.deployment.rollback_enabled = false),
            both.clone(),
        ),
        (Code::PermissionMissing, Scope::Image, with(&both, |s| s.permissions.clear()), both.clone()),
        (Code::ScopeNotInMechanism, Scope::Dags, image.clone(), both.clone()),
        (Code::NeverSucceeded, Scope::Image, with(&both, |s| s.history.get_mut(1).live_from = None), both.clone()),
        (
            Code::OutsideWindow,
            Scope::Image,
            with(&both, |s| s.now = s.now.plus(100 * DAY)),
            with(&both, |s| (s.now, s.policy.window_days) = (s.now.plus(100 * DAY), 200)),
        ),
        (
            Code::AlreadyRuns,
            Scope::Dags,
            with(&both, |s| drop(s.history.roll_back(1, Scope::Dags).clone())),
            both.clone(),
        ),
        (Code::PartNotInTarget, Scope::Dags, dags_later.clone(), both.clone()),
        (Code::PartNotInTarget, Scope::ImageAndDags, dags_later, both.clone()),
        (Code::PartNotInTarget, Scope::Image, image_later, both.clone()),
        (Code::NoEarlierDeploy, Scope::Image, Scene::new(History::of(Mechanism::Image, 1), 1), image.clone()),
        (Code::TargetIsLive, Scope::Image, with(&both, |s| s.target = number(3)), both.clone()),
        (Code::BelowFloor, Scope::Image, database(&older("4.2.9", "11.8.0")), database(&older("5.0.0", "11.8.0"))),
        (Code::BelowFloor, Scope::Dags, older("11.8.0", "3.0.0"), older("11.8.0", "3.0-1")),
        (Code::UnknownVersion, Scope::Dags, no_versions, both.clone()),
        (
            Code::MechanismChange,
            Scope::ImageAndDags,
            scene_over(Mechanism::GitSync, Mechanism::DagDeploy),
            scene_over(Mechanism::Image, Mechanism::DagDeploy),
        ),
        (Code::MechanismChange, Scope::Image, scene_over(Mechanism::Image, Mechanism::DagDeploy), both.clone()),
        (Code::VolumeNotAllowed, Scope::Image, scene(Mechanism::Volume), volume.clone()),
        (Code::DowngradeRange, Scope::Image, majors("11.8.0", "3.1-1"), majors("11.8.0", "3.1-2")),
        (Code::DowngradeRange, Scope::ImageAndDags, majors("3.0-1", "3.2-10"), majors("3.1-2", "3.2-10")),
        (Code::DowngradeRange, Scope::Image, majors("3.0-1", "3.2-10"), majors("3.2-10", "3.0-1")),
        (
            Code::ArtifactMissing,
            Scope::Dags,
            with(&both, |s| s.facts.bundle_intact = Fact::No),
            with(&both, |s| s.facts.bundle_intact = Fact::Unknown),
        ),
        (
            Code::ArtifactMissing,
            Scope::ImageAndDags,
            with(&both, |s| s.history.get_mut(1).artifact_missing = true),
            both.clone(),
        ),
        (
            Code::ImageMissing,
            Scope::Image,
            with(&both, |s| s.facts.image_in_registry = Fact::No),
            with(&both, |s| s.facts.image_in_registry = Fact::Unknown),
        ),
        (Code::NoTarget, Scope::Dags, with(&both, |s| s.targets.dags = None), with(&both, |s| s.targets.image = None)),
        (Code::NoTarget, Scope::Image, with(&both, |s| s.targets.image = None), with(&both, |s| s.targets.dags = None)),
        (Code::StepNotSupported, Scope::Dags, steps_without(&both, StepKind::StageDags), both.clone()),
        (Code::StepNotSupported, Scope::Dags, steps_without(&both, StepKind::SwitchDags), both.clone()),
        (
            Code::StepNotSupported,
            Scope::Image,
            steps_without(&both, StepKind::SwitchImage),
            steps_without(&both, StepKind::StageDags),
        ),
        (Code::StepNotSupported, Scope::Image, steps_without(&both, StepKind::Verify), both.clone()),
        (
            Code::StepNotSupported,
            Scope::ImageAndDags,
            with(&scene_over(Mechanism::Image, Mechanism::DagDeploy), |s| {
                s.targets.image.as_mut().unwrap().mechanism = false;
            }),
            scene_over(Mechanism::Image, Mechanism::DagDeploy),
        ),
        (Code::DatabaseStep, Scope::Image, older("11.8.0", "13.8.0"), database(&older("11.8.0", "13.8.0"))),
        (Code::DatabaseStep, Scope::Image, older("13.8.0", "11.8.0"), older("11.8.0", "11.8.0")),
        (
            Code::RollbackInProgress,
            Scope::Image,
            with(&both, |s| s.running = running(rollback.clone())),
            with(&both, |s| s.running = running(Cause::Deploy)),
        ),
        (Code::RuntimeRestricted, Scope::Image, older("11.0.0", "11.8.0"), older("11.2.0", "11.8.0")),
        (Code::AirflowMajorDiffers, Scope::Image, majors("11.8.0", "3.1-2"), majors("11.8.0", "13.8.0")),
        (Code::AirflowMajorDiffers, Scope::Dags, older("11.8.0", "3.1-99"), older("11.8.0", "12.3.0")),
        (
            Code::RejectedBefore,
            Scope::Image,
            with(&both, |s| s.history.get_mut(1).rejected = true),
            with(&both, |s| s.history.get_mut(2).rejected = true),
        ),
        (
            Code::RejectedBefore,
            Scope::Dags,
            with(&both, |s| s.rejected = vec![a_rejected_part(Part::Dags, 1)]),
            with(&both, |s| s.rejected = vec![a_rejected_part(Part::Image, 1), a_rejected_part(Part::Dags, 2)]),
        ),
        (Code::ImageUnknown, Scope::Image, with(&both, |s| s.facts.image_in_registry = Fact::Unknown), both.clone()),
        (
            Code::DeployRunning,
            Scope::Dags,
            with(&both, |s| s.running = running(Cause::Deploy)),
            with(&both, |s| s.running = running(rollback)),
        ),
        (Code::DagsFollowGit, Scope::Image, scene(Mechanism::GitSync), image.clone()),
        (Code::DagsOnVolume, Scope::Image, volume, image.clone()),
        (Code::ImageContainsDags, Scope::Image, image, both.clone()),
        (
            Code::MixedRevision,
            Scope::Image,
            both.clone(),
            with(&both, |s| {
                s.history.roll_back(1, Scope::Image);
                s.history.roll_back(3, Scope::ImageAndDags);
            }),
        ),
        (Code::DataLoss, Scope::Image, majors("11.8.0", "13.8.0"), majors("13.8.0", "11.8.0")),
        (Code::KeptChanged, Scope::Dags, then("before"), then("now")),
    ]
}

#[test]
fn each_reason_comes_with_what_brings_it_about_and_goes_without() {
    for (at, (code, scope, scene, without)) in cases().into_iter().enumerate() {
        let codes = |scene: &Scene| {
            let option = scene.option(scope);
            [refusals(&option), warnings(&option)].concat()
        };
        assert!(codes(&scene).contains(&code), "case {at}: no {code} in {:?}", codes(&scene));
        assert!(!codes(&without).contains(&code), "case {at}: {code} without its cause");
    }
}

#[test]
fn every_code_has_a_case() {
    let covered: Vec<_> = cases().into_iter().map(|case| case.0).collect();
    for code in Code::ALL {
        assert!(covered.contains(code), "{code} has no case; can the rules produce it?");
    }
}

#[test]
fn warnings_never_refuse_and_refusals_never_warn() {
    let warning = Code::ALL.iter().position(|c| *c == Code::RuntimeRestricted).unwrap();
    for (at, (code, scope, scene, _)) in cases().into_iter().enumerate() {
        let option = scene.option(scope);
        let is_warning = Code::ALL.iter().position(|c| *c == code).unwrap() >= warning;
        assert_eq!(warnings(&option).contains(&code), is_warning, "case {at}: {code}");
        assert_eq!(refusals(&option).contains(&code), !is_warning, "case {at}: {code}");
    }
}

#[test]
fn messages_are_sentences_for_people() {
    for (_, scope, scene, _) in cases() {
        let option = scene.option(scope);
        for Reason { code, message } in option.refusals.iter().chain(&option.warnings) {
            assert!(message.ends_with('.') && message.chars().next().is_some_and(|c| !c.is_lowercase()), "{message}");
            assert!(message.len() > 30 && !message.contains(code.as_str()) && !message.contains("  "), "{message}");
        }
    }
}
