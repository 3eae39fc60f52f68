use backstep_domain::{Account, Subject};
use leptos::prelude::*;
use server_fn::ServerFn;

use super::{AccountState, PostForm, kept_of, role_words, typed};
use crate::{
    api::{CreateServiceAccount, KeptForm, PlaceAccess, SetAccountDisabled},
    components::{Empty, When, tokens_href},
    words::shown,
};

/// The service accounts that belong to a place, with their roles there.
#[component]
pub fn ServiceAccounts(access: PlaceAccess, kept: Option<KeptForm>) -> impl IntoView {
    let services = access.services.clone()?;
    let list = if services.is_empty() {
        view! {
            <Empty title="No service accounts yet">
                <p>"One is for a program: CI, or a portal's backend. It has roles and tokens, and no password."</p>
            </Empty>
        }
        .into_any()
    } else {
        let rows = services.into_iter().map(|account| row(&access, account)).collect_view();
        view! {
            <table class="grid grid--access">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Roles here"</th>
                        <th scope="col">"Created"</th>
                        <th scope="col"><span class="unseen">"Change"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    let create = access.may.create_services.then(|| create(&access, kept));
    Some(view! { {list} {create} }.into_any())
}

fn row(access: &PlaceAccess, account: Account) -> AnyView {
    let name = shown(&account.name);
    let row = format!("account-{}", account.id);
    let roles = roles_of(access, &account);
    let id = account.id.to_string();
    let switch = access.may.disable_services.then(|| {
        let (label, word) = if account.disabled {
            (format!("Enable {name}"), "Enable")
        } else {
            (format!("Disable {name}"), "Disable")
        };
        let value = if account.disabled { "false" } else { "true" };
        let title = (!account.disabled).then_some("Its tokens are refused at once, until it is enabled again.");
        view! {
            <PostForm path=SetAccountDisabled::PATH class="row" row=row.clone()>
                <input type="hidden" name="account" value=id/>
                <input type="hidden" name="disabled" value=value/>
                <button type="submit" class="button button--small" aria-label=label title=title>{word}</button>
            </PostForm>
        }
    });
    view! {
        <tr id=row.clone()>
            <th scope="row" data-label="Name">{name.clone()}</th>
            <td data-label="State"><AccountState disabled=account.disabled/></td>
            <td data-label="Roles here">{roles}</td>
            <td data-label="Created"><When at=account.created_at/></td>
            <td class="action">
                <div class="row">
                    <a class="button button--small" href=tokens_href(&account.id) aria-label=format!("Tokens of {name}")>"Tokens"</a>
                    {switch}
                </div>
            </td>
        </tr>
    }
    .into_any()
}

/// The roles that an account has here directly.
pub fn roles_of(access: &PlaceAccess, account: &Account) -> AnyView {
    let subject = Subject::Account(account.id.clone());
    let grants = access.grants.iter().flatten().filter(|g| g.grant.subject == subject && g.grant.at == access.place);
    let roles: Vec<_> = grants.map(|g| view! { <li>{role_words(access, &g.grant.role)}</li> }).collect();
    if roles.is_empty() {
        return view! { <span class="muted">"none"</span> }.into_any();
    }
    view! { <ul class="plain">{roles}</ul> }.into_any()
}

fn create(access: &PlaceAccess, kept: Option<KeptForm>) -> AnyView {
    let kept = kept_of(kept.as_ref(), CreateServiceAccount::PATH);
    let name = typed(kept.as_ref(), "name");
    let (level, at) = (access.place.level().to_string(), access.place.id().to_owned());
    let belongs = format!(
        "It belongs to {}, and gets no role above that. After this you make its first token.",
        shown(&access.name)
    );
    view! {
        <details class="card fold" open=kept.is_some()>
            <summary>"Create a service account"</summary>
            <PostForm path=CreateServiceAccount::PATH>
                <input type="hidden" name="level" value=level/>
                <input type="hidden" name="at" value=at/>
                <div class="field">
                    <label for="service-name">"Name"</label>
                    <input id="service-name" name="name" type="text" required maxlength="100" value=name autocomplete="off"/>
                    <p class="help">{belongs}</p>
                </div>
                <button type="submit" class="button button--primary">"Create the service account"</button>
            </PostForm>
        </details>
    }
    .into_any()
}
