use super::*;
use crate::{Cause, Permission, ProblemCode};

#[test]
fn a_scope_left_out_is_the_whole_deploy() {
    for mechanism in [Mechanism::Image, Mechanism::GitSync] {
        assert_eq!(resolve_scope(&scene(mechanism).plan(), None), Ok(Scope::Image), "{mechanism}");
    }
    assert_eq!(resolve_scope(&scene(Mechanism::DagDeploy).plan(), None), Ok(Scope::ImageAndDags));
    let over = scene_over(Mechanism::Image, Mechanism::DagDeploy);
    assert_eq!(resolve_scope(&over.plan(), None), Ok(Scope::ImageAndDags));
    assert_eq!(resolve_scope(&scene(Mechanism::DagDeploy).plan(), Some(Scope::Dags)), Ok(Scope::Dags));
}

#[test]
fn it_is_never_silently_narrower() {
    let mut scene = scene(Mechanism::DagDeploy);
    scene.permissions.remove(&Permission::DagsPush);
    let plan = scene.plan();
    let problem = resolve_scope(&plan, None).unwrap_err();
    assert_eq!((problem.code, problem.code.status()), (ProblemCode::Forbidden, 403));
    assert_eq!(problem.allowed_scopes, [Scope::Image]);
    assert!(problem.message.contains("`image`") && problem.message.contains("deployment.dags.push"));
    assert_eq!(problem.plan.as_deref(), Some(&plan));
    assert_eq!(resolve_scope(&plan, Some(Scope::Image)), Ok(Scope::Image));
    assert_eq!(resolve_scope(&plan, Some(Scope::Dags)).unwrap_err().code, ProblemCode::Forbidden);
}

#[test]
fn what_is_refused_says_why() {
    let image = scene(Mechanism::Image).plan();
    let problem = resolve_scope(&image, Some(Scope::Dags)).unwrap_err();
    assert_eq!((problem.code, problem.allowed_scopes.as_slice()), (ProblemCode::Refused, [Scope::Image].as_slice()));
    let mut scene = scene(Mechanism::DagDeploy);
    let mut running = a_deploy(4);
    running.cause = Cause::Rollback { of: number(3), to: number(1), scope: Scope::Dags };
    scene.running = Some(running);
    let problem = resolve_scope(&scene.plan(), None).unwrap_err();
    assert_eq!(problem.code, ProblemCode::RollbackInProgress);
    assert!(problem.message.contains("#4"));
}

#[test]
fn a_rollback_needs_a_description_and_a_deploy_does_not() {
    assert_eq!(check_description("  it broke \n").unwrap(), "it broke");
    assert_eq!(check_description("a\r\nb").unwrap(), "a\nb");
    assert_eq!(check_deploy_description("  ").unwrap(), "");
    for bad in ["", " \n\t "] {
        assert_eq!(check_description(bad).unwrap_err().field.as_deref(), Some("description"));
    }
    let (longest, longer) = ("é".repeat(500), "é".repeat(501));
    for check in [check_description, check_deploy_description] {
        assert_eq!(check(&longest).unwrap(), longest);
        assert_eq!(check(&longer).unwrap_err().code, ProblemCode::Invalid);
        assert!(check("a\0b").is_err());
    }
}
