//! What a rollback means for the metadata database.

use super::{Draft, draft};
use crate::{Part, RuntimeVersion};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Nothing,
    /// The image wants a newer schema.
    Migration,
    /// The image wants an older schema: data of newer features is erased for good.
    Downgrade,
}

/// Heads that differ, or are unknown while the Airflow version differs, mean a database step.
///
/// The heads of the database are the observed ones, else those of the image that runs on it.
pub(super) fn need(draft: &Draft<'_>) -> Need {
    if !draft.changes_part(Part::Image) {
        return Need::Nothing;
    }
    let (live, after, catalogue) = (&draft.input.live.revision.image, &draft.after.image, draft.input.catalogue);
    let airflow = (draft::airflow_of(live, catalogue), draft::airflow_of(after, catalogue));
    let same_airflow = match airflow {
        (Some(old), Some(new)) => old == new,
        _ => live.runtime.is_some() && live.runtime == after.runtime,
    };
    let database = draft.input.facts.database_heads.as_ref().or(live.heads.as_ref());
    let needed = match (database, &after.heads) {
        (Some(now), Some(wanted)) => now != wanted,
        _ => !same_airflow,
    };
    // With one Airflow version the heads of a provider differ; where the direction is not known, the worse is taken.
    let newer = match airflow {
        (Some(old), Some(new)) if old != new => new > old,
        _ => after.runtime.is_some() && live.runtime.is_some() && after.runtime > live.runtime,
    };
    match (needed, newer) {
        (false, _) => Need::Nothing,
        (true, true) => Need::Migration,
        (true, false) => Need::Downgrade,
    }
}

/// Runtime 3.0-1 to 3.1-1: no automatic downgrade from or to them (Astronomer Private Cloud, deploy rollbacks).
pub(super) fn in_downgrade_gap(runtime: &RuntimeVersion) -> bool {
    let new = |major, minor, patch| RuntimeVersion::New { major, minor, patch, pre: None };
    (new(3, 0, 1)..=new(3, 1, 1)).contains(runtime)
}
