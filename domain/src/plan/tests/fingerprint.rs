use super::*;
use crate::{DAY, DeployStatus, DeploymentId, HOUR, Permission};

fn moves(change: impl FnOnce(&mut Scene)) -> bool {
    moves_in(scene(Mechanism::DagDeploy), change)
}

fn moves_in(scene: Scene, change: impl FnOnce(&mut Scene)) -> bool {
    let mut changed = scene.clone();
    change(&mut changed);
    scene.plan().fingerprint != changed.plan().fingerprint
}

#[test]
fn it_is_a_sha256() {
    let fingerprint = scene(Mechanism::Image).plan().fingerprint;
    assert!(fingerprint.len() == 64 && fingerprint.bytes().all(|b| b.is_ascii_hexdigit()));
}

#[test]
fn it_ignores_what_nobody_decides_on() {
    assert!(!moves(|s| s.now = s.now.plus(HOUR)));
    assert!(!moves(|s| s.facts.image_in_registry = Fact::Unknown));
    assert!(!moves(|s| s.facts.bundle_intact = Fact::Unknown));
    assert!(!moves(|s| s.facts.database_heads = Some(heads("a"))));
    assert!(!moves(|s| s.facts.kept_now = Some(vec![kept_setting("A", "1")])));
    assert!(!moves(|s| s.history.get_mut(2).description = "edited".to_owned()));
    assert!(!moves(|s| s.history.deployment.name = "renamed".to_owned()));
    assert!(!moves(|s| s.targets.image.as_mut().unwrap().name = "renamed".to_owned()), "words");
    for status in [DeployStatus::Queued, DeployStatus::Held, DeployStatus::Cancelled] {
        assert!(!moves(|s| {
            s.history.failed_deploy(brought(Some(9), Some(9)));
            s.history.get_mut(4).status = status;
        }));
    }
}

#[test]
fn it_moves_with_what_is_decided_on() {
    assert!(moves(|s| s.target = number(2)));
    assert!(moves(|s| drop(s.history.deploy(brought(None, Some(4))).clone())), "another live deploy");
    assert!(moves(|s| s.running = Some(a_deploy(4))));
    let mut scene = scene(Mechanism::DagDeploy);
    scene.running = Some(a_deploy(4));
    assert!(moves_in(scene, |s| s.running = Some(a_deploy(5))), "another running rollout");
    assert!(moves(|s| s.history.deployment.id = DeploymentId::new("other")));
    assert!(moves(|s| s.permissions.retain(|p| *p != Permission::DagsPush)));
    assert!(moves(|s| s.facts.image_in_registry = Fact::No));
    assert!(moves(|s| s.facts.bundle_intact = Fact::No));
    assert!(moves(|s| s.targets.dags = None));
    assert!(moves(|s| s.history.get_mut(1).rejected = true), "a warning");
    assert!(moves(|s| s.now = s.now.plus(100 * DAY)), "it left the window");
    assert!(moves(|s| s.history.get_mut(1).revision.image.image = Some(image(7))), "a change");
}

#[test]
fn it_moves_when_a_kept_setting_changes() {
    let mut scene = scene(Mechanism::Image);
    scene.history.get_mut(1).kept = vec![kept_setting("A", "1")];
    scene.facts.kept_now = Some(vec![kept_setting("A", "1")]);
    assert!(moves_in(scene.clone(), |s| s.facts.kept_now = Some(vec![kept_setting("A", "2")])));
    assert!(!moves_in(scene, |s| s.facts.kept_now = None), "that it is not known does not count");
}
