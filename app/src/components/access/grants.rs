use backstep_domain::{GrantView, LOCAL, Place, RoleId};
use leptos::prelude::*;
use server_fn::ServerFn;

use super::PostForm;
use crate::{
    api::{GrantHere, PlaceAccess, SubjectKind, TakeRole},
    components::{Empty, workspace_access_href},
    words::shown,
};

/// A role as people read it, with its name in the configuration.
pub fn role_words(access: &PlaceAccess, role: &RoleId) -> impl IntoView + use<> {
    let name = access.role_names.get(role).map(|name| shown(name)).unwrap_or_default();
    view! { {name} " " <code class="muted">{role.to_string()}</code> }
}

pub fn kind_word(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Person => "Person",
        SubjectKind::Team => "Team",
        SubjectKind::Service => "Service account",
    }
}

/// Who has which role here, and who has one from above.
#[component]
pub fn GrantTable(access: PlaceAccess) -> impl IntoView {
    let Some(mut grants) = access.grants.clone() else {
        return view! { <p class="note">"You may not see who has access here."</p> }.into_any();
    };
    if grants.is_empty() {
        return view! {
            <Empty title="Nobody has a role here">
                <p>"Nor on what is above. Give the first one below."</p>
            </Empty>
        }
        .into_any();
    }
    // What is given here first.
    grants.sort_by_key(|g| g.grant.at != access.place);
    let rows = grants.into_iter().map(|grant| row(&access, grant)).collect_view();
    view! {
        <table class="grid grid--access">
            <thead>
                <tr>
                    <th scope="col">"Who"</th>
                    <th scope="col">"Role"</th>
                    <th scope="col">"Given on"</th>
                    <th scope="col"><span class="unseen">"Change"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(access: &PlaceAccess, here: GrantHere) -> AnyView {
    let GrantHere { grant, kind, may_take } = here;
    let name = shown(&grant.subject_name);
    let action = if may_take {
        let id = grant.id.to_string();
        let label = format!("Take away {} from {name}", grant.role);
        view! {
            <PostForm path=TakeRole::PATH class="row">
                <input type="hidden" name="grant" value=id/>
                <button type="submit" class="button button--small" aria-label=label>"Take away"</button>
            </PostForm>
        }
        .into_any()
    } else if grant.at == access.place && grant.source != LOCAL {
        view! { <span class="muted">"By the groups of " {shown(&grant.source)}</span> }.into_any()
    } else {
        ().into_any()
    };
    view! {
        <tr>
            <th scope="row" data-label="Who">{name.clone()} " " <span class="muted">{kind_word(kind)}</span></th>
            <td data-label="Role">{role_words(access, &grant.role)}</td>
            <td data-label="Given on">{given_on(access, &grant)}</td>
            <td class="action">{action}</td>
        </tr>
    }
    .into_any()
}

fn given_on(access: &PlaceAccess, grant: &GrantView) -> AnyView {
    match &grant.at {
        at if *at == access.place => view! { <b>"here"</b> }.into_any(),
        Place::System => "the whole installation".into_any(),
        Place::Workspace(id) => view! {
            <a href=workspace_access_href(id)>"Workspace " {shown(&grant.place_name)}</a>
        }
        .into_any(),
        Place::Deployment(_) => shown(&grant.place_name).into_any(),
    }
}
