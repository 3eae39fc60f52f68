//! Which deploys a rollback undoes, and whether it goes back or forward.

use std::collections::BTreeSet;

use super::{Draft, LiveOrder, draft::same_part};
use crate::{Deploy, DeployNumber, Part};

/// The deploys whose effect is undone, newest first.
///
/// For each part that changes: those that went live after the target, up to the origin of today's part, and changed
/// that part. What went live after the origin left the part alone, or brought it back (a rollback): its effect stays.
pub(super) fn undone(draft: &Draft<'_>, order: &LiveOrder<'_>) -> Vec<DeployNumber> {
    let mut found = BTreeSet::new();
    let mut collect = |origin: DeployNumber, changed: &dyn Fn(&Deploy, &Deploy) -> bool| {
        let Some(end) = order.position(origin) else { return };
        let steps = order.steps_after_target().filter(|(_, deploy)| order.position(deploy.number) <= Some(end));
        found.extend(steps.filter(|(before, deploy)| changed(before, deploy)).map(|(_, deploy)| deploy.number));
    };
    for (part, origin) in changing_parts(draft) {
        collect(origin, &|before, deploy| !same_part(&before.revision, &deploy.revision, part));
    }
    if draft.changes_mechanism() {
        let changed = |before: &Deploy, deploy: &Deploy| before.revision.mechanism != deploy.revision.mechanism;
        collect(draft.input.live.revision.mechanism_origin, &changed);
    }
    let mut newest_first: Vec<_> = found.into_iter().collect();
    newest_first.sort_by_key(|number| std::cmp::Reverse(order.position(*number)));
    newest_first
}

/// Whether some part becomes older. "Roll forward" is said only if the target is newer than the origin of every
/// part that changes.
pub(super) fn backward(draft: &Draft<'_>, order: &LiveOrder<'_>) -> bool {
    let mut origins: Vec<_> = changing_parts(draft).map(|(_, origin)| origin).collect();
    if draft.changes_mechanism() {
        origins.push(draft.input.live.revision.mechanism_origin);
    }
    origins.is_empty() || origins.into_iter().any(|origin| order.is_after_target(origin))
}

/// The parts that change, with the origin of what runs today. No DAG bundle has no origin.
fn changing_parts(draft: &Draft<'_>) -> impl Iterator<Item = (Part, DeployNumber)> {
    let live = &draft.input.live.revision;
    let origin = |part: Part| match part {
        Part::Image => Some(live.image.origin),
        Part::Dags => live.dags.as_ref().map(|d| d.origin),
    };
    let changing = draft.scope.parts().iter().copied().filter(|part| draft.changes_part(*part));
    changing.filter_map(move |part| origin(part).map(|origin| (part, origin)))
}
