//! What runs after a normal deploy: the parts that it brings, the rest inherited.

use crate::{
    AirflowVersion, BundleDigest, DagsPart, Deploy, DeployKind, DeployNumber, Deployment, ImagePart, ImageRef,
    Mechanism, Part, Problem, Revision, RuntimeVersion, SchemaHeads,
};

/// What a deploy brings. What is left out is inherited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    pub image: Option<BroughtImage>,
    pub dags: Option<BundleDigest>,
    pub mechanism: Option<Mechanism>,
}

/// An image with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroughtImage {
    pub image: ImageRef,
    pub runtime: Option<RuntimeVersion>,
    pub airflow: Option<AirflowVersion>,
    pub heads: Option<SchemaHeads>,
}

/// The revision of deploy `number`, which comes after `before`; the first one inherits what the Deployment states.
///
/// An origin is the deploy that first brought the content: bringing again what already runs keeps the older origin.
pub fn deployed_revision(
    before: Option<&Revision>,
    number: DeployNumber,
    deployment: &Deployment,
    brought: &Brought,
) -> Revision {
    let created = Revision {
        mechanism: deployment.mechanism,
        mechanism_origin: number,
        image: ImagePart {
            image: None,
            runtime: deployment.runtime.clone(),
            airflow: deployment.airflow,
            heads: None,
            origin: number,
        },
        dags: None,
    };
    let before = before.unwrap_or(&created);
    let mut after = before.clone();
    if let Some(mechanism) = brought.mechanism.filter(|m| *m != before.mechanism) {
        after.mechanism = mechanism;
        after.mechanism_origin = number;
        // Changing the setting erases the deployed DAGs until the next deploy brings some.
        after.dags = None;
    }
    if let Some(image) = &brought.image {
        after.image = deployed_image(&before.image, image, number);
    }
    if let Some(bundle) = &brought.dags {
        let running = after.dags.take().filter(|d| d.bundle == *bundle);
        after.dags = Some(running.unwrap_or_else(|| DagsPart { bundle: bundle.clone(), origin: number }));
    }
    after
}

fn deployed_image(before: &ImagePart, new: &BroughtImage, number: DeployNumber) -> ImagePart {
    let same = before.image.as_ref().is_some_and(|i| i.pinned() == new.image.pinned());
    // One digest is one image: what was known of it and is not said again still holds.
    let known = same.then_some(before);
    ImagePart {
        image: Some(new.image.clone()),
        runtime: new.runtime.clone().or_else(|| known?.runtime.clone()),
        airflow: new.airflow.or_else(|| known?.airflow),
        heads: new.heads.clone().or_else(|| known?.heads.clone()),
        origin: known.map_or(number, |k| k.origin),
    }
}

/// Whether deploys of this kind can come to a Deployment with this mechanism.
///
/// # Errors
/// `invalid`, for the field `kind`: only `dag_deploy` takes DAG bundles.
pub fn check_kind(mechanism: Mechanism, kind: DeployKind) -> Result<(), Problem> {
    if !kind.has(Part::Dags) || mechanism.takes_dags() {
        return Ok(());
    }
    let why = match mechanism {
        Mechanism::GitSync => "its DAGs follow a git branch: push them there",
        Mechanism::Volume => "its DAGs lie on a volume: put them there",
        Mechanism::Image | Mechanism::DagDeploy => "its image contains the DAGs: build them into the image",
    };
    let message =
        format!("This Deployment (`{mechanism}`) takes image deploys only; {why}, or change its DAG deploy setting.");
    Err(Problem::invalid("kind", message))
}

/// The revision of a deploy that waited, on top of what runs by now: its own parts, the rest as it is today.
///
/// A deploy is recorded on top of what ran then. While it was queued or held, another one may have gone live, and what
/// that one brought must stay.
pub fn rebased_revision(deploy: &Deploy, live: &Revision) -> Revision {
    let mut after = deploy.revision.clone();
    let whole_rollback = deploy.is_rollback() && deploy.kind == DeployKind::ImageAndDags;
    // Recorded before anything ran, a deploy is the origin of a mechanism that another one has brought by now.
    let brings_mechanism =
        (after.mechanism_origin == deploy.number || whole_rollback) && after.mechanism != live.mechanism;
    if !brings_mechanism {
        after.mechanism = live.mechanism;
        after.mechanism_origin = live.mechanism_origin;
    }
    if !deploy.kind.has(Part::Image) {
        after.image = live.image.clone();
    }
    if !deploy.kind.has(Part::Dags) && !brings_mechanism {
        after.dags = live.dags.clone();
    }
    after
}

#[cfg(test)]
mod tests;
