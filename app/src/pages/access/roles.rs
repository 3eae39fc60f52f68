use leptos::prelude::*;
use leptos_meta::Title;

use super::{
    super::{Loading, Trouble},
    AccessHead, AccessTab,
};
use crate::{
    api::get_roles,
    components::{RoleMatrix, UnusedPermissions},
};

/// `/access/roles`: what each role holds, and where the configuration differs from the original.
#[component]
pub fn RolesPage() -> impl IntoView {
    let found = Resource::new(|| (), |()| get_roles());
    view! {
        <Title text="Roles"/>
        <AccessHead here=AccessTab::Roles/>
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                let roles = match found.await {
                    Ok(roles) => roles,
                    Err(failure) => return view! { <Trouble problem=failure.0 titled=true/> }.into_any(),
                };
                view! {
                    <p>
                        "Roles and their contents are the original's; the server's configuration changes them and adds roles of its own. A role holds where it is given and on everything below; of several, the most permissive one wins."
                    </p>
                    <dl class="legend">
                        <div><dt>"✓"</dt><dd>"holds it"</dd></div>
                        <div>
                            <dt class="muted">"(✓)"</dt>
                            <dd>"has it through another permission, or a role that comes with it"</dd>
                        </div>
                        <div>
                            <dt><span class="edit edit--added">"▲ added"</span></dt>
                            <dd>"the configuration grants it, unlike the original"</dd>
                        </div>
                        <div>
                            <dt><span class="edit edit--removed">"▼ removed"</span></dt>
                            <dd>"the configuration takes it away, unlike the original"</dd>
                        </div>
                    </dl>
                    <RoleMatrix roles=roles.clone()/>
                    <UnusedPermissions roles=roles/>
                }
                .into_any()
            })}
        </Transition>
    }
    .into_any()
}
