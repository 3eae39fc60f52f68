use backstep_domain::Permission;
use leptos::prelude::*;

use super::super::who_looks;
use crate::components::href;

/// The pages about the whole installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessTab {
    People,
    Teams,
    Roles,
    ServiceAccounts,
}

impl AccessTab {
    const ALL: [Self; 4] = [Self::People, Self::Teams, Self::Roles, Self::ServiceAccounts];

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::People => ("People", "/access"),
            Self::Teams => ("Teams", "/access/teams"),
            Self::Roles => ("Roles", "/access/roles"),
            Self::ServiceAccounts => ("Service accounts", "/access/service-accounts"),
        }
    }

    /// What it takes to see the page; everybody who is signed in may know what the roles hold.
    fn needs(self) -> Option<Permission> {
        match self {
            Self::People => Some(Permission::SystemUsersGet),
            Self::Teams => Some(Permission::SystemTeamsGet),
            Self::Roles => None,
            Self::ServiceAccounts => Some(Permission::SystemServiceAccountsGet),
        }
    }
}

/// The title and the way between the pages; only those that the visitor may see.
#[component]
pub fn AccessHead(here: AccessTab) -> impl IntoView {
    let me = who_looks();
    view! {
        <div class="head"><h1>"Access"</h1></div>
        <Suspense>
            {move || Suspend::new(async move {
                let permissions = me.await.unwrap_or_default().permissions;
                let tabs = AccessTab::ALL
                    .into_iter()
                    .filter(|tab| *tab == here || tab.needs().is_none_or(|needed| permissions.contains(&needed)))
                    .map(|tab| {
                        let (words, path) = tab.words();
                        let current = (tab == here).then_some("page");
                        view! { <li><a href=href(path) aria-current=current>{words}</a></li> }
                    })
                    .collect_view();
                view! { <nav class="tabs" aria-label="Access"><ul>{tabs}</ul></nav> }
            })}
        </Suspense>
    }
    .into_any()
}
