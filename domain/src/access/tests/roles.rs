use std::collections::BTreeMap;

use super::super::*;

fn config(json: &str) -> BTreeMap<String, RoleConfig> {
    serde_json::from_str(json).unwrap()
}

fn role<'a>(roles: &'a Roles, id: &str) -> &'a Role {
    roles.get(&id.parse().unwrap()).unwrap()
}

#[test]
fn the_nine_roles_and_user_have_the_originals_contents() {
    let roles = Roles::built_in();
    let counts: Vec<_> =
        roles.iter().map(|r| (r.id.as_str().to_owned(), r.level, r.permissions.len() + r.unused.len())).collect();
    let expected = [
        ("DEPLOYMENT_ADMIN", Level::Deployment, 26),
        ("DEPLOYMENT_EDITOR", Level::Deployment, 22),
        ("DEPLOYMENT_VIEWER", Level::Deployment, 12),
        ("SYSTEM_ADMIN", Level::System, 86),
        ("SYSTEM_EDITOR", Level::System, 56),
        ("SYSTEM_VIEWER", Level::System, 34),
        ("USER", Level::System, 3),
        ("WORKSPACE_ADMIN", Level::Workspace, 18),
        ("WORKSPACE_EDITOR", Level::Workspace, 13),
        ("WORKSPACE_VIEWER", Level::Workspace, 6),
    ];
    assert_eq!(counts, expected.map(|(id, level, count)| (id.to_owned(), level, count)));
}

#[test]
fn a_viewer_reads_the_history_and_pushes_nothing() {
    let viewer = Roles::built_in().permissions(&"DEPLOYMENT_VIEWER".parse().unwrap());
    assert!(viewer.contains(&Permission::DeployRevisionsGet));
    assert!(!viewer.contains(&Permission::ImagesPush));
    assert!(!viewer.contains(&Permission::DagsPush));
}

#[test]
fn a_workspace_admin_is_deployment_admin_with_its_present_contents() {
    let admin: RoleId = RoleId::WORKSPACE_ADMIN.parse().unwrap();
    assert!(Roles::built_in().permissions(&admin).contains(&Permission::DeploymentUserRolesUpdate));
    let edited = config(r#"{"DEPLOYMENT_ADMIN": {"permissions": {"deployment.userRoles.update": false}}}"#);
    let roles = Roles::configured(&edited).unwrap();
    assert!(!roles.permissions(&admin).contains(&Permission::DeploymentUserRolesUpdate));
}

#[test]
fn an_empty_value_grants_as_true_does() {
    let roles = Roles::configured(&config(
        r#"{"DEPLOYMENT_VIEWER": {"permissions": {"deployment.images.push": null, "deployment.dags.push": true}},
            "DEPLOYMENT_EDITOR": {"permissions": {"deployment.images.push": false}}}"#,
    ))
    .unwrap();
    let viewer = role(&roles, "DEPLOYMENT_VIEWER");
    assert!(viewer.permissions.contains(&Permission::ImagesPush) && viewer.permissions.contains(&Permission::DagsPush));
    assert_eq!(viewer.edits.len(), 2);
    assert!(!role(&roles, "DEPLOYMENT_EDITOR").permissions.contains(&Permission::ImagesPush));
}

#[test]
fn an_edit_that_changes_nothing_is_no_difference() {
    let same = config(r#"{"DEPLOYMENT_EDITOR": {"permissions": {"deployment.images.push": null}}}"#);
    assert_eq!(role(&Roles::configured(&same).unwrap(), "DEPLOYMENT_EDITOR").edits, []);
}

#[test]
fn names_that_backstep_does_not_use_are_accepted() {
    let roles =
        Roles::configured(&config(r#"{"DEPLOYMENT_VIEWER": {"permissions": {"deployment.airflow.user": true}}}"#));
    let roles = roles.unwrap();
    assert!(role(&roles, "DEPLOYMENT_VIEWER").unused.iter().any(|p| p == "deployment.airflow.user"));
}

#[test]
fn a_wrong_name_is_an_error_that_names_the_nearest() {
    let error = |json| Roles::configured(&config(json)).unwrap_err().to_string();
    let text = error(r#"{"DEPLOYMENT_EDITOR": {"permissions": {"deployment.image.push": true}}}"#);
    assert!(text.contains("Did you mean `deployment.images.push`?"), "{text}");
    let text = error(r#"{"DEPLOYMENT_EDITR": {"permissions": {}}}"#);
    assert!(text.contains("Did you mean DEPLOYMENT_EDITOR?"), "{text}");
    let text = error(r#"{"oncall": {"level": "deployment"}}"#);
    assert!(text.contains("capital letters"), "{text}");
    let text = error(r#"{"ONCALL": {"level": "deploymnt"}}"#);
    assert!(text.contains("not `deploymnt`"), "{text}");
    let text = error(r#"{"USER": {"level": "deployment"}}"#);
    assert!(text.contains("cannot change"), "{text}");
    let text = error(r#"{"ONCALL": {"level": "deployment", "permissions": {"system.iam.update": true}}}"#);
    assert!(text.contains("above it"), "{text}");
}

#[test]
fn a_new_role_has_what_it_names() {
    let roles = Roles::configured(&config(
        r#"{"ON_CALL": {"name": "On call", "level": "deployment",
            "permissions": {"deployment.deployRevisions.get": null, "deployment.images.push": null}}}"#,
    ))
    .unwrap();
    let on_call = role(&roles, "ON_CALL");
    assert!(!on_call.built_in);
    assert_eq!(on_call.permissions, [Permission::DeployRevisionsGet, Permission::ImagesPush].into());
}
