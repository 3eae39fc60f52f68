use super::*;
use crate::{Permission, testing::*};

fn after(before: Option<&Revision>, n: u32, brought: &Brought) -> Revision {
    deployed_revision(before, number(n), &a_deployment(Mechanism::DagDeploy), brought)
}

#[test]
fn a_deploy_without_an_image_inherits_it() {
    let first = after(None, 1, &brought(Some(1), Some(1)));
    let second = after(Some(&first), 2, &brought(None, Some(2)));
    assert_eq!(second.image, first.image);
    assert_eq!(second.dags, Some(DagsPart { bundle: bundle(2), origin: number(2) }));
    assert_eq!((second.mechanism, second.mechanism_origin), (Mechanism::DagDeploy, number(1)));
}

#[test]
fn the_first_deploy_inherits_what_the_deployment_states() {
    let deployment = Deployment {
        runtime: Some(runtime("3.1-2")),
        airflow: Some(airflow("3.1.0")),
        ..a_deployment(Mechanism::DagDeploy)
    };
    let first = deployed_revision(None, number(1), &deployment, &brought(None, Some(1)));
    assert_eq!(
        (first.image.image, first.image.runtime, first.image.airflow),
        (None, Some(runtime("3.1-2")), Some(airflow("3.1.0")))
    );
    assert!(first.dags.is_some());
}

#[test]
fn bringing_what_already_runs_keeps_the_older_origin() {
    let first = after(None, 1, &brought(Some(1), Some(1)));
    let again = after(Some(&first), 2, &brought(Some(1), Some(1)));
    assert_eq!(again, first);
    let other = after(Some(&again), 3, &brought(Some(2), Some(2)));
    assert_eq!((other.image.origin, other.dags.unwrap().origin), (number(3), number(3)));
}

#[test]
fn the_same_image_keeps_its_versions_unless_they_are_said_again() {
    let first = after(None, 1, &brought(Some(1), None));
    let mut silent = brought(Some(1), None);
    let unsaid = silent.image.as_mut().unwrap();
    (unsaid.runtime, unsaid.airflow) = (None, None);
    assert_eq!(after(Some(&first), 2, &silent), first);
    silent.image.as_mut().unwrap().runtime = Some(runtime("11.7.0"));
    assert_eq!(after(Some(&first), 2, &silent).image.runtime, Some(runtime("11.7.0")));
    silent.image.as_mut().unwrap().image = image(2);
    assert_eq!(after(Some(&first), 2, &silent).image.airflow, None, "another image tells its own");
}

#[test]
fn a_change_of_mechanism_erases_the_dags() {
    let first = after(None, 1, &brought(Some(1), Some(1)));
    let change = Brought { mechanism: Some(Mechanism::Image), ..Brought::default() };
    let second = after(Some(&first), 2, &change);
    assert_eq!((second.mechanism, second.mechanism_origin, &second.dags), (Mechanism::Image, number(2), &None));
    assert_eq!(second.image, first.image);
    let same = Brought { mechanism: Some(Mechanism::DagDeploy), ..Brought::default() };
    assert_eq!(after(Some(&first), 2, &same), first);
    let back = Brought { mechanism: Some(Mechanism::DagDeploy), ..brought(None, Some(1)) };
    assert_eq!(after(Some(&second), 3, &back).dags.unwrap().origin, number(3));
}

/// A found fault: the second one, recorded before anything ran, took the DAGs of the first one out of the history.
#[test]
fn what_went_live_meanwhile_stays_also_when_nothing_ran_before() {
    let first = after(None, 1, &brought(None, Some(1)));
    let recorded = after(None, 2, &brought(Some(2), None));
    let second = Deploy { kind: DeployKind::Image, revision: recorded.clone(), ..a_deploy(2) };
    let rebased = rebased_revision(&second, &first);
    assert_eq!((&rebased.image, &rebased.dags), (&recorded.image, &first.dags));
    assert_eq!(rebased.mechanism_origin, number(1));
}

#[test]
fn only_dag_deploy_takes_dag_bundles() {
    for mechanism in Mechanism::ALL {
        for kind in DeployKind::ALL {
            let takes = mechanism == Mechanism::DagDeploy || matches!(kind, DeployKind::Image | DeployKind::Mechanism);
            assert_eq!(check_kind(mechanism, *kind).is_ok(), takes, "{mechanism} {kind}");
        }
    }
}

#[test]
fn recording_takes_the_permission_of_each_part() {
    use Permission::{DagsPush, ImagesPush};
    for (kind, needed) in [
        (DeployKind::Image, vec![ImagesPush]),
        (DeployKind::Dags, vec![DagsPush]),
        (DeployKind::ImageAndDags, vec![ImagesPush, DagsPush]),
        (DeployKind::Mechanism, vec![ImagesPush, DagsPush]),
    ] {
        assert_eq!(Permission::to_record(kind), needed, "{kind}");
    }
}
