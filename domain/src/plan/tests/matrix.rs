//! Mechanism x permission x scope: every cell.

use super::*;
use crate::{Permission, PermissionSet};

fn permissions(images: bool, dags: bool) -> PermissionSet {
    let all = [(Permission::ImagesPush, images), (Permission::DagsPush, dags), (Permission::DeployRevisionsGet, true)];
    all.into_iter().filter(|(_, has)| *has).map(|(p, _)| p).collect()
}

/// `+` allowed, `p` permission missing, `s` no such scope here, `v` volume not allowed, `m` change of mechanism.
fn cells(scene: &mut Scene) -> [String; 4] {
    [(true, true), (true, false), (false, true), (false, false)].map(|(images, dags)| {
        scene.permissions = permissions(images, dags);
        let plan = scene.plan();
        plan.options
            .iter()
            .map(|option| match refusals(option)[..] {
                [] => '+',
                [ReasonCode::PermissionMissing] => 'p',
                [ReasonCode::ScopeNotInMechanism] => 's',
                [ReasonCode::VolumeNotAllowed] => 'v',
                [ReasonCode::MechanismChange] => 'm',
                ref other => panic!("{images} {dags} {}: {other:?}", option.scope),
            })
            .collect()
    })
}

#[test]
fn within_one_mechanism() {
    //                            columns: both rights, images.push, dags.push, neither; in each: image, dags, both
    for (mechanism, volume_allowed, expected) in [
        (Mechanism::Image, false, ["+ss", "+ss", "pss", "pss"]),
        (Mechanism::DagDeploy, false, ["+++", "+pp", "p+p", "ppp"]),
        (Mechanism::GitSync, false, ["+ss", "+ss", "pss", "pss"]),
        (Mechanism::Volume, true, ["+ss", "+ss", "pss", "pss"]),
    ] {
        let mut scene = scene(mechanism);
        scene.policy.volume_rollback = volume_allowed;
        assert_eq!(cells(&mut scene), expected, "{mechanism}");
    }
    assert_eq!(cells(&mut scene(Mechanism::Volume)), ["vss"; 4]);
}

#[test]
fn over_a_change_of_mechanism() {
    for from in Mechanism::ALL {
        for to in Mechanism::ALL.into_iter().filter(|to| *to != from) {
            let movable = [from, to].iter().all(|m| matches!(m, Mechanism::Image | Mechanism::DagDeploy));
            let expected = if movable { ["mm+", "mmp", "mmp", "mmp"] } else { ["mmm"; 4] };
            let mut scene = scene_over(from, to);
            scene.policy.volume_rollback = true;
            assert_eq!(cells(&mut scene), expected, "{from} to {to}");
        }
    }
}

#[test]
fn what_is_proposed_is_the_whole_deploy_else_what_is_allowed() {
    let proposed = |mechanism, images, dags| {
        let mut scene = scene(mechanism);
        scene.permissions = permissions(images, dags);
        scene.plan().proposed
    };
    assert_eq!(proposed(Mechanism::DagDeploy, true, true), Some(Scope::ImageAndDags));
    assert_eq!(proposed(Mechanism::DagDeploy, true, false), Some(Scope::Image));
    assert_eq!(proposed(Mechanism::DagDeploy, false, true), Some(Scope::Dags));
    assert_eq!(proposed(Mechanism::DagDeploy, false, false), None);
    assert_eq!(proposed(Mechanism::Image, true, true), Some(Scope::Image));
    assert_eq!(proposed(Mechanism::GitSync, true, false), Some(Scope::Image));
}
