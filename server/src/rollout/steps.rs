//! Which steps a deploy needs.

use backstep_domain::{Deploy, Part, Revision, StepKind};

/// The steps of a deploy after `before`, the revision that runs; in the order of their doing.
///
/// A part is rolled out if it changed. A deploy that brings a part rolls it out even if it is the one that should already
/// run: what was changed by hand on the target is put right, and otherwise the observation makes it a matter of moments.
pub fn steps_of(deploy: &Deploy, before: Option<&Revision>) -> Vec<StepKind> {
    let parts = parts_of(deploy, before);
    let mut steps = Vec::new();
    if parts.contains(&Part::Dags) {
        steps.push(StepKind::StageDags);
    }
    if parts.contains(&Part::Image) {
        steps.push(StepKind::SwitchImage);
    }
    if parts.contains(&Part::Dags) {
        steps.push(StepKind::SwitchDags);
    }
    steps.push(StepKind::Verify);
    steps
}

/// The parts that a deploy rolls out.
pub(super) fn parts_of(deploy: &Deploy, before: Option<&Revision>) -> Vec<Part> {
    let brings = |part| deploy.kind.has(part) && !deploy.is_rollback();
    let revision = &deploy.revision;
    let image_changed = before.is_none_or(|before| !before.image.same_as(&revision.image));
    let bundle = |revision: &Revision| revision.dags.as_ref().map(|dags| dags.bundle.clone());
    let dags_changed = before.and_then(bundle) != bundle(revision);
    let mut parts = Vec::new();
    if revision.image.image.is_some() && (image_changed || brings(Part::Image)) {
        parts.push(Part::Image);
    }
    if revision.dags.is_some() && (dags_changed || brings(Part::Dags)) {
        parts.push(Part::Dags);
    }
    parts
}
