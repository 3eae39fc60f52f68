//! The arguments are right, and history and plan read as they should.

use backstep_domain::Millis;
use clap::{CommandFactory, Parser};
use serde_json::json;

use super::{Cli, Exit, Failure, history, plan_text};
use crate::http::api::dto::{Deploy, PlanAnswer};

#[test]
fn the_arguments_are_consistent() {
    Cli::command().debug_assert();
}

fn refused(arguments: &str) -> Option<i32> {
    Cli::try_parse_from(arguments.split(' ')).err().map(|error| error.exit_code())
}

#[test]
fn the_documented_commands_are_understood() {
    let image = format!("quay.io/acme/airflow:1@sha256:{}", "a".repeat(64));
    for line in [
        "backstep create prod --workspace acme --mechanism dag_deploy --runtime 3.1-2 --airflow 3.1.0 --rollback",
        &format!("backstep deploy -d prod --dags ./dags --image {image} --runtime 3.1-2 -m First --no-wait"),
        &format!("backstep adopt --deployment prod --image {image} --json"),
        "backstep history -d prod --limit 5 --kind dags --eligible --since 2026-03-01T00:00:00Z",
        "backstep diff 52 #57 dags/a.py",
        "backstep plan --json",
        "backstep plan 52",
        "backstep rollback 52 --yes --scope dags -m why --confirm prod --no-hold --no-reject",
        "backstep hold status",
        "backstep hold set -m why",
        "backstep hold release --to newest -d prod --json",
        "backstep completions bash",
        "backstep openapi",
    ] {
        assert_eq!(refused(line), None, "{line}");
    }
}

#[test]
fn what_cannot_be_right_is_refused_before_anything_is_sent() {
    for line in [
        "backstep deploy --image quay.io/acme/airflow:latest",
        "backstep deploy --runtime 3.1-2",
        "backstep deploy --mechanism nfs",
        "backstep history --limit 0",
        "backstep history --since yesterday",
        "backstep rollback 0",
        "backstep rollback 52 --scope all",
        "backstep hold release",
        "backstep hold set",
    ] {
        assert_eq!(refused(line), Some(2), "{line}");
    }
}

#[tokio::test]
async fn a_deploy_of_nothing_is_wrong_usage() {
    let cli = Cli::try_parse_from(["backstep", "deploy", "-d", "prod"]).unwrap();
    assert_eq!(format!("{:?}", cli.run().await), format!("{:?}", std::process::ExitCode::from(2)));
}

#[test]
fn a_problem_becomes_an_exit_code() {
    let exit = |code: backstep_domain::ProblemCode| {
        Failure::from(crate::http::api::ProblemBody::from(backstep_domain::Problem::new(code, "x"))).exit
    };
    use backstep_domain::ProblemCode as Code;
    assert_eq!([exit(Code::Unauthenticated), exit(Code::Forbidden)], [Exit::NotPermitted; 2]);
    assert_eq!([exit(Code::PlanMoved), exit(Code::Refused), exit(Code::RollbackInProgress)], [Exit::Refused; 3]);
    assert_eq!([exit(Code::Internal), exit(Code::NotFound), exit(Code::BadBundle)], [Exit::Failed; 3]);
    let codes = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Held, Exit::Refused, Exit::NotPermitted].map(Exit::code);
    assert_eq!(codes, [0, 1, 2, 3, 4, 5]);
}

fn subject(name: &str) -> serde_json::Value {
    json!({"id": "demo:x", "subjectType": "USER", "fullName": name})
}

fn deploy(number: u32, more: serde_json::Value) -> Deploy {
    let mut deploy = json!({
        "id": format!("id-{number}"), "deploymentId": "d", "number": number, "type": "IMAGE_AND_DAG",
        "status": "DEPLOYED", "shownStatus": "Superseded", "description": "Daily revenue",
        "createdAt": "2026-03-01T12:00:00Z", "updatedAt": "2026-03-01T12:00:00Z",
        "liveFrom": "2026-03-01T12:01:00Z", "liveUntil": "2026-03-04T16:01:00Z",
        "createdBySubject": subject("Ada"), "imageRepository": "quay.io/acme/airflow", "imageTag": "1.4",
        "imageDigest": format!("sha256:{}", "a".repeat(64)), "astroRuntimeVersion": "3.1-2",
        "dagTarballVersion": format!("sha256:{}", "b".repeat(64)), "isDagDeployEnabled": true, "isAdoption": false,
        "rejected": false, "artifactMissing": false,
    });
    deploy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(deploy).unwrap()
}

#[test]
fn a_history_is_a_table() {
    let rollback = json!({
        "type": "IMAGE_ONLY", "shownStatus": "Live", "liveUntil": null, "rollbackOf": 2, "rollbackTo": 1, "scope": "image",
        "description": "Exports\nbreak", "liveFrom": "2026-03-05T12:00:00Z",
    });
    let failed = json!({
        "type": "DAG_ONLY", "shownStatus": "Failed", "status": "FAILED", "liveFrom": null, "rejected": true,
        "imageTag": "", "createdBySubject": subject("CI"), "astroRuntimeVersion": null,
    });
    let deploys = [deploy(10, rollback), deploy(2, failed), deploy(1, json!({"isAdoption": true, "description": ""}))];
    let now = "2026-03-05T12:00:30Z".parse::<crate::http::api::dto::Time>().unwrap().0;
    insta::assert_snapshot!(history::table(&deploys, now), @r#"
    #    Created (UTC)     Parts        Image         Runtime  DAG bundle    Status            Live for  By   What
    #10  2026-03-01 12:00  image        1.4           3.1-2    bbbbbbbbbbbb  Live              30 s      Ada  Rollback of #2 to #1 (image): Exports break
    #2   2026-03-01 12:00  DAGs         aaaaaaaaaaaa  -        bbbbbbbbbbbb  Failed, Rejected  -         CI   Daily revenue
    #1   2026-03-01 12:00  image, DAGs  1.4           3.1-2    bbbbbbbbbbbb  Superseded        3 d 4 h   Ada  Adopted
    "#);
    assert_eq!(history::table(&[], Millis(0)), "No deploy matches.");
}

fn plan() -> PlanAnswer {
    let named = |number: u32, what: &str| {
        json!({"number": number, "type": "IMAGE_AND_DAG", "description": what, "createdBySubject": subject("Ada"),
            "createdAt": "2026-03-01T12:00:00Z"})
    };
    let refused = json!({"scope": "image_and_dags", "allowed": false, "changes": [], "undone": [], "warnings": [], "steps": [],
        "refusals": [{"code": "permission_missing", "message": "You may not push images here."}], "needsConfirmName": false, "backward": true});
    let dags = json!({"scope": "dags", "allowed": true, "refusals": [], "undone": [57, 55],
        "changes": [{"category": "dags", "field": "dagTarballVersion", "old": "aaaaaaaaaaaa", "new": "bbbbbbbbbbbb"}],
        "warnings": [{"code": "rejected_before", "message": "#52 was rejected before."}],
        "steps": [{"kind": "stage_dags", "label": "Stage the DAG files"}, {"kind": "verify", "label": "Verify what runs"}],
        "needsConfirmName": true, "backward": true});
    serde_json::from_value(json!({
        "deploymentName": "analytics-prod", "targetProposed": true,
        "files": [{"path": "dags/a.py", "kind": "changed"}, {"path": "dags/b.py", "kind": "removed"}],
        "plan": {"from": named(57, "Broken"), "to": named(52, "Daily revenue"), "between": [named(57, "Broken"), named(55, "Middle")],
            "options": [dags, refused], "proposed": "dags", "backward": true, "fingerprint": "f",
            "kept": {"known": true, "settings": [{"name": "PARALLELISM", "changedSinceTarget": true},
                {"name": "EXECUTOR", "changedSinceTarget": false}]}},
    }))
    .unwrap()
}

#[test]
fn a_plan_reads_from_top_to_bottom() {
    insta::assert_snapshot!(plan_text::whole(&plan()), @r#"
    Roll back analytics-prod to #52 (the last good deploy)

    From #57 2026-03-01 12:00 (image, DAGs, by Ada) Broken
    To   #52 2026-03-01 12:00 (image, DAGs, by Ada) Daily revenue
    Deploys in between:
      #55 2026-03-01 12:00 (image, DAGs, by Ada) Middle

    Scope dags (proposed)
      Will be rolled back:
        DAG bundle: aaaaaaaaaaaa -> bbbbbbbbbbbb
          ~ dags/a.py
          - dags/b.py
      Undone: #57, #55
      Steps: Stage the DAG files; Verify what runs
      Warning: #52 was rejected before.
      Data is lost for good: confirm with --confirm analytics-prod

    Scope image_and_dags
      Refused: You may not push images here.

    Will not be rolled back: executor, resources, environment variables, name, description, other settings.
      PARALLELISM changed since #52, and stays as it is.
    "#);
}

#[test]
fn one_scope_is_shown_alone() {
    let text = plan_text::of_scope(&plan(), backstep_domain::Scope::Dags);
    assert!(text.contains("Scope dags\n  Will be rolled back:") && !text.contains("image_and_dags"), "{text}");
}
