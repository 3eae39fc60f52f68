use backstep_domain::{DeployNumber, DeploymentId, Reason};
use leptos::{ev, prelude::*};

use super::{Prose, rollback_href};
use crate::words::reason_short;

/// Opens the rollback to a deploy: in a dialog with script, as a page of its own without, or in a new tab when asked.
#[component]
pub fn RollbackButton(
    deployment: DeploymentId,
    number: DeployNumber,
    /// The dialog's target; without one it is a plain link.
    #[prop(optional_no_strip)]
    target: Option<RwSignal<Option<DeployNumber>>>,
    /// What is read on the button.
    #[prop(into)]
    label: String,
    #[prop(optional)] primary: bool,
) -> impl IntoView {
    let open = move |ev: ev::MouseEvent| {
        let new_tab = ev.ctrl_key() || ev.meta_key() || ev.shift_key() || ev.alt_key() || ev.button() != 0;
        if let Some(target) = target.filter(|_| !new_tab) {
            ev.prevent_default();
            target.set(Some(number));
        }
    };
    let unseen = unseen(&label, number);
    view! {
        <a
            class=if primary { "button button--primary" } else { "button" }
            href=rollback_href(&deployment, Some(number))
            aria-haspopup="dialog"
            on:click=open
        >
            {label}
            {unseen}
        </a>
    }
}

/// Follows a label that does not name the deploy, so that the buttons of many rows differ for whoever hears them.
fn unseen(label: &str, number: DeployNumber) -> Option<impl IntoView + use<>> {
    let named = label.contains(&number.to_string());
    (!named).then(|| view! { <span class="unseen">{format!(" (roll back to {number})")}</span> })
}

/// The button of a deploy that cannot be rolled back to. It can be reached, and says why.
#[component]
pub fn NoRollback(number: DeployNumber, reason: Reason, #[prop(into)] label: String) -> impl IntoView {
    let why = format!("why-{}", number.get());
    let unseen = unseen(&label, number);
    view! {
        <button type="button" class="button" aria-disabled="true" aria-describedby=why.clone()>
            {label}
            {unseen}
        </button>
        <details class="why">
            <summary>{reason_short(reason.code)}<span class="unseen">{format!(" ({number})")}</span></summary>
            <p id=why><Prose text=reason.message/></p>
        </details>
    }
}
