//! What to know before rolling back: nothing of it stops anyone.

use super::{Draft, Kept, LiveOrder, Reason, ReasonCode as Code, TargetAbility, database, draft};
use crate::{Deploy, Fact, Mechanism, Part, RejectedPart, Scope, has_rejected};

pub(super) fn warnings(draft: &Draft<'_>, order: &LiveOrder<'_>, kept: &Kept) -> Vec<Reason> {
    let all = [
        data_loss(draft),
        runtime_restricted(draft),
        airflow_major_differs(draft),
        mixed_revision(draft, order),
        rejected_before(draft, order),
        image_unknown(draft),
        deploy_running(draft),
        where_dags_come_from(draft),
        kept_changed(draft, kept),
    ];
    all.into_iter().flatten().collect()
}

fn data_loss(draft: &Draft<'_>) -> Option<Reason> {
    let able = draft.input.targets.image.as_ref().is_some_and(|t: &TargetAbility| t.database);
    (able && database::need(draft) == database::Need::Downgrade).then(|| {
        let words = |deploy: &Deploy| draft::version_words(&deploy.revision.image, draft.input.catalogue);
        let message = format!(
            "The metadata database is downgraded from {} to {}. What only the newer version stores is erased for \
             good. Back the database up first.",
            words(draft.input.live),
            words(draft.input.target)
        );
        Reason::new(Code::DataLoss, message)
    })
}

fn runtime_restricted(draft: &Draft<'_>) -> Option<Reason> {
    let runtime = draft.after.image.runtime.as_ref().filter(|_| draft.changes_part(Part::Image))?;
    let why = draft.input.catalogue.restricted(runtime)?;
    let message = format!("Runtime {runtime} is restricted: {why}. It may have serious faults; use it with caution.");
    Some(Reason::new(Code::RuntimeRestricted, message))
}

/// The DAGs of a revision were written for the image that they ran on.
fn airflow_major_differs(draft: &Draft<'_>) -> Option<Reason> {
    let input = draft.input;
    let dags_from = match (input.live.revision.mechanism, draft.scope) {
        _ if draft.changes.is_empty() => return None,
        (Mechanism::Image, _) | (_, Scope::ImageAndDags) => return None,
        (Mechanism::DagDeploy, _) if draft.after.dags.is_none() => return None,
        (_, Scope::Image) => input.live,
        (_, Scope::Dags) => input.target,
    };
    let major = |image| draft::airflow_major_of(image, input.catalogue);
    let (dags, image) = (major(&dags_from.revision.image)?, major(&draft.after.image)?);
    (dags != image).then(|| {
        let cure = if input.live.revision.mechanism.takes_dags() {
            "Roll back image and DAGs together, unless the DAGs run on both."
        } else {
            "Make sure that the DAGs run on both."
        };
        let message = format!("The DAGs ran on Airflow {dags} and would run on an image with Airflow {image}. {cure}");
        Reason::new(Code::AirflowMajorDiffers, message)
    })
}

/// An image and a DAG bundle that never ran together.
fn mixed_revision(draft: &Draft<'_>, order: &LiveOrder<'_>) -> Option<Reason> {
    draft.after.dags.as_ref()?;
    let live = draft.input.live;
    let partial = draft.scope != Scope::ImageAndDags && !draft.changes.is_empty();
    let same = |part| move |d: &Deploy| draft::same_part(&d.revision, &draft.after, part);
    let (image, bundle) = (same(Part::Image), same(Part::Dags));
    let ran_together = order.deploys().any(|d| image(d) && bundle(d));
    (partial && !ran_together && draft.after.image.image.is_some()).then(|| {
        let (image_of, dags_of) = match draft.scope {
            Scope::Image => (draft.input.target.number, live.number),
            _ => (live.number, draft.input.target.number),
        };
        let message = format!(
            "The image of {image_of} and the DAGs of {dags_of} did not run together since {}. Check that they fit.",
            draft.input.target.number
        );
        Reason::new(Code::MixedRevision, message)
    })
}

fn rejected_before(draft: &Draft<'_>, order: &LiveOrder<'_>) -> Option<Reason> {
    let back = |r: &&RejectedPart| {
        draft.scope.parts().contains(&r.part) && draft.changes_part(r.part) && r.is_in(&draft.after)
    };
    if let Some(RejectedPart { part, origin, rollback, by, why, .. }) = draft.input.rejected.iter().find(back) {
        let (what, it) = if *part == Part::Image { ("image", "it") } else { ("DAGs", "them") };
        let message = format!(
            "{} rejected the {what} of {origin} and rolled {it} back with {rollback}: {why}. Make sure that you want {it} \
             back; rolling back takes the mark off.",
            by.name
        );
        return Some(Reason::new(Code::RejectedBefore, message));
    }
    marked_before(draft, order)
}

/// A deploy that was marked as a whole, before parts were.
fn marked_before(draft: &Draft<'_>, order: &LiveOrder<'_>) -> Option<Reason> {
    let brings_back = |d: &Deploy| {
        let mut parts = draft.scope.parts().iter();
        parts.any(|p| d.kind.has(*p) && draft.changes_part(*p) && draft::same_part(&d.revision, &draft.after, *p))
    };
    let target = draft.input.target;
    let marked = |d: &&Deploy| {
        d.rejected
            && !has_rejected(&d.revision, draft.input.rejected)
            && !draft.changes.is_empty()
            && (d.number == target.number || brings_back(d))
    };
    let deploy = order.deploys().find(marked)?;
    let message = format!(
        "{} was rejected: its parts were rolled back and marked as not to be rolled out again. Make sure that you \
         want them back.",
        deploy.number
    );
    Some(Reason::new(Code::RejectedBefore, message))
}

fn image_unknown(draft: &Draft<'_>) -> Option<Reason> {
    let brings_image = draft.changes_part(Part::Image) && draft.after.image.image.is_some();
    (brings_image && draft.input.facts.image_in_registry == Fact::Unknown).then(|| {
        let message = format!(
            "Whether the image of {} is still in its registry is not known: the registry did not answer, or was not asked.",
            draft.input.target.number
        );
        Reason::new(Code::ImageUnknown, message)
    })
}

fn deploy_running(draft: &Draft<'_>) -> Option<Reason> {
    let running = draft.input.running.filter(|d| !d.is_rollback())?;
    let message = format!(
        "{} is being rolled out. The rollback cancels it, or, once it can no longer be cancelled, waits for it to end.",
        running.number
    );
    Some(Reason::new(Code::DeployRunning, message))
}

fn where_dags_come_from(draft: &Draft<'_>) -> Option<Reason> {
    let (mechanism, same) = (draft.input.live.revision.mechanism, !draft.changes_mechanism());
    if draft.scope != Scope::Image || !same {
        return None;
    }
    match mechanism {
        Mechanism::DagDeploy => None,
        Mechanism::Image => {
            let message = "The image contains the DAGs: they are rolled back with it.";
            Some(Reason::new(Code::ImageContainsDags, message))
        }
        Mechanism::GitSync => Some(Reason::new(
            Code::DagsFollowGit,
            "DAGs follow the git branch and stay as they are; to undo a change of them, revert it in git. A hold does \
             not stop them either: it stops image deploys only.",
        )),
        Mechanism::Volume => Some(Reason::new(
            Code::DagsOnVolume,
            "DAGs lie on a volume and stay as they are; to undo a change of them, put the older files there. A hold \
             does not stop them either: it stops image deploys only.",
        )),
    }
}

fn kept_changed(draft: &Draft<'_>, kept: &Kept) -> Option<Reason> {
    let changed: Vec<_> = kept.settings.iter().filter(|s| s.changed_since_target).map(|s| s.name.as_str()).collect();
    let (shown, more) = changed.split_at(changed.len().min(5));
    if shown.is_empty() {
        return None;
    }
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    let message = format!(
        "Changed since {} and not rolled back: {}{more}. Set them back by hand where the older code needs it.",
        draft.input.target.number,
        shown.join(", ")
    );
    Some(Reason::new(Code::KeptChanged, message))
}
