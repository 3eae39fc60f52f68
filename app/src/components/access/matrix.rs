use backstep_domain::{Level, Permission, RoleId};
use leptos::prelude::*;

use crate::{api::RoleView, words::shown};

pub fn level_words(level: Level) -> &'static str {
    match level {
        Level::System => "Whole installation",
        Level::Workspace => "Workspace",
        Level::Deployment => "Deployment",
    }
}

/// Permissions down, roles across: what each role brings where it is given, and what the configuration changed.
#[component]
pub fn RoleMatrix(roles: Vec<RoleView>) -> impl IntoView {
    let mut roles = roles;
    // From the whole installation down; what everybody has comes first.
    roles.sort_by_key(|r| (r.role.level, r.role.id.as_str() != RoleId::USER));
    let levels = Level::ALL
        .iter()
        .map(|level| {
            let count = roles.iter().filter(|r| r.role.level == *level).count();
            view! { <th scope="colgroup" colspan=count.to_string()>{level_words(*level)}</th> }
        })
        .collect_view();
    let names = roles
        .iter()
        .map(|r| {
            let own = (!r.role.built_in).then(|| view! { <span class="flag">"own role"</span> });
            view! { <th scope="col">{shown(&r.role.name)} <code>{breakable(r.role.id.as_str(), '_')}</code> {own}</th> }
        })
        .collect_view();
    let columns = roles.len() + 1;
    let bodies = Level::ALL
        .iter()
        .map(|level| {
            let rows = Permission::ALL
                .iter()
                .filter(|permission| permission.level() == *level)
                .map(|permission| row(&roles, *permission))
                .collect_view();
            view! {
                <tbody>
                    <tr class="matrix__level">
                        <th scope="rowgroup" colspan=columns.to_string()><span>"Permissions: " {level_words(*level)}</span></th>
                    </tr>
                    {rows}
                </tbody>
            }
        })
        .collect_view();
    view! {
        <div class="scroll matrix" tabindex="0" role="region" aria-label="Permissions of the roles">
            <table class="grid grid--matrix">
                <thead>
                    <tr>
                        <td class="matrix__corner"></td>
                        {levels}
                    </tr>
                    <tr>
                        <th scope="col">"Permission"</th>
                        {names}
                    </tr>
                </thead>
                {bodies}
            </table>
        </div>
    }
    .into_any()
}

/// The line may break after each separator; a name that is copied is still the name.
fn breakable(name: &str, separator: char) -> Vec<AnyView> {
    name.split_inclusive(separator).map(|part| view! { {part.to_owned()} <wbr/> }.into_any()).collect()
}

fn row(roles: &[RoleView], permission: Permission) -> AnyView {
    let name = breakable(permission.as_str(), '.');
    let cells = roles.iter().map(|role| cell(role, permission)).collect_view();
    view! {
        <tr>
            <th scope="row"><code>{name}</code><span class="help">{permission.meaning()}</span></th>
            {cells}
        </tr>
    }
    .into_any()
}

fn cell(view: &RoleView, permission: Permission) -> AnyView {
    let edit = view.role.edits.iter().find(|edit| edit.permission == permission.as_str());
    match edit.map(|edit| edit.granted) {
        Some(true) => view! { <td><span class="edit edit--added">"▲ added"</span></td> }.into_any(),
        Some(false) => view! { <td><span class="edit edit--removed">"▼ removed"</span></td> }.into_any(),
        None if view.role.permissions.contains(&permission) => view! { <td>"✓"</td> }.into_any(),
        None if view.brings.contains(&permission) => view! { <td class="muted">"(✓)"</td> }.into_any(),
        None => view! { <td></td> }.into_any(),
    }
}
