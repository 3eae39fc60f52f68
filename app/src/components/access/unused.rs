use std::collections::BTreeMap;

use backstep_domain::Permission;
use leptos::prelude::*;

use crate::{api::RoleView, words::shown};

/// The original's permissions that nothing here asks for: its configuration stays valid, and this says that they do nothing.
#[component]
pub fn UnusedPermissions(roles: Vec<RoleView>) -> impl IntoView {
    let mut holders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for RoleView { role, .. } in &roles {
        let name = shown(&role.name);
        for permission in &role.unused {
            let added = role.edits.iter().any(|edit| edit.granted && edit.permission == *permission);
            let words = if added { format!("{name} (▲ added)") } else { name.clone() };
            holders.entry(permission.clone()).or_default().push(words);
        }
        let taken = role.edits.iter().filter(|edit| !edit.granted && edit.permission.parse::<Permission>().is_err());
        for edit in taken {
            holders.entry(edit.permission.clone()).or_default().push(format!("{name} (▼ removed)"));
        }
    }
    let count = holders.len();
    let rows = holders
        .into_iter()
        .map(|(permission, roles)| {
            view! {
                <tr>
                    <th scope="row" data-label="Permission"><code>{permission}</code></th>
                    <td data-label="Roles">{roles.join(", ")}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <details class="card fold">
            <summary>{count} " permissions of the original that are not used here"</summary>
            <p class="help">
                "Nothing in Backstep asks for these. They are accepted in the configuration, so that a file of the original stays valid, and whoever has them may do nothing more for it."
            </p>
            <table class="grid grid--access grid--unused">
                <thead>
                    <tr><th scope="col">"Not used"</th><th scope="col">"Roles that hold it"</th></tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </details>
    }
    .into_any()
}
