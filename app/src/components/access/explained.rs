use backstep_domain::{Grant, Permission, Place};
use leptos::prelude::*;

use super::role_words;
use crate::{
    api::{Explained, PlaceAccess},
    words::shown,
};

/// What somebody may do at a place, and through which roles; then what they may not.
#[component]
pub fn ExplainedAccess(explained: Explained, access: PlaceAccess) -> impl IntoView {
    let name = shown(&explained.name);
    let (may, may_not): (Vec<_>, Vec<_>) =
        explained.permissions.into_iter().partition(|(_, grants)| !grants.is_empty());
    let disabled = explained.disabled.then(|| {
        view! { <p class="warning">"This account is disabled, so it may do nothing, whatever its roles."</p> }
    });
    let allowed = if may.is_empty() {
        view! { <p>{name.clone()} " may do nothing here."</p> }.into_any()
    } else {
        let rows = may.into_iter().map(|(permission, grants)| row(&access, permission, grants)).collect_view();
        view! {
            <table class="grid grid--access">
                <thead>
                    <tr>
                        <th scope="col">{name.clone()} " may"</th>
                        <th scope="col">"Permission"</th>
                        <th scope="col">"Through"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    let refused = (!may_not.is_empty()).then(|| {
        let items = may_not
            .into_iter()
            .map(|(permission, _)| view! { <li><code>{permission.as_str()}</code> " " {permission.meaning()}</li> })
            .collect_view();
        view! {
            <details class="fold">
                <summary>"What " {name} " may not do here"</summary>
                <ul class="plain">{items}</ul>
            </details>
        }
    });
    view! { {disabled} {allowed} {refused} }.into_any()
}

fn row(access: &PlaceAccess, permission: Permission, grants: Vec<Grant>) -> AnyView {
    let through = grants
        .into_iter()
        .map(|grant| {
            let place = place_words(access, &grant.at);
            let team = grant.team.map(|team| format!(", through the team {}", shown(&team)));
            view! { <li>{role_words(access, &grant.role)} " on " {place} {team}</li> }
        })
        .collect_view();
    view! {
        <tr>
            <th scope="row" data-label="May">{permission.meaning()}</th>
            <td data-label="Permission"><code>{permission.as_str()}</code></td>
            <td data-label="Through"><ul class="plain">{through}</ul></td>
        </tr>
    }
    .into_any()
}

fn place_words(access: &PlaceAccess, at: &Place) -> String {
    match at {
        at if *at == access.place => shown(&access.name),
        Place::System => "the whole installation".to_owned(),
        Place::Workspace(_) => {
            let name = access.workspace.as_ref().map(|workspace| shown(&workspace.name)).unwrap_or_default();
            format!("Workspace {name}")
        }
        Place::Deployment(id) => id.to_string(),
    }
}
