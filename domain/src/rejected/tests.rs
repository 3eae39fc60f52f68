use super::*;
use crate::testing::*;

#[test]
fn a_part_is_rejected_wherever_it_is_and_no_other() {
    let dags = a_rejected_part(Part::Dags, 2);
    let mut history = History::of(crate::Mechanism::DagDeploy, 2);
    // Another image over the same DAGs, and the same DAGs once more.
    history.deploy(brought(Some(3), None)).deploy(brought(None, Some(2))).deploy(brought(None, Some(5)));
    let has: Vec<_> = history.deploys.iter().map(|deploy| dags.is_in(&deploy.revision)).collect();
    assert_eq!(has, [false, true, true, true, false]);
    assert!(has_rejected(&history.get(3).revision, &[a_rejected_part(Part::Image, 1), dags]));
    assert!(!has_rejected(&history.get(3).revision, &[a_rejected_part(Part::Image, 2)]));
    assert!(!has_rejected(&history.get(3).revision, &[]));
}

#[test]
fn a_tag_makes_no_other_image() {
    let mut revision = a_deploy(1).revision;
    let image = a_rejected_part(Part::Image, 1);
    revision.image.image.as_mut().unwrap().tag = Some("renamed".to_owned());
    assert!(image.is_in(&revision));
    revision.image.image = None;
    assert!(!image.is_in(&revision));
}

/// So that a database can tell without reading the JSON.
#[test]
fn a_digest_is_in_the_json_of_its_revision_and_in_no_other() {
    let json = |n| serde_json::to_string(&a_deploy(n).revision).unwrap();
    for part in [Part::Image, Part::Dags] {
        let digest = a_rejected_part(part, 1).digest;
        assert_eq!((digest.len(), json(1).contains(&digest), json(2).contains(&digest)), (64, true, false));
    }
}

#[test]
fn the_question_names_who_and_why() {
    let problem = confirm_rejected(number(9), &[a_rejected_part(Part::Dags, 2)]);
    assert_eq!(problem.code, ProblemCode::ConfirmRejected);
    assert!(
        problem
            .message
            .contains("the DAGs of #2, which Edith Editor rolled back with #3: It counted twice. Nothing was done."),
        "{problem}"
    );
}
