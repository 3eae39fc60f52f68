use backstep_domain::{DeploymentView, Permission, ShownStatus};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{GetForm, Loading, Trouble};
use crate::{
    api::get_deployments,
    components::{DeployLink, Empty, StatusBadge, When, deployment_href, href, workspace_access_href},
    words::{author_name, runtime_text, shown},
};

/// `/`: all Deployments that the person may see, by Workspace.
#[component]
pub fn DeploymentsPage() -> impl IntoView {
    let query = use_query_map();
    let text = Memo::new(move |_| query.read().get("text").filter(|t| !t.trim().is_empty()));
    let found = Resource::new(move || text.get(), get_deployments);
    view! {
        <Title text="Deployments"/>
        <div class="head"><h1>"Deployments"</h1></div>
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(all) => view! { <Found all=all text=text.get_untracked()/> }.into_any(),
                    Err(failure) => view! { <Trouble problem=failure.0/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Found(all: Vec<DeploymentView>, text: Option<String>) -> impl IntoView {
    if all.is_empty() && text.is_none() {
        return view! { <First/> }.into_any();
    }
    let none = all.is_empty();
    let typed = text.clone().unwrap_or_default();
    let mut workspaces: Vec<(String, Vec<DeploymentView>)> = Vec::new();
    for view in all {
        match workspaces.last_mut() {
            Some((id, views)) if *id == view.workspace.id.as_str() => views.push(view),
            _ => workspaces.push((view.workspace.id.to_string(), vec![view])),
        }
    }
    view! {
        <GetForm action=href("/") class="search" role="search">
            <label for="text" class="unseen">"Search by name"</label>
            <input id="text" type="search" name="text" placeholder="Search by name" value=typed.clone() prop:value=typed/>
            <button type="submit" class="button">"Search"</button>
            {text.map(|_| view! { <a href=href("/")>"Show all"</a> })}
        </GetForm>
        {none.then(|| view! { <Empty title="No Deployment has such a name"><p>"Search for a part of it, or show all."</p></Empty> })}
        {workspaces.into_iter().map(|(_, views)| view! { <OneWorkspace views=views/> }).collect_view()}
    }
    .into_any()
}

/// Before anything is there: how the first Deployment comes to be.
#[component]
fn First() -> impl IntoView {
    view! {
        <Empty title="No Deployments yet">
            <p>
                "A Deployment is one Airflow. Start its history from the command line, on a machine that reaches both this server and the Airflow. What already runs there becomes deploy #1:"
            </p>
            <pre><code>"backstep adopt --help"</code></pre>
            <p>"Then let CI record each deploy, or do it by hand:"</p>
            <pre><code>"backstep deploy --dags ./dags -m \"Why\""</code></pre>
        </Empty>
    }
    .into_any()
}

#[component]
fn OneWorkspace(views: Vec<DeploymentView>) -> impl IntoView {
    let first = views.first()?;
    let workspace = first.workspace.clone();
    let access = first.may(Permission::WorkspaceConfigGet).then(|| {
        let label = format!("Access to Workspace {}", shown(&workspace.name));
        view! { <a href=workspace_access_href(&workspace.id) rel="external" aria-label=label>"Access"</a> }
    });
    let title = format!("workspace-{}", workspace.id);
    let rows = views.into_iter().map(|view| view! { <DeploymentRow view=view/> }).collect_view();
    let heading = title.clone();
    Some(
        view! {
            <section aria-labelledby=title>
                <div class="row">
                    <h2 id=heading><span class="muted">"Workspace "</span>{shown(&workspace.name)}</h2>
                    {access}
                </div>
                <div class="scroll">
                    <table class="grid grid--deployments">
                        <thead>
                            <tr>
                                <th scope="col">"Name"</th>
                                <th scope="col">"State"</th>
                                <th scope="col">"Live deploy"</th>
                                <th scope="col">"Since"</th>
                                <th scope="col">"By"</th>
                                <th scope="col">"Runtime"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
        }
        .into_any(),
    )
}

#[component]
fn DeploymentRow(view: DeploymentView) -> impl IntoView {
    let id = view.deployment.id.clone();
    let state = [view.running.as_ref(), view.queued.as_ref()]
        .into_iter()
        .flatten()
        .next()
        .map(|deploy| deploy.shown())
        .or(view.live.as_ref().map(|_| ShownStatus::Live));
    let state = match state {
        Some(status) => view! { <StatusBadge status=status/> }.into_any(),
        None => view! { <span class="muted">"Nothing deployed"</span> }.into_any(),
    };
    let hold = view.hold.as_ref().map(|hold| {
        view! { <span class="flag flag--hold" title=shown(&hold.why)>"On hold since " <When at=hold.since/></span> }
    });
    let runtime = view.live.as_ref().map_or(view.deployment.runtime.as_ref(), |d| d.revision.image.runtime.as_ref());
    let runtime = runtime_text(runtime);
    let (number, since, by) = match view.live {
        Some(live) => (
            view! {
                <DeployLink deployment=id.clone() number=live.number/>
                " "
                <span class="clip">{shown(&live.description)}</span>
            }
            .into_any(),
            view! { <When at=live.live_from.unwrap_or(live.created_at)/> }.into_any(),
            author_name(&live.created_by),
        ),
        None => (dash(), dash(), "–".to_owned()),
    };
    view! {
        <tr>
            <th scope="row" data-label="Name"><a href=deployment_href(&id)>{shown(&view.deployment.name)}</a></th>
            <td data-label="State" class="state">{state} {hold}</td>
            <td data-label="Live deploy" class="description">{number}</td>
            <td data-label="Since">{since}</td>
            <td data-label="By">{by}</td>
            <td data-label="Runtime">{runtime}</td>
        </tr>
    }
    .into_any()
}

fn dash() -> AnyView {
    view! { <span class="muted">"–"</span> }.into_any()
}
