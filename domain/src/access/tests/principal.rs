use proptest::prelude::*;

use super::super::*;
use crate::{Deployment, DeploymentId, Mechanism, WorkspaceId, testing};

fn author() -> Author {
    Author { id: "a1".to_owned(), name: "Ada".to_owned() }
}

fn deployment(workspace: &str, id: &str) -> Deployment {
    Deployment {
        id: DeploymentId::new(id),
        workspace: WorkspaceId::new(workspace),
        ..testing::a_deployment(Mechanism::DagDeploy)
    }
}

fn grant(role: &str, at: Place) -> Grant {
    Grant { role: role.parse().unwrap(), at, team: None }
}

fn with(grants: &[Grant]) -> Principal {
    Principal::granted(author(), grants, &Roles::built_in())
}

#[test]
fn a_role_holds_where_it_was_given_and_below() {
    let (here, sibling, elsewhere) = (deployment("w1", "d1"), deployment("w1", "d2"), deployment("w2", "d3"));
    let cases = [
        (Place::System, "SYSTEM_EDITOR", [true, true, true]),
        (Place::Workspace(WorkspaceId::new("w1")), "WORKSPACE_ADMIN", [true, true, false]),
        (Place::Workspace(WorkspaceId::new("w1")), "WORKSPACE_EDITOR", [true, true, false]),
        (Place::Workspace(WorkspaceId::new("w1")), "WORKSPACE_VIEWER", [false, false, false]),
        (Place::Deployment(DeploymentId::new("d1")), "DEPLOYMENT_EDITOR", [true, false, false]),
        (Place::Deployment(DeploymentId::new("d1")), "DEPLOYMENT_VIEWER", [false, false, false]),
    ];
    for (at, role, expected) in cases {
        let who = with(&[grant(role, at)]);
        let pushes = [&here, &sibling, &elsewhere].map(|d| who.permissions_on(d).contains(&Permission::ImagesPush));
        assert_eq!(pushes, expected, "{role}");
    }
}

#[test]
fn the_most_permissive_role_wins() {
    let here = deployment("w1", "d1");
    let at = || Place::Deployment(DeploymentId::new("d1"));
    let who = with(&[grant("DEPLOYMENT_VIEWER", at()), grant("DEPLOYMENT_EDITOR", at())]);
    assert!(who.permissions_on(&here).contains(&Permission::DagsPush));
}

#[test]
fn system_push_rights_are_push_rights_everywhere() {
    let here = deployment("w1", "d1");
    let who = Principal::new(author(), [Permission::SystemDeploymentsDagsPush].into());
    let on = who.permissions_on(&here);
    assert!(on.contains(&Permission::DagsPush) && !on.contains(&Permission::ImagesPush));
}

#[test]
fn without_a_role_there_is_what_every_user_has() {
    let who = with(&[]);
    assert!(who.may(Permission::SystemWorkspaceCreate));
    assert_eq!(who.permissions_on(&deployment("w1", "d1")), [Permission::SystemWorkspaceCreate].into());
}

#[test]
fn a_token_for_one_deployment_is_nothing_elsewhere() {
    let (here, sibling) = (deployment("w1", "d1"), deployment("w1", "d2"));
    let limit = TokenLimit { deployments: vec![here.id.clone()], permissions: None };
    let who = with(&[grant("SYSTEM_ADMIN", Place::System)]).limited(limit);
    assert!(who.permissions_on(&here).contains(&Permission::ImagesPush));
    assert!(who.permissions_on(&sibling).is_empty());
    assert!(who.permissions_in(&WorkspaceId::new("w1")).is_empty());
    assert!(!who.may(Permission::SystemWorkspaceCreate));
}

const ROLES: [&str; 9] = [
    "SYSTEM_ADMIN",
    "SYSTEM_EDITOR",
    "SYSTEM_VIEWER",
    "WORKSPACE_ADMIN",
    "WORKSPACE_EDITOR",
    "WORKSPACE_VIEWER",
    "DEPLOYMENT_ADMIN",
    "DEPLOYMENT_EDITOR",
    "DEPLOYMENT_VIEWER",
];

fn grants() -> impl Strategy<Value = Vec<Grant>> {
    let one = (0..ROLES.len(), 1..3u8).prop_map(|(role, n)| {
        let role = ROLES[role];
        let id = match Roles::built_in().get(&role.parse().unwrap()).unwrap().level {
            Level::System => String::new(),
            Level::Workspace => format!("w{n}"),
            Level::Deployment => format!("d{n}"),
        };
        let level = Roles::built_in().get(&role.parse().unwrap()).unwrap().level;
        grant(role, Place::new(level, &id))
    });
    proptest::collection::vec(one, 0..4)
}

proptest! {
    /// A token never brings more than its owner has; one more grant never takes anything away.
    #[test]
    fn limits_only_take_and_grants_only_add(
        grants in grants(),
        more in grants(),
        permissions in proptest::sample::subsequence(Permission::ALL.to_vec(), 0..Permission::ALL.len()),
    ) {
        let here = deployment("w1", "d1");
        let owner = with(&grants);
        let all = owner.permissions_on(&here);
        let limit = TokenLimit { deployments: vec![], permissions: Some(permissions.iter().copied().collect()) };
        let token = owner.limited(limit).permissions_on(&here);
        prop_assert!(token.is_subset(&all));
        prop_assert!(token.iter().all(|p| permissions.contains(p)));
        let both: Vec<_> = grants.into_iter().chain(more).collect();
        prop_assert!(with(&both).permissions_on(&here).is_superset(&all));
    }
}
