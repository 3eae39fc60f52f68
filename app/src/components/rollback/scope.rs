use backstep_domain::{Plan, Scope, ScopeOption};
use leptos::prelude::*;

use super::plan::Typed;
use crate::components::Prose;

/// What of the target to take; what cannot be had is struck out and says why.
#[component]
pub(super) fn ScopeChoice(plan: Plan, typed: Typed) -> impl IntoView {
    if plan.proposed.is_none() {
        return ().into_any();
    }
    let options = plan.options.into_iter().map(|option| view! { <OneScope option=option typed=typed/> }).collect_view();
    view! {
        <fieldset class="scopes">
            <legend>"What to roll back"</legend>
            {options}
        </fieldset>
    }
    .into_any()
}

#[component]
fn OneScope(option: ScopeOption, typed: Typed) -> impl IntoView {
    let scope = option.scope;
    let id = format!("scope-{scope}");
    let allowed = option.allowed();
    let about = format!("{id}-about");
    let text = if allowed {
        view! { <p id=about.clone() class="muted">{meaning(scope)}</p> }.into_any()
    } else {
        let reasons =
            option.refusals.iter().map(|reason| view! { <li><Prose text=reason.message.clone()/></li> }).collect_view();
        view! { <ul id=about.clone() class="scope__why">{reasons}</ul> }.into_any()
    };
    view! {
        <div class="scope" class:scope--off=!allowed>
            <input
                type="radio"
                name="scope"
                id=id.clone()
                value=scope.as_str()
                checked=typed.scope.get_untracked() == Some(scope)
                prop:checked=move || typed.scope.get() == Some(scope)
                disabled=!allowed
                aria-describedby=about
                on:change=move |_| typed.scope.set(Some(scope))
            />
            <div>
                <label for=id>{name(scope)}</label>
                {text}
            </div>
        </div>
    }
}

pub(super) fn name(scope: Scope) -> &'static str {
    match scope {
        Scope::Image => "Image",
        Scope::Dags => "DAGs",
        Scope::ImageAndDags => "Image and DAGs",
    }
}

fn meaning(scope: Scope) -> &'static str {
    match scope {
        Scope::Image => "The image with its Runtime and Airflow version.",
        Scope::Dags => "The DAG files; the image stays.",
        Scope::ImageAndDags => "The whole deploy.",
    }
}
