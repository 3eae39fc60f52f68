use backstep_domain::{Level, Problem};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{
    super::{Loading, Trouble, recalled, refused_form},
    AccessHead, AccessTab,
};
use crate::{
    api::{Failure, MayHere, PlaceAccess, get_place_access},
    components::{GiveRoleForm, Refused, ServiceAccounts},
};

/// `/access/service-accounts`: programs that belong to the whole installation.
#[component]
pub fn ServiceAccountsPage() -> impl IntoView {
    let form = refused_form();
    let found = Resource::new(
        move || form.get(),
        |form| async move {
            let kept = recalled(form).await;
            Ok::<_, Failure>((get_place_access(Level::System, None).await?, kept))
        },
    );
    view! {
        <Title text="Service accounts"/>
        <AccessHead here=AccessTab::ServiceAccounts/>
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                let (access, kept) = match found.await {
                    Ok(answer) => answer,
                    Err(failure) => return view! { <Trouble problem=failure.0 titled=true/> }.into_any(),
                };
                if access.services.is_none() {
                    let message = "You may not see service accounts: it needs the permission system.serviceAccounts.get.";
                    let problem = Problem::forbidden(message);
                    return view! { <Trouble problem=problem titled=true/> }.into_any();
                }
                let give = to_services(&access).map(|access| {
                    view! {
                        <section class="card" aria-labelledby="give-title">
                            <h2 id="give-title">"Give one a role on the whole installation"</h2>
                            <GiveRoleForm access=access kept=kept.clone()/>
                        </section>
                    }
                });
                view! {
                    <Refused kept=kept.clone()/>
                    <section aria-labelledby="services-title">
                        <h2 id="services-title">"Service accounts of the whole installation"</h2>
                        <p class="help">
                            "They can be given roles everywhere. Those of one Workspace or Deployment are on its own access page."
                        </p>
                        <ServiceAccounts access=access kept=kept/>
                    </section>
                    {give}
                }
                .into_any()
            })}
        </Transition>
    }
    .into_any()
}

/// The same with nothing but service accounts to give to; `None` if that is nobody.
fn to_services(access: &PlaceAccess) -> Option<PlaceAccess> {
    let mut access = access.clone();
    access.may = MayHere { give_to_services: access.may.give_to_services, ..MayHere::default() };
    (access.may.give_to_services && !access.subjects.services.is_empty()).then_some(access)
}
