use backstep_domain::{DeploymentId, ScopeOption};
use leptos::prelude::*;

use super::{Leave, RollbackTitle, plan::Typed, scope};
use crate::{api::PlanView, words::shown};

/// Longest description, in characters.
const LONGEST: usize = 500;

/// What happens besides, why, and the Deployment's name where data would be lost for good.
#[component]
pub(super) fn Confirm(plan: RwSignal<PlanView>, typed: Typed) -> impl IntoView {
    let live = move || plan.with(|view| view.plan.from.number);
    let length = move || typed.description.with(|text| text.chars().count());
    let first = inside_textarea(&typed.description.get_untracked());
    view! {
        <fieldset class="besides">
            <legend>"And then"</legend>
            <div class="tick">
                <input
                    type="checkbox"
                    id="rollback-hold"
                    name="hold"
                    value="true"
                    checked=typed.hold.get_untracked()
                    aria-describedby="rollback-hold-about"
                    on:change=move |ev| typed.hold.set(event_target_checked(&ev))
                />
                <div>
                    <label for="rollback-hold">"Hold new deploys"</label>
                    <p id="rollback-hold-about" class="muted">
                        "Deploys that arrive are recorded but not rolled out until the hold is released, so that the next CI run does not bring the fault back."
                    </p>
                </div>
            </div>
            <div class="tick">
                <input
                    type="checkbox"
                    id="rollback-reject"
                    name="reject"
                    value="true"
                    checked=typed.reject.get_untracked()
                    aria-describedby="rollback-reject-about"
                    on:change=move |ev| typed.reject.set(event_target_checked(&ev))
                />
                <div>
                    <label for="rollback-reject">{move || format!("Mark {} as rejected", live())}</label>
                    <p id="rollback-reject-about" class="muted">
                        "Rolling out again what it brought asks first. It blocks nothing, and undoing the rollback clears it."
                    </p>
                </div>
            </div>
        </fieldset>
        <div class="field">
            <label for="rollback-description">"Why"</label>
            <textarea
                id="rollback-description"
                name="description"
                rows="2"
                required
                maxlength=LONGEST.to_string()
                aria-describedby="rollback-description-help"
                on:input=move |ev| typed.description.set(event_target_value(&ev))
            >
                {first}
            </textarea>
            <p id="rollback-description-help" class="help">
                "It stands in the Deploy History. Say what broke, and name the incident if there is one. "
                <span class="nowrap">{move || format!("{} of {LONGEST} characters", length())}</span>
            </p>
        </div>
        <TypedName plan=plan typed=typed/>
    }
}

/// Leptos (tachys 0.2) writes what is inside a `<textarea>` without escaping it, and does not hydrate it.
#[cfg(not(target_arch = "wasm32"))]
fn inside_textarea(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // The first line break would be swallowed.
    if text.starts_with('\n') { format!("\n{text}") } else { text }
}

#[cfg(target_arch = "wasm32")]
fn inside_textarea(text: &str) -> String {
    text.to_owned()
}

#[component]
fn TypedName(plan: RwSignal<PlanView>, typed: Typed) -> impl IntoView {
    let first = typed.name.get_untracked();
    move || {
        let (name, asking) = plan.with(|view| {
            let asking: Vec<_> =
                view.plan.options.iter().filter(|o| o.allowed() && o.needs_typed_name).map(|o| o.scope).collect();
            (view.deployment_name.clone(), asking)
        });
        if asking.is_empty() {
            return ().into_any();
        }
        let scopes: Vec<_> = asking.iter().map(|scope| scope.as_str()).collect();
        // Only with script: a required field that the style sheet hides could not be filled in.
        let required = move || typed.scope.get().is_some_and(|scope| asking.contains(&scope));
        view! {
            <div class="field field--danger" data-for=scopes.join(" ")>
                <label for="rollback-name">"Data is erased for good. To confirm, type the Deployment’s name: " <code>{shown(&name)}</code></label>
                <input
                    id="rollback-name"
                    name="confirm_name"
                    type="text"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    value=first.clone()
                    prop:required=required
                    on:input=move |ev| typed.name.set(event_target_value(&ev))
                />
            </div>
        }
        .into_any()
    }
}

/// Stays in view: what the button does, and the button.
#[component]
pub(super) fn ActionBar(
    plan: RwSignal<PlanView>,
    typed: Typed,
    pending: Signal<bool>,
    deployment: DeploymentId,
    on_cancel: Option<Callback<()>>,
) -> impl IntoView {
    let summary = move || {
        plan.with(|view| {
            let options = view.plan.options.iter().filter(|option| option.allowed());
            options.map(|option| view! { <Summary option=option.clone() view=view.clone()/> }).collect_view()
        })
    };
    let title = move || plan.with(|view| view! { <RollbackTitle view=view.clone()/> });
    let dangerous = move || {
        let scope = typed.scope.get();
        plan.with(|view| scope.and_then(|s| view.plan.option(s)).is_some_and(|option| option.needs_typed_name))
    };
    view! {
        <div class="plan__bar">
            <div class="plan__sum">
                {summary}
                <p class="muted">
                    <span data-if="hold">"New deploys are held. "</span>
                    <span data-unless="hold">"New deploys roll out as they arrive. "</span>
                    <span data-if="reject">{move || plan.with(|view| format!("{} is marked as rejected.", view.plan.from.number))}</span>
                </p>
            </div>
            <div class="plan__buttons">
                <Leave deployment=deployment on_cancel=on_cancel/>
                <button
                    type="submit"
                    class="button button--primary plan__go"
                    class:button--danger=dangerous
                    aria-keyshortcuts="Control+Enter"
                    disabled=move || pending.get()
                    aria-busy=move || pending.get().to_string()
                >
                    {title}
                </button>
            </div>
        </div>
    }
}

#[component]
fn Summary(option: ScopeOption, view: PlanView) -> impl IntoView {
    let warnings = match option.warnings.len() {
        0 => String::new(),
        1 => " 1 warning above.".to_owned(),
        n => format!(" {n} warnings above."),
    };
    let lost = option.needs_typed_name.then(|| view! { <strong>" Data is erased for good."</strong> });
    let text =
        format!("{} from {} to {}.{warnings}", scope::name(option.scope), view.plan.from.number, view.plan.to.number);
    view! { <p data-for=option.scope.as_str()>{text} {lost}</p> }
}
