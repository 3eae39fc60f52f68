use backstep_domain::{DeployNumber, DeploymentId, DeploymentView, HistoryRow};
use leptos::prelude::*;

use crate::{
    components::{CauseNote, DeployLink, Flags, Lasting, RollbackButton, StatusBadge, When, history_href, tab},
    words::{author_name, image_short, kind_label, reason_short, runtime_text, shown},
};

/// What runs now, in the little room of a panel.
#[component]
pub(super) fn LiveBrief(view: DeploymentView, target: RwSignal<Option<DeployNumber>>) -> impl IntoView {
    let id = view.deployment.id.clone();
    let live = match view.live.clone() {
        Some(deploy) => {
            let since = deploy.live_from.unwrap_or(deploy.created_at);
            let image = deploy.revision.image.image.as_ref().map_or_else(|| "no image".to_owned(), image_short);
            let runtime = deploy.revision.image.runtime.as_ref();
            let runtime = runtime.map(|runtime| format!(", Runtime {}", runtime_text(Some(runtime))));
            view! {
                <p class="brief__live">
                    <StatusBadge status=deploy.shown()/>
                    " "
                    <DeployLink deployment=id.clone() number=deploy.number/>
                    " "
                    <CauseNote deploy=deploy.clone()/>
                    " "
                    <span>{shown(&deploy.description)}</span>
                </p>
                <p class="muted">
                    <code>{image}</code> {runtime} ", by " {author_name(&deploy.created_by)} ", live since " <When at=since/>
                </p>
            }
            .into_any()
        }
        None => view! { <p>"Nothing is live yet."</p> }.into_any(),
    };
    let arriving = [view.running.clone(), view.queued.clone()]
        .into_iter()
        .flatten()
        .map(|deploy| {
            view! {
                <p>
                    <StatusBadge status=deploy.shown()/>
                    " "
                    <DeployLink deployment=id.clone() number=deploy.number/>
                    " "
                    {shown(&deploy.description)}
                </p>
            }
        })
        .collect_view();
    let hold = view.hold.clone().map(|hold| {
        view! { <p class="note">"On hold since " <When at=hold.since/> ": " {shown(&hold.why)}</p> }
    });
    let on = view.rollback_allowed_here && view.deployment.rollback_enabled && view.live.is_some();
    let good = view.last_good.filter(|_| on).map(|number| {
        view! {
            <p class="brief__good">
                <span>"Last good: " <DeployLink deployment=id.clone() number=number/></span>
                " "
                <RollbackButton deployment=id.clone() number=number target=Some(target) label="Roll back…" primary=true/>
            </p>
        }
    });
    view! {
        <section class="card brief">
            <h2>{shown(&view.deployment.name)}</h2>
            {live}
            {arriving}
            {hold}
            {good}
        </section>
    }
}

/// The last deploys, one line each.
#[component]
pub(super) fn HistoryBrief(
    deployment: DeploymentId,
    rows: Vec<HistoryRow>,
    target: RwSignal<Option<DeployNumber>>,
) -> impl IntoView {
    if rows.is_empty() {
        return view! { <p class="muted">"No deploys yet."</p> }.into_any();
    }
    let items = rows
        .into_iter()
        .map(|row| {
            let deploy = row.deploy.clone();
            let active = deploy.live_from.map(|from| {
                view! { ", active for " <Lasting from=from until=deploy.live_until/> }
            });
            let action = match row.ineligible.clone() {
                None => view! {
                    <RollbackButton deployment=deployment.clone() number=deploy.number target=Some(target) label="Deploy"/>
                }
                .into_any(),
                Some(reason) => view! {
                    <span class="muted" title=shown(&reason.message)>{reason_short(reason.code)}</span>
                }
                .into_any(),
            };
            view! {
                <li class="brief__row">
                    <span class="brief__what">
                        <DeployLink deployment=deployment.clone() number=deploy.number/>
                        " "
                        <StatusBadge status=deploy.shown()/>
                        " "
                        <Flags row=row/>
                        " "
                        <CauseNote deploy=deploy.clone()/>
                        " "
                        <span>{shown(&deploy.description)}</span>
                        <span class="muted brief__by">
                            {kind_label(deploy.kind)} ", " {author_name(&deploy.created_by)} ", "
                            <When at=deploy.created_at/> {active}
                        </span>
                    </span>
                    <span class="brief__action">{action}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <section>
            <h3>"Deploy History"</h3>
            <ol class="brief__list">{items}</ol>
            <p><a href=history_href(&deployment) target=tab()>"All of the Deploy History"</a></p>
        </section>
    }
    .into_any()
}
