//! What differs between two revisions, and what runs after a rollback.

use super::Change;
use crate::{Part, Revision, Scope};

/// What differs between two revisions, one entry a thing. Origins and tags are no difference.
pub fn changes_between(from: &Revision, to: &Revision) -> Vec<Change> {
    let mut changes = Vec::new();
    if from.mechanism != to.mechanism {
        changes.push(Change::Mechanism { from: from.mechanism, to: to.mechanism });
    }
    let (old, new) = (&from.image, &to.image);
    let pinned = |image: &crate::ImagePart| image.image.as_ref().map(crate::ImageRef::pinned);
    if pinned(old) != pinned(new) {
        changes.push(Change::Image { from: old.image.clone(), to: new.image.clone() });
    }
    if old.runtime != new.runtime {
        changes.push(Change::Runtime { from: old.runtime.clone(), to: new.runtime.clone() });
    }
    if old.airflow != new.airflow {
        changes.push(Change::Airflow { from: old.airflow, to: new.airflow });
    }
    let bundle = |revision: &Revision| revision.dags.as_ref().map(|d| d.bundle.clone());
    let (old, new) = (bundle(from), bundle(to));
    if old != new {
        let short = |b: Option<crate::BundleDigest>| b.map(|b| b.short().to_owned());
        changes.push(Change::Dags { from: short(old), to: short(new) });
    }
    changes
}

/// What runs after a rollback: the parts in scope from the target, with the target's origins; the rest is today's.
///
/// The mechanism goes along only where it differs and the whole deploy is rolled back (`image_and_dags`).
pub fn rolled_back_revision(live: &Revision, target: &Revision, scope: Scope) -> Revision {
    let mut after = live.clone();
    if scope.has(Part::Image) {
        after.image = target.image.clone();
    }
    if scope.has(Part::Dags) {
        after.dags = target.dags.clone();
    }
    if scope == Scope::ImageAndDags && live.mechanism != target.mechanism {
        after.mechanism = target.mechanism;
        after.mechanism_origin = target.mechanism_origin;
    }
    after
}
