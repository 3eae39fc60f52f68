use backstep_domain::{Plan, ReasonCode};
use leptos::prelude::*;

use super::scope;
use crate::components::{CopyButton, Prose, absolute, tab};

/// Nothing can be rolled back: why, for each scope. What holds for all of them is said once.
#[component]
pub(super) fn Refused(plan: Plan) -> impl IntoView {
    let all = plan.options.first().map(|first| first.refusals.clone()).unwrap_or_default();
    let everywhere: Vec<_> =
        all.into_iter().filter(|reason| plan.options.iter().all(|option| option.refusals.contains(reason))).collect();
    let shared = everywhere.iter().map(|reason| view! { <li><Prose text=reason.message.clone()/></li> }).collect_view();
    let shared = (!everywhere.is_empty()).then(|| view! { <ul>{shared}</ul> });
    let own = plan
        .options
        .into_iter()
        .filter_map(|option| {
            let own: Vec<_> = option.refusals.iter().filter(|reason| !everywhere.contains(reason)).collect();
            if own.is_empty() {
                return None;
            }
            let items =
                own.into_iter().map(|reason| view! { <li><Prose text=reason.message.clone()/></li> }).collect_view();
            Some(view! { <div><h3>{scope::name(option.scope)}</h3><ul>{items}</ul></div> })
        })
        .collect_view();
    view! {
        <section class="refused" aria-labelledby="plan-refused">
            <h2 id="plan-refused">"This cannot be done now"</h2>
            {shared}
            {own}
            <p class="muted">"Nothing was done and nothing changed."</p>
        </section>
    }
}

/// Where only a permission is missing: a link for somebody who has it.
#[component]
pub(super) fn HandOver(plan: Plan, link: String) -> impl IntoView {
    let missing: Vec<_> = plan
        .options
        .iter()
        .filter(|o| !o.allowed() && o.refusals.iter().all(|r| r.code == ReasonCode::PermissionMissing))
        .map(|o| scope::name(o.scope))
        .collect();
    if missing.is_empty() {
        return ().into_any();
    }
    let what = match missing.as_slice() {
        _ if plan.proposed.is_none() => "To roll back takes more rights than you have.".to_owned(),
        [one] => format!("To roll back “{one}” takes more rights than you have."),
        _ => "To roll back more takes more rights than you have.".to_owned(),
    };
    let text = link.clone();
    view! {
        <aside class="handover">
            <p>{what} " Somebody who has them sees the same plan here: " <a href=link target=tab()>"this plan"</a> "."</p>
            <CopyButton text=Signal::derive(move || absolute(&text)) label="Copy the link"/>
        </aside>
    }
    .into_any()
}
