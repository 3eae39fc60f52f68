use backstep_domain::{DeployRef, DeploymentId, Plan};
use leptos::prelude::*;

use super::RollbackTitle;
use crate::{
    api::PlanView,
    components::{DeployLink, When},
    words::{author_name, kind_label, shown},
};

/// So many deploys in between are listed at once; the rest on demand.
const LISTED: usize = 5;

/// The title, *From #57 to #52*, and what was deployed in between.
#[component]
pub(super) fn Head(deployment: DeploymentId, view: PlanView) -> impl IntoView {
    let title = view! { <RollbackTitle view=view.clone()/> };
    let proposed = view.target_proposed.then(|| {
        view! {
            <p class="muted">
                {format!("{} is proposed because it is the last good deploy: the newest one before the live one that proved itself.", view.plan.to.number)}
            </p>
        }
    });
    view! {
        <header class="plan__head">
            <h1 id="rollback-title" class="plan__title" tabindex="-1">{title}</h1>
            <div class="plan__way">
                <Side label="From" state="live now" deployment=deployment.clone() deploy=view.plan.from.clone()/>
                <span class="plan__arrow" aria-hidden="true">"→"</span>
                <Side label="To" state="runs again" deployment=deployment.clone() deploy=view.plan.to.clone()/>
            </div>
            {proposed}
            <Between deployment=deployment plan=view.plan/>
        </header>
    }
}

#[component]
fn Side(label: &'static str, state: &'static str, deployment: DeploymentId, deploy: DeployRef) -> impl IntoView {
    view! {
        <div class="plan__side">
            <p class="plan__label">{label} " " <DeployLink deployment=deployment number=deploy.number/> " " <span class="muted">{state}</span></p>
            <p class="plan__what">{shown(&deploy.description)}</p>
            <p class="muted">
                {kind_label(deploy.kind)} ", " {author_name(&deploy.by)} ", " <When at=deploy.created_at/>
            </p>
        </div>
    }
}

#[component]
fn Between(deployment: DeploymentId, plan: Plan) -> impl IntoView {
    let between: Vec<_> = plan.between.into_iter().filter(|d| d.number != plan.from.number).collect();
    if between.is_empty() {
        return view! { <p class="muted">"Nothing was deployed in between."</p> }.into_any();
    }
    let count = match between.len() {
        1 => "1 deploy in between".to_owned(),
        n => format!("{n} deploys in between"),
    };
    let item = |deploy: DeployRef| {
        view! {
            <li>
                <DeployLink deployment=deployment.clone() number=deploy.number/>
                " "
                {shown(&deploy.description)}
                " "
                <span class="muted">{kind_label(deploy.kind)} ", " {author_name(&deploy.by)}</span>
            </li>
        }
    };
    let mut items: Vec<_> = between.into_iter().map(item).collect();
    let rest = items.split_off(items.len().min(LISTED));
    let more = (!rest.is_empty()).then(|| {
        let label = format!("{} more", rest.len());
        view! { <details class="fold"><summary>{label}</summary><ul class="plan__between">{rest}</ul></details> }
    });
    view! {
        <div>
            <p class="plan__count">{count} ":"</p>
            <ul class="plan__between">{items}</ul>
            {more}
        </div>
    }
    .into_any()
}
