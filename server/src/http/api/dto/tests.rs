//! What the answers look like, and that the command line reads them back.

use backstep_domain as domain;
use domain::{
    Author, Cause, DeployId, DeployKind, DeployNumber, DeployStatus, DeploymentId, Mechanism, Millis, Reason,
    ReasonCode, Scope, StepKind,
};

use super::*;

fn json<T: serde::Serialize>(answer: &T) -> String {
    serde_json::to_string_pretty(answer).unwrap()
}

fn n(number: u32) -> DeployNumber {
    DeployNumber::new(number).unwrap()
}

fn author() -> Author {
    Author { id: "token:ci".to_owned(), name: "CI".to_owned() }
}

fn deploy() -> domain::Deploy {
    domain::Deploy {
        id: DeployId::new("id-58"),
        deployment: DeploymentId::new("d-1"),
        number: n(58),
        kind: DeployKind::Image,
        cause: Cause::Rollback { of: n(57), to: n(52), scope: Scope::Image },
        revision: domain::Revision {
            mechanism: Mechanism::DagDeploy,
            mechanism_origin: n(1),
            image: domain::ImagePart {
                image: Some(format!("quay.io/acme/airflow:1.4@sha256:{}", "a".repeat(64)).parse().unwrap()),
                runtime: Some("3.1-2".parse().unwrap()),
                airflow: Some("3.1.0".parse().unwrap()),
                heads: None,
                origin: n(52),
            },
            dags: Some(domain::DagsPart { bundle: "b".repeat(64).parse().unwrap(), origin: n(57) }),
        },
        git: Some(domain::Git {
            commit_sha: "c0ffee".to_owned(),
            remote_url: Some("git@github.com:acme/dags.git".to_owned()),
            ..domain::Git::default()
        }),
        created_at: Millis(1_700_000_000_000),
        created_by: author(),
        description: "The new image breaks the exports.".to_owned(),
        status: DeployStatus::Succeeded,
        status_reason: None,
        started_at: Some(Millis(1_700_000_000_500)),
        ended_at: Some(Millis(1_700_000_002_000)),
        live_from: Some(Millis(1_700_000_002_000)),
        live_until: None,
        rejected: false,
        kept: Vec::new(),
        artifact_missing: false,
    }
}

#[test]
fn a_deploy_has_the_shape_of_astro() {
    let row = domain::HistoryRow {
        deploy: deploy(),
        ineligible: Some(Reason { code: ReasonCode::TargetIsLive, message: "It is what runs.".to_owned() }),
        runtime_restricted: None,
    };
    let answer = Deploy { rollback_from_id: Some("id-52".to_owned()), ..row.into() };
    insta::assert_snapshot!(json(&answer), @r#"
    {
      "id": "id-58",
      "deploymentId": "d-1",
      "number": 58,
      "type": "IMAGE_ONLY",
      "status": "DEPLOYED",
      "shownStatus": "Live",
      "description": "The new image breaks the exports.",
      "createdAt": "2023-11-14T22:13:20.000Z",
      "updatedAt": "2023-11-14T22:13:22.000Z",
      "startedAt": "2023-11-14T22:13:20.500Z",
      "endedAt": "2023-11-14T22:13:22.000Z",
      "liveFrom": "2023-11-14T22:13:22.000Z",
      "createdBySubject": {
        "id": "token:ci",
        "subjectType": "SERVICEKEY",
        "fullName": "CI"
      },
      "imageRepository": "quay.io/acme/airflow",
      "imageTag": "1.4",
      "imageDigest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "imageOrigin": 52,
      "astroRuntimeVersion": "3.1-2",
      "airflowVersion": "3.1.0",
      "dagTarballVersion": "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
      "dagsOrigin": 57,
      "mechanism": "dag_deploy",
      "isDagDeployEnabled": true,
      "isAdoption": false,
      "rollbackFromId": "id-52",
      "rollbackOf": 57,
      "rollbackTo": 52,
      "scope": "image",
      "git": {
        "provider": "GITHUB",
        "commitSha": "c0ffee",
        "remoteUrl": "git@github.com:acme/dags.git"
      },
      "rejected": false,
      "artifactMissing": false,
      "ineligible": {
        "code": "target_is_live",
        "message": "It is what runs."
      }
    }
    "#);
    let read: Deploy = serde_json::from_value(serde_json::to_value(&answer).unwrap()).unwrap();
    assert_eq!(read, answer);
}

#[test]
fn an_upload_is_a_deploy_without_number() {
    let mut upload = domain::Upload {
        id: DeployId::new("u-1"),
        deployment: DeploymentId::new("d-1"),
        kind: DeployKind::Dags,
        description: "New exports".to_owned(),
        image: None,
        runtime: None,
        airflow: None,
        heads: None,
        mechanism: None,
        git: None,
        adoption: false,
        created_at: Millis(0),
        created_by: Author { id: "demo:editor".to_owned(), name: "Edith".to_owned() },
        bundle: None,
        closed: None,
    };
    insta::assert_snapshot!(json(&Deploy::from(upload.clone())), @r#"
    {
      "id": "u-1",
      "deploymentId": "d-1",
      "type": "DAG_ONLY",
      "status": "INITIALIZED",
      "description": "New exports",
      "createdAt": "1970-01-01T00:00:00.000Z",
      "updatedAt": "1970-01-01T00:00:00.000Z",
      "createdBySubject": {
        "id": "demo:editor",
        "subjectType": "USER",
        "fullName": "Edith"
      },
      "imageRepository": "",
      "imageTag": "",
      "isDagDeployEnabled": true,
      "dagsUploadUrl": "/api/v1/deployments/d-1/deploys/u-1/dags",
      "isAdoption": false,
      "rejected": false,
      "artifactMissing": false
    }
    "#);
    upload.closed = Some("It was not finalized within an hour.".to_owned());
    let closed = Deploy::from(upload.clone());
    assert_eq!((closed.status, closed.dags_upload_url), (Status::Cancelled, None));
    upload.closed = None;
    upload.kind = DeployKind::Image;
    assert_eq!(Deploy::from(upload).dags_upload_url, None);
}

#[test]
fn every_status_has_a_word_and_is_found_by_it() {
    for status in DeployStatus::ALL {
        assert_eq!(Status::from(*status).stored(), Some(*status));
    }
    assert_eq!(Status::Initialized.stored(), None);
}

#[test]
fn every_kind_comes_back() {
    for kind in DeployKind::ALL {
        assert_eq!(DeployKind::from(DeployType::from(*kind)), *kind);
    }
}

#[test]
fn times_are_rfc_3339_and_read_back() {
    let time = Time(Millis(1_700_000_000_042));
    assert_eq!(serde_json::to_value(time).unwrap(), "2023-11-14T22:13:20.042Z");
    assert_eq!("2023-11-14T22:13:20.042Z".parse(), Ok(time));
    assert_eq!("2023-11-14T23:13:20.042+01:00".parse(), Ok(time));
    assert!("yesterday".parse::<Time>().is_err());
}

#[test]
fn a_comparison_names_each_change() {
    let (mut before, after) = (deploy(), deploy());
    before.git = None;
    let comparison = domain::Comparison {
        from: before,
        to: after,
        changes: vec![
            domain::Change::Runtime { from: "11.8.0".parse().ok(), to: "3.1-2".parse().ok() },
            domain::Change::Dags { from: Some("aaaa".to_owned()), to: None },
            domain::Change::Mechanism { from: Mechanism::Image, to: Mechanism::DagDeploy },
        ],
        files: None,
        kept_changed: vec!["PARALLELISM".to_owned()],
    };
    insta::assert_snapshot!(json(&DeployDiff::from(comparison).changes), @r#"
    [
      {
        "category": "version",
        "field": "astroRuntimeVersion",
        "old": "11.8.0",
        "new": "3.1-2"
      },
      {
        "category": "dags",
        "field": "dagTarballVersion",
        "old": "aaaa"
      },
      {
        "category": "config",
        "field": "mechanism",
        "old": "image",
        "new": "dag_deploy"
      },
      {
        "category": "git",
        "field": "commitSha",
        "new": "c0ffee"
      }
    ]
    "#);
}

#[test]
fn a_scope_option_says_whether_it_is_allowed() {
    let option = domain::ScopeOption {
        scope: Scope::ImageAndDags,
        refusals: Vec::new(),
        changes: vec![domain::Change::Airflow { from: "2.11.2".parse().ok(), to: "2.10.5".parse().ok() }],
        undone: vec![n(57), n(55)],
        backward: true,
        warnings: vec![Reason { code: ReasonCode::DataLoss, message: "Rows are lost.".to_owned() }],
        steps: vec![StepKind::SwitchImage, StepKind::Verify],
        needs_typed_name: true,
    };
    insta::assert_snapshot!(json(&ScopeOption::from(option)), @r#"
    {
      "scope": "image_and_dags",
      "allowed": true,
      "refusals": [],
      "changes": [
        {
          "category": "version",
          "field": "airflowVersion",
          "old": "2.11.2",
          "new": "2.10.5"
        }
      ],
      "undone": [
        57,
        55
      ],
      "backward": true,
      "warnings": [
        {
          "code": "data_loss",
          "message": "Rows are lost."
        }
      ],
      "steps": [
        {
          "kind": "switch_image",
          "label": "Switch the image"
        },
        {
          "kind": "verify",
          "label": "Verify what runs"
        }
      ],
      "needsConfirmName": true
    }
    "#);
}
