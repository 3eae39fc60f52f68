use backstep_domain::Permission;
use leptos::prelude::*;

use super::href;
use crate::api::Me;

/// The ways to what is not a Deployment; only those that the visitor may go.
#[component]
pub fn SiteNav(me: Me) -> impl IntoView {
    let access = [
        (Permission::SystemUsersGet, "/access"),
        (Permission::SystemTeamsGet, "/access/teams"),
        (Permission::SystemServiceAccountsGet, "/access/service-accounts"),
    ];
    let access = access.into_iter().find(|(permission, _)| me.permissions.contains(permission));
    let access = access.map(|(_, path)| view! { <a href=href(path) rel="external">"Access"</a> });
    let audit = me.reads_audit.then(|| view! { <a href=href("/audit") rel="external">"Audit"</a> });
    if access.is_none() && audit.is_none() {
        return ().into_any();
    }
    view! { <nav class="site__nav" aria-label="Installation">{access}{audit}</nav> }.into_any()
}
