use backstep_domain::{DeploymentId, DeploymentView, HistoryFilter, HistoryRow, Permission};
use leptos::prelude::*;
use leptos_meta::Title;
use server_fn::ServerFn;

use super::{Crumbs, Loading, Trouble, deployment_in_path, recalled, refused_form};
use crate::{
    api::{ReleaseHold, SetHold, get_deployment, get_history},
    components::{
        CauseNote, DeployLink, Empty, HoldBanner, LiveCard, RollbackDialog, Sending, SetHoldForm, StatusBadge,
        Undisturbed, When, audit_href, deployment_access_href, history_href, settings_href, use_changes,
    },
    words::{author_name, kind_label, mechanism_label, shown},
};

/// How many of the last deploys are shown here; the Deploy History has all.
const LAST: usize = 6;

/// `/deployments/{id}`: its state at a glance, its hold, its last deploys.
#[component]
pub fn DeploymentPage() -> impl IntoView {
    let id = deployment_in_path();
    move || view! { <OneDeployment id=id.get()/> }
}

#[component]
fn OneDeployment(id: DeploymentId) -> impl IntoView {
    let changes = use_changes(id.clone());
    let form = refused_form();
    let release = Sending::to(ReleaseHold::PATH);
    let set_hold = Sending::to(SetHold::PATH);
    let target = RwSignal::new(None);
    let asked = id.clone();
    let shown_now = Resource::new(
        move || (form.get(), changes.get(), release.version.get(), set_hold.version.get()),
        move |(form, ..)| {
            let id = asked.clone();
            async move {
                let kept = recalled(form).await;
                let view = get_deployment(id.clone()).await?;
                let history = get_history(id, HistoryFilter::default(), None).await?;
                Ok::<_, crate::api::Failure>((view, history.rows.into_iter().take(LAST).collect::<Vec<_>>(), kept))
            }
        },
    );
    let owner = Owner::current().expect("a component has an owner");
    view! {
        <Transition fallback=Loading>
            {move || {
                let owner = owner.clone();
                Suspend::new(async move {
                let (view, rows, kept) = match shown_now.await {
                    Ok(answer) => answer,
                    Err(failure) => return view! { <Trouble problem=failure.0/> }.into_any(),
                };
                let hold_view = view.clone();
                let hold_key = format!("{} {}", view.hold.is_some(), kept.is_some());
                view! {
                    <Head view=view.clone()/>
                    <HoldBanner view=view.clone() release=release kept=kept.clone()/>
                    <LiveCard view=view.clone() target=Some(target)/>
                    <LastDeploys id=view.deployment.id.clone() rows=rows/>
                    <Undisturbed key=hold_key owner=owner>
                        <SetHoldForm view=hold_view.clone() action=set_hold kept=kept.clone()/>
                    </Undisturbed>
                    <About view=view/>
                }
                .into_any()
                })
            }}
        </Transition>
        <RollbackDialog deployment=id target=target/>
    }
    .into_any()
}

#[component]
fn Head(view: DeploymentView) -> impl IntoView {
    let deployment = view.deployment;
    let audit = view.permissions.contains(&Permission::DeploymentUserRolesUpdate).then(|| {
        view! { <a class="button" href=audit_href(&format!("place=deployment:{}", deployment.id)) rel="external">"Audit"</a> }
    });
    view! {
        <Title text=shown(&deployment.name)/>
        <Crumbs above=Vec::new() here=deployment.name.clone()/>
        <div class="head">
            <div>
                <h1>{shown(&deployment.name)}</h1>
                <p class="muted">{shown(&deployment.description)}</p>
            </div>
            <nav class="head__links" aria-label="Of this Deployment">
                <a class="button" href=history_href(&deployment.id)>"Deploy History"</a>
                <a class="button" href=deployment_access_href(&deployment.id) rel="external">"Access"</a>
                <a class="button" href=settings_href(&deployment.id)>"Settings"</a>
                {audit}
            </nav>
        </div>
    }
    .into_any()
}

#[component]
fn LastDeploys(id: DeploymentId, rows: Vec<HistoryRow>) -> impl IntoView {
    if rows.is_empty() {
        return view! {
            <Empty title="No deploys yet">
                <p>"Record the first one from CI or by hand:"</p>
                <pre><code>"backstep deploy --dags ./dags -m \"Why\""</code></pre>
            </Empty>
        }
        .into_any();
    }
    let items = rows
        .into_iter()
        .map(|row| {
            let deploy = row.deploy;
            view! {
                <li class="deploy">
                    <DeployLink deployment=id.clone() number=deploy.number/>
                    <StatusBadge status=deploy.shown()/>
                    <span class="deploy__what">
                        <CauseNote deploy=deploy.clone()/>
                        <span>{shown(&deploy.description)}</span>
                    </span>
                    <span class="muted">
                        {kind_label(deploy.kind)} ", " {author_name(&deploy.created_by)} ", "
                        <When at=deploy.created_at/>
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <section aria-labelledby="last-title">
            <h2 id="last-title">"Last deploys"</h2>
            <ol class="deploys">{items}</ol>
            <p><a href=history_href(&id)>"All of the Deploy History"</a></p>
        </section>
    }
    .into_any()
}

#[component]
fn About(view: DeploymentView) -> impl IntoView {
    let deployment = view.deployment;
    let mechanism = view.live.as_ref().map_or(deployment.mechanism, |live| live.revision.mechanism);
    let none = || "none".to_owned();
    view! {
        <section aria-labelledby="about-title">
            <h2 id="about-title">"About"</h2>
            <dl class="facts">
                <div><dt>"Workspace"</dt><dd>{shown(&view.workspace.name)}</dd></div>
                <div><dt>"Mechanism"</dt><dd>{mechanism_label(mechanism)}</dd></div>
                <div>
                    <dt>"Target for images"</dt>
                    <dd>{deployment.image_target.as_deref().map_or_else(none, shown)}</dd>
                </div>
                <div>
                    <dt>"Target for DAGs"</dt>
                    <dd>{deployment.dags_target.as_deref().map_or_else(none, shown)}</dd>
                </div>
                <div>
                    <dt>"Added"</dt>
                    <dd><When at=deployment.created_at/> " by " {author_name(&deployment.created_by)}</dd>
                </div>
            </dl>
        </section>
    }
    .into_any()
}
