use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{Crumbs, Loading, Trouble, deploy_in_query, deployment_in_path, refused_form};
use crate::components::{RollbackPlan, deployment_href, history_href, load_rollback, rollback_title};

/// `/deployments/{id}/rollback?to=52`: the rollback as a page of its own, so that a link to it can be sent.
#[component]
pub fn RollbackPage() -> impl IntoView {
    let id = deployment_in_path();
    let target = deploy_in_query("to");
    let form = refused_form();
    let query = use_query_map();
    let file = Memo::new(move |_| query.read().get("file"));
    let data = Resource::new(
        move || (id.get(), target.get(), form.get(), file.get()),
        |(id, target, form, file)| load_rollback(id, target, form, file),
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                let data = match data.await {
                    Ok(data) => data,
                    Err(failure) => return view! { <Trouble problem=failure.0/> }.into_any(),
                };
                let id = id.get_untracked();
                let name = data.view.deployment_name.clone();
                view! {
                    <Title text=rollback_title(&data.view)/>
                    <Crumbs
                        above=vec![
                            (name, deployment_href(&id)),
                            ("Deploy History".to_owned(), history_href(&id)),
                        ]
                        here=format!("Rollback to {}", data.view.plan.to.number)
                    />
                    <RollbackPlan deployment=id data=data/>
                }
                .into_any()
            })}
        </Transition>
    }
}
