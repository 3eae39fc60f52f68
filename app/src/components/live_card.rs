use backstep_domain::{DeployNumber, DeploymentView};
use leptos::prelude::*;

use super::{BundleName, CauseNote, DeployLink, ImageName, Lasting, RollbackButton, StatusBadge, When};
use crate::words::{airflow_text, author_name, runtime_text, shown};

/// One glance: what runs now, since when, by whom, and what was the last good one.
#[component]
pub fn LiveCard(
    view: DeploymentView,
    /// The dialog of the rollback, where the page has one.
    #[prop(optional_no_strip)]
    target: Option<RwSignal<Option<DeployNumber>>>,
) -> impl IntoView {
    let id = view.deployment.id.clone();
    let arriving = [view.running.clone(), view.queued.clone()].into_iter().flatten().map(|deploy| {
        view! {
            <p class="live__next">
                <StatusBadge status=deploy.shown()/>
                <DeployLink deployment=id.clone() number=deploy.number/>
                <span>{shown(&deploy.description)}</span>
                <span class="muted">{author_name(&deploy.created_by)} ", " <When at=deploy.created_at/></span>
            </p>
        }
    });
    let arriving = arriving.collect_view();
    let now = match view.live.clone() {
        Some(deploy) => {
            let since = deploy.live_from.unwrap_or(deploy.created_at);
            let (image, revision) = (deploy.revision.image.clone(), deploy.revision.clone());
            view! {
                <div class="live__what">
                    <p class="live__number">
                        <StatusBadge status=deploy.shown()/>
                        <DeployLink deployment=id.clone() number=deploy.number/>
                        <CauseNote deploy=deploy.clone()/>
                    </p>
                    <p class="live__description">{shown(&deploy.description)}</p>
                </div>
                <dl class="facts">
                    <div>
                        <dt>"Since"</dt>
                        <dd><When at=since/> <span class="muted">", active for " <Lasting from=since until=None/></span></dd>
                    </div>
                    <div><dt>"By"</dt><dd>{author_name(&deploy.created_by)}</dd></div>
                    <div><dt>"Image"</dt><dd><ImageName image=image.image/></dd></div>
                    <div><dt>"Runtime"</dt><dd>{runtime_text(image.runtime.as_ref())}</dd></div>
                    <div><dt>"Airflow"</dt><dd>{airflow_text(image.airflow.as_ref())}</dd></div>
                    <div>
                        <dt>"DAG bundle"</dt>
                        <dd><BundleName dags=revision.dags mechanism=revision.mechanism/></dd>
                    </div>
                </dl>
            }
            .into_any()
        }
        None => view! {
            <p class="live__description">"Nothing is live yet. The first deploy that succeeds will be."</p>
        }
        .into_any(),
    };
    view! {
        <section class="card live" aria-labelledby="live-title">
            <h2 id="live-title" class="unseen">"Live"</h2>
            {now}
            {arriving}
            <LastGood view=view target=target/>
        </section>
    }
    .into_any()
}

/// The deploy that a rollback would propose, and the way to it.
#[component]
fn LastGood(view: DeploymentView, target: Option<RwSignal<Option<DeployNumber>>>) -> impl IntoView {
    view.live.as_ref()?;
    let id = view.deployment.id;
    let text = match view.last_good {
        Some(number) => {
            view! { <span>"Last good: " <DeployLink deployment=id.clone() number=number/></span> }.into_any()
        }
        None => view! { <span class="muted">"Last good: no earlier deploy to roll back to"</span> }.into_any(),
    };
    let way = match view.last_good {
        _ if !view.rollback_allowed_here => {
            view! { <span class="muted">"Rollbacks are switched off for this installation."</span> }.into_any()
        }
        _ if !view.deployment.rollback_enabled => view! {
            <span class="muted">
                <b>"Rollback Deploy"</b>
                " is switched off in the "
                <a href=super::settings_href(&id)>"Settings"</a>
                "."
            </span>
        }
        .into_any(),
        Some(number) => {
            view! { <RollbackButton deployment=id number=number target=target label=format!("Roll back to {number}…") primary=true/> }
                .into_any()
        }
        None => ().into_any(),
    };
    Some(view! { <p class="live__good">{text} {way}</p> })
}
