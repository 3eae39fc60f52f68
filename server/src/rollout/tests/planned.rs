use backstep_domain::*;

use super::world::*;
use crate::rollout::steps_of;

fn revision(image_of: Option<u32>, dags_of: Option<char>) -> Revision {
    Revision {
        mechanism: Mechanism::DagDeploy,
        mechanism_origin: number(1),
        image: ImagePart { image: image_of.map(image), runtime: None, airflow: None, heads: None, origin: number(1) },
        dags: dags_of.map(|c| DagsPart { bundle: c.to_string().repeat(64).parse().unwrap(), origin: number(1) }),
    }
}

fn deploy(kind: DeployKind, cause: Cause, revision: Revision) -> Deploy {
    Deploy {
        id: DeployId::new("d"),
        deployment: DeploymentId::new("prod"),
        number: number(2),
        kind,
        cause,
        revision,
        git: None,
        created_at: Millis(0),
        created_by: author(),
        description: String::new(),
        status: DeployStatus::Queued,
        status_reason: None,
        started_at: None,
        ended_at: None,
        live_from: None,
        live_until: None,
        rejected: false,
        kept: Vec::new(),
        artifact_missing: false,
    }
}

#[test]
fn steps_follow_what_changes() {
    use StepKind::{StageDags, SwitchDags, SwitchImage, Verify};
    let all: &[StepKind] = &[StageDags, SwitchImage, SwitchDags, Verify];
    let (image, dags): (&[StepKind], &[StepKind]) = (&[SwitchImage, Verify], &[StageDags, SwitchDags, Verify]);
    let none: &[StepKind] = &[Verify];
    let rollback = |scope| Cause::Rollback { of: number(1), to: number(1), scope };
    let before = || Some(revision(Some(1), Some('a')));
    let cases = [
        ("the first deploy", DeployKind::ImageAndDags, Cause::Deploy, None, revision(Some(1), Some('a')), all),
        ("both", DeployKind::ImageAndDags, Cause::Deploy, before(), revision(Some(2), Some('b')), all),
        ("an image", DeployKind::Image, Cause::Deploy, before(), revision(Some(2), Some('a')), image),
        ("DAGs", DeployKind::Dags, Cause::Deploy, before(), revision(Some(1), Some('b')), dags),
        ("the same again is put right", DeployKind::Dags, Cause::Deploy, before(), revision(Some(1), Some('a')), dags),
        (
            "the first DAGs",
            DeployKind::Dags,
            Cause::Deploy,
            Some(revision(Some(1), None)),
            revision(Some(1), Some('b')),
            dags,
        ),
        ("the mechanism", DeployKind::Mechanism, Cause::Deploy, before(), revision(Some(1), Some('a')), none),
        ("no image yet", DeployKind::Dags, Cause::Deploy, None, revision(None, Some('a')), dags),
        ("to an image without DAGs", DeployKind::Image, Cause::Deploy, before(), revision(Some(2), None), image),
        (
            "rollback",
            DeployKind::ImageAndDags,
            rollback(Scope::ImageAndDags),
            before(),
            revision(Some(2), Some('b')),
            all,
        ),
        (
            "a rollback leaves what is the same",
            DeployKind::ImageAndDags,
            rollback(Scope::ImageAndDags),
            before(),
            revision(Some(1), Some('b')),
            dags,
        ),
    ];
    for (what, kind, cause, before, revision, steps) in cases {
        assert_eq!(steps_of(&deploy(kind, cause, revision), before.as_ref()), steps, "{what}");
    }
}
