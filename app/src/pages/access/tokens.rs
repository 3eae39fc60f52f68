use backstep_domain::{AccountId, Place};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::super::{Crumbs, Loading, Trouble, recalled, refused_form, sent_along};
use crate::{
    api::{Failure, TokenOwner, get_tokens},
    components::{
        AccountState, NewTokenForm, OnceShown, Refused, TokenList, deployment_access_href, href, workspace_access_href,
    },
    words::shown,
};

/// `/accounts/{id}/tokens`: the tokens of a service account.
#[component]
pub fn TokensPage() -> impl IntoView {
    let once = sent_along();
    let params = use_params_map();
    let account = Memo::new(move |_| AccountId::new(params.read().get("id").unwrap_or_default()));
    let form = refused_form();
    let found = Resource::new(
        move || (account.get(), form.get()),
        |(account, form)| async move {
            let kept = recalled(form).await;
            Ok::<_, Failure>((get_tokens(account).await?, kept))
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || {
                let once = once.clone();
                Suspend::new(async move {
                    let (view, kept) = match found.await {
                        Ok(answer) => answer,
                        Err(failure) => return view! { <Trouble problem=failure.0/> }.into_any(),
                    };
                    let name = shown(&view.owner.account.name);
                    let read_only = (!view.owner.may_make)
                        .then(|| view! { <p class="note">"You may see these tokens, not change them."</p> });
                    view! {
                        <Title text=format!("Tokens of {name}")/>
                        <Crumbs above=home(&view.owner) here=format!("Tokens of {}", view.owner.account.name)/>
                        <div class="head">
                            <div>
                                <h1>"Tokens of " {name}</h1>
                                <p><AccountState disabled=view.owner.account.disabled/></p>
                            </div>
                        </div>
                        {once.map(|once| view! { <OnceShown once=once/> })}
                        <Refused kept=kept.clone()/>
                        {read_only}
                        <NewTokenForm view=view.clone() kept=kept/>
                        <section aria-labelledby="tokens-title">
                            <h2 id="tokens-title">"Tokens"</h2>
                            <TokenList view=view/>
                        </section>
                    }
                    .into_any()
                })
            }}
        </Transition>
    }
    .into_any()
}

/// Where the service account belongs.
fn home(owner: &TokenOwner) -> Vec<(String, String)> {
    let name = owner.home_name.clone();
    match &owner.account.home {
        _ if owner.own => vec![("Your account".to_owned(), href("/me"))],
        Place::System => vec![("Service accounts".to_owned(), href("/access/service-accounts"))],
        Place::Workspace(id) => vec![(format!("Access to {name}"), workspace_access_href(id))],
        Place::Deployment(id) => vec![(format!("Access to {name}"), deployment_access_href(id))],
    }
}
