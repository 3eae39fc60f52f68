//! The rollback: what it will and will not touch, why, and the button.

mod confirm;
mod dialog;
mod effects;
mod head;
mod keys;
mod plan;
mod refused;
mod scope;

use backstep_domain::{DeployNumber, DeploymentId, FileDiff};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

pub use dialog::*;
use plan::RollbackTitle;
pub use plan::{RollbackPlan, rollback_title};

use super::{ProblemNote, history_href};
use crate::api::{Failure, KeptForm, PlanView, get_file_diff, get_plan, recall_form};

/// All that the rollback view shows first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RollbackData {
    pub view: PlanView,
    /// What was typed, where the form was sent without script and refused.
    pub kept: Option<KeptForm>,
    /// The lines of the file that the address asks for.
    pub diff: Option<FileDiff>,
}

/// Asks for the plan; `form` and `file` are what the address of the page says without script.
pub async fn load_rollback(
    id: DeploymentId,
    target: Option<DeployNumber>,
    form: Option<String>,
    file: Option<String>,
) -> Result<RollbackData, Failure> {
    let view = get_plan(id.clone(), target).await?;
    let kept = match form {
        Some(form) => recall_form(form).await.ok().flatten().filter(|form| form.action == "/ui/roll-back"),
        None => None,
    };
    let diff = match file {
        Some(path) => get_file_diff(id, view.plan.from.number, view.plan.to.number, path).await.ok(),
        None => None,
    };
    Ok(RollbackData { view, kept, diff })
}

/// The plan and the form that confirms it; without a target, the last good deploy is proposed.
#[component]
pub fn RollbackView(
    deployment: DeploymentId,
    target: Option<DeployNumber>,
    /// It is in a dialog, which has its own way to be left.
    #[prop(optional)]
    in_dialog: bool,
    /// Told the number of the new deploy. In a page the server's answer leads on to it anyway.
    #[prop(optional_no_strip)]
    on_done: Option<Callback<DeployNumber>>,
    #[prop(optional_no_strip)] on_cancel: Option<Callback<()>>,
) -> impl IntoView {
    let id = deployment.clone();
    let data = Resource::new(|| (), move |()| load_rollback(id.clone(), target, None, None));
    let loading = move || {
        view! {
            <div class="loading" role="status">
                <p>"Working out the plan…"</p>
                <div class="loading__bar"></div>
                <div class="loading__bar"></div>
            </div>
        }
    };
    view! {
        <Suspense fallback=loading>
            {move || {
                let deployment = deployment.clone();
                Suspend::new(async move {
                    match data.await {
                        Ok(data) => view! {
                            <RollbackPlan
                                deployment=deployment
                                data=data
                                in_dialog=in_dialog
                                on_done=on_done
                                on_cancel=on_cancel
                            />
                        }
                        .into_any(),
                        Err(Failure(problem)) => view! {
                            <h2 id="rollback-title" tabindex="-1">"There is no plan"</h2>
                            <ProblemNote problem=problem/>
                            <Leave deployment=deployment on_cancel=on_cancel label="Close"/>
                        }
                        .into_any(),
                    }
                })
            }}
        </Suspense>
    }
}

/// The way out without doing anything: a link without script, back to where one was with it.
#[component]
pub fn Leave(
    deployment: DeploymentId,
    #[prop(optional_no_strip)] on_cancel: Option<Callback<()>>,
    #[prop(default = "Cancel")] label: &'static str,
) -> impl IntoView {
    match on_cancel {
        Some(cancel) => {
            view! { <button type="button" class="button plan__cancel" on:click=move |_| cancel.run(())>{label}</button> }
                .into_any()
        }
        None => view! { <a class="button plan__cancel" href=history_href(&deployment)>{label}</a> }.into_any(),
    }
}
