use backstep_domain::{Cause, Deploy, HistoryRow, ReasonCode, ShownStatus};
use leptos::prelude::*;

use crate::words::shown;

/// A status as a word and a shape, never by colour alone.
#[component]
pub fn StatusBadge(status: ShownStatus) -> impl IntoView {
    let (class, shape) = match status {
        ShownStatus::Queued => ("status status--queued", "M1 5h2v2H1zm4 0h2v2H5zm4 0h2v2H9z"),
        ShownStatus::Deploying => {
            ("status status--deploying", "M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zm0 1.5v7a3.5 3.5 0 0 1 0-7z")
        }
        ShownStatus::Live => ("status status--live", "M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1z"),
        ShownStatus::Superseded => (
            "status status--superseded",
            "M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zm0 1.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7z",
        ),
        ShownStatus::Failed => {
            ("status status--failed", "M2.5 1 6 4.5 9.5 1 11 2.5 7.5 6 11 9.5 9.5 11 6 7.5 2.5 11 1 9.5 4.5 6 1 2.5z")
        }
        ShownStatus::Cancelled => (
            "status status--cancelled",
            "M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zm0 1.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM3.5 5.3h5v1.4h-5z",
        ),
        ShownStatus::Held => ("status status--held", "M2 1h3v10H2zM7 1h3v10H7z"),
    };
    view! {
        <span class=class>
            <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
                <path d=shape fill="currentColor" fill-rule="evenodd"></path>
            </svg>
            {status.as_str()}
        </span>
    }
}

/// What is worth knowing beside the status: Rejected, Expired, Artifact missing, Runtime restricted.
#[component]
pub fn Flags(row: HistoryRow) -> impl IntoView {
    let expired = row.ineligible.as_ref().is_some_and(|r| r.code == ReasonCode::OutsideWindow);
    let flags = [
        (
            row.deploy.rejected,
            "Rejected",
            "Its parts were rolled back and marked as not to be rolled out again.".to_owned(),
        ),
        (expired, "Expired", "It is outside the rollback window.".to_owned()),
        (row.deploy.artifact_missing, "Artifact missing", "Its DAG bundle was removed or damaged.".to_owned()),
        (
            row.runtime_restricted.is_some(),
            "Runtime restricted",
            row.runtime_restricted.as_deref().map(shown).unwrap_or_default(),
        ),
    ];
    flags
        .into_iter()
        .filter(|(on, ..)| *on)
        .map(|(_, name, why)| view! { <span class="flag" title=why>{name}</span> })
        .collect_view()
}

/// What brought the deploy about, where that is not simply a deploy: `Rollback of #57 to #52`.
#[component]
pub fn CauseNote(deploy: Deploy) -> impl IntoView {
    let text = match deploy.cause {
        Cause::Deploy => return None,
        Cause::Adoption => "Adopted: what already ran here".to_owned(),
        Cause::Rollback { of, to, scope } => format!("Rollback ({}) of {of} to {to}", scope.words()),
    };
    Some(view! { <span class="cause">{text}</span> })
}
