use backstep_domain::{AccountId, Level, Place};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    super::{Crumbs, Loading, Trouble, recalled, refused_form},
    ExplainSection,
};
use crate::{
    api::{Failure, KeptForm, PlaceAccess, explain_access, get_place_access},
    components::{
        GiveRoleForm, GrantTable, ProblemNote, Refused, ServiceAccounts, deployment_access_href, deployment_href, href,
        workspace_access_href,
    },
    words::shown,
};

/// `/deployments/{id}/access`
#[component]
pub fn DeploymentAccessPage() -> impl IntoView {
    place_page(Level::Deployment)
}

/// `/workspaces/{id}/access`
#[component]
pub fn WorkspaceAccessPage() -> impl IntoView {
    place_page(Level::Workspace)
}

/// Who may do what at a place: who has a role there or above, its service accounts, and what one account may.
fn place_page(level: Level) -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let account = Memo::new(move |_| query.read().get("account").filter(|id| !id.is_empty()));
    let form = refused_form();
    let found = Resource::new(
        move || (id.get(), account.get(), form.get()),
        move |(id, account, form)| async move {
            let kept = recalled(form).await;
            let access = get_place_access(level, Some(id.clone())).await?;
            // Whoever sees nobody else's access sees their own.
            let own = access.own.as_ref().map(|own| own.id.clone());
            let asked = account.or_else(|| own.clone().filter(|_| access.grants.is_none()));
            let explained = match asked.clone() {
                Some(account) => Some(explain_access(level, Some(id), AccountId::new(account)).await),
                None => None,
            };
            let chosen = AccountId::new(asked.or(own).unwrap_or_default());
            Ok::<_, Failure>((access, chosen, explained, kept))
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                let (access, chosen, explained, kept) = match found.await {
                    Ok(answer) => answer,
                    Err(failure) => return view! { <Trouble problem=failure.0/> }.into_any(),
                };
                let (explained, unknown) = match explained {
                    Some(Ok(explained)) => (Some(explained), None),
                    Some(Err(failure)) => (None, Some(failure.0)),
                    None => (None, None),
                };
                let unknown = unknown.map(|problem| view! { <ProblemNote problem=problem/> });
                let path = path_of(&access.place);
                view! {
                    <PlaceHead access=access.clone()/>
                    <Refused kept=kept.clone()/>
                    {unknown}
                    <Roles access=access.clone() kept=kept.clone()/>
                    <ExplainSection access=access.clone() path=path chosen=chosen explained=explained/>
                    <Services access=access kept=kept/>
                }
                .into_any()
            })}
        </Transition>
    }
    .into_any()
}

fn path_of(place: &Place) -> String {
    match place {
        Place::System => href("/access"),
        Place::Workspace(id) => workspace_access_href(id),
        Place::Deployment(id) => deployment_access_href(id),
    }
}

#[component]
fn PlaceHead(access: PlaceAccess) -> impl IntoView {
    let name = shown(&access.name);
    let (title, above) = match &access.place {
        Place::Deployment(id) => (format!("Access to {name}"), vec![(access.name.clone(), deployment_href(id))]),
        _ => (format!("Access to Workspace {name}"), Vec::new()),
    };
    let workspace = access.workspace.as_ref().map(|workspace| {
        view! {
            <p class="muted">
                "Roles on the " <a href=workspace_access_href(&workspace.id)>"Workspace " {shown(&workspace.name)}</a>
                " and on the whole installation hold here too."
            </p>
        }
    });
    let below = matches!(access.place, Place::Workspace(_))
        .then(|| view! { <p class="muted">"Roles here hold on all Deployments of the Workspace."</p> });
    let here = if above.is_empty() { title.clone() } else { "Access".to_owned() };
    view! {
        <Title text=title.clone()/>
        <Crumbs above=above here=here/>
        <div class="head">
            <div>
                <h1>{title}</h1>
                {workspace}
                {below}
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Roles(access: PlaceAccess, kept: Option<KeptForm>) -> impl IntoView {
    let give = access.grants.is_some().then(|| {
        view! {
            <section class="card" aria-labelledby="give-title">
                <h2 id="give-title">"Give a role here"</h2>
                <GiveRoleForm access=access.clone() kept=kept/>
            </section>
        }
    });
    view! {
        <section aria-labelledby="grants-title">
            <h2 id="grants-title">"Who has which role"</h2>
            <GrantTable access=access/>
        </section>
        {give}
    }
    .into_any()
}

#[component]
fn Services(access: PlaceAccess, kept: Option<KeptForm>) -> impl IntoView {
    access.services.as_ref()?;
    Some(
        view! {
            <section aria-labelledby="services-title">
                <h2 id="services-title">"Service accounts that belong here"</h2>
                <ServiceAccounts access=access kept=kept/>
            </section>
        }
        .into_any(),
    )
}
