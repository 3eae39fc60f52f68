use backstep_domain::{DeploymentView, Hold, Mechanism, Permission};
use leptos::prelude::*;

use super::{SendForm, Sending, When, hold_href, tab};
use crate::{
    api::KeptForm,
    words::{author_name, shown},
};

/// How long a hold can be set to last.
const HOURS: [(&str, &str); 6] = [
    ("", "Until it is released"),
    ("1", "1 hour"),
    ("4", "4 hours"),
    ("12", "12 hours"),
    ("24", "1 day"),
    ("72", "3 days"),
];

/// Whether somebody may release a hold, or set one.
pub fn may_push(view: &DeploymentView) -> bool {
    view.may(Permission::ImagesPush) || view.may(Permission::DagsPush)
}

fn mechanism(view: &DeploymentView) -> Mechanism {
    view.live.as_ref().map_or(view.deployment.mechanism, |live| live.revision.mechanism)
}

/// What a hold cannot stop here, because it does not come through deploys.
fn passes_by(mechanism: Mechanism) -> Option<&'static str> {
    match mechanism {
        Mechanism::GitSync => Some("It stops image deploys only: the DAGs follow the git branch."),
        Mechanism::Volume => Some("It stops image deploys only: the DAGs follow the volume."),
        Mechanism::Image | Mechanism::DagDeploy => None,
    }
}

/// Who holds, why, since when, and until when.
#[component]
pub fn HoldWords(hold: Hold) -> impl IntoView {
    view! {
        <q>{shown(&hold.why)}</q>
        " "
        <span class="muted">
            {author_name(&hold.by)}
            ", since "
            <When at=hold.since/>
            {hold.until.map(|until| view! { ", until " <When at=until/> })}
        </span>
        {hold.rollback.map(|number| format!(", with rollback {number}"))}
    }
    .into_any()
}

/// That arriving deploys are held: who, why, since when, and the ways to end it; or that some still are after its end.
#[component]
pub fn HoldBanner(
    view: DeploymentView,
    release: Sending,
    #[prop(optional_no_strip)] kept: Option<KeptForm>,
) -> impl IntoView {
    let hold = view.hold.clone();
    if hold.is_none() && view.held == 0 {
        return None;
    }
    let id = view.deployment.id.to_string();
    // Also that of a hold that came too late: this one was quicker.
    let here = |form: &KeptForm| matches!(form.action.as_str(), "/ui/release-hold" | "/ui/set-hold");
    let problem = kept.filter(here).map(|form| form.problem);
    let count = match view.held {
        0 => "No deploy has arrived since.".to_owned(),
        1 => "1 deploy is held.".to_owned(),
        n => format!("{n} deploys are held."),
    };
    let pending = release.pending;
    let compare = (view.held > 0).then(|| {
        view! { <a class="button" href=hold_href(&view.deployment.id) target=tab()>"Is the fix in? Compare and choose"</a> }
    });
    let newest = (view.held > 0).then(|| {
        let id = id.clone();
        view! {
            <SendForm form=release>
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="to" value="newest"/>
                <button type="submit" class="button" disabled=move || pending.get()>
                    "Release to the newest held deploy"
                </button>
            </SendForm>
        }
    });
    let actions = if may_push(&view) {
        view! {
            <div class="hold__actions">
                {compare}
                {newest}
                <SendForm form=release>
                    <input type="hidden" name="id" value=id/>
                    <input type="hidden" name="to" value="none"/>
                    <button type="submit" class="button" disabled=move || pending.get()>
                        {if view.held > 0 { "Release to none: cancel what is held" } else { "Release the hold" }}
                    </button>
                </SendForm>
            </div>
        }
        .into_any()
    } else {
        view! { <p class="muted">"To release it you need the right to deploy the image or the DAGs here."</p> }
            .into_any()
    };
    let (title, words) = match hold {
        Some(hold) => (
            "On hold: new deploys are recorded, not rolled out",
            view! { <p><HoldWords hold=hold/></p> <p>{count} " A hold never stops a rollback. " {passes_by(mechanism(&view))}</p> }.into_any(),
        ),
        None => (
            "Deploys are still held",
            view! { <p>"The hold has ended: new deploys are rolled out. " {count}</p> }.into_any(),
        ),
    };
    Some(
        view! {
            <section class="hold" aria-labelledby="hold-title">
                <h2 id="hold-title">{title}</h2>
                {words}
                {release.problem(problem)}
                {actions}
            </section>
        }
        .into_any(),
    )
}

/// Sets a hold: why is asked, because the next person will want to know.
#[component]
pub fn SetHoldForm(
    view: DeploymentView,
    action: Sending,
    #[prop(optional_no_strip)] kept: Option<KeptForm>,
) -> impl IntoView {
    if view.hold.is_some() || !may_push(&view) {
        return None;
    }
    let kept = kept.filter(|form| form.action == "/ui/set-hold");
    let why = kept.as_ref().and_then(|form| form.field("why")).unwrap_or_default().to_owned();
    let refused = kept.is_some();
    let pending = action.pending;
    Some(view! {
        <details class="card fold" open=refused>
            <summary>"Set a hold"</summary>
            <p>
                "While it lasts, arriving deploys are recorded but not rolled out. What runs now stays. A rollback is still possible. "
                {passes_by(mechanism(&view))}
            </p>
            {action.problem(kept.map(|form| form.problem))}
            <SendForm form=action>
                <input type="hidden" name="id" value=view.deployment.id.to_string()/>
                <div class="field">
                    <label for="hold-why">"Why"</label>
                    <input id="hold-why" name="why" type="text" required maxlength="500" value=why autocomplete="off"/>
                </div>
                <div class="field">
                    <label for="hold-hours">"How long"</label>
                    <select id="hold-hours" name="hours">
                        {HOURS.map(|(hours, words)| view! { <option value=hours>{words}</option> })}
                    </select>
                </div>
                <button type="submit" class="button" disabled=move || pending.get()>"Set the hold"</button>
            </SendForm>
        </details>
    }.into_any())
}
