use backstep_domain::{AccountId, Subject};
use leptos::prelude::*;

use super::super::GetForm;
use crate::{
    api::{Explained, PlaceAccess},
    components::ExplainedAccess,
    words::{author_name, shown},
};

/// What may this person do here, and through what? Who is meant is part of the address.
#[component]
pub fn ExplainSection(
    access: PlaceAccess,
    /// The page's own path.
    path: String,
    chosen: AccountId,
    explained: Option<Explained>,
) -> impl IntoView {
    let options = known_accounts(&access)
        .into_iter()
        .map(|(id, name)| view! { <option selected=id == chosen value=id.to_string()>{name}</option> })
        .collect_view();
    let answer = explained.map(|explained| view! { <ExplainedAccess explained=explained access=access.clone()/> });
    view! {
        <section class="card" id="explain" aria-labelledby="explain-title">
            <h2 id="explain-title">"What may somebody do here, and through what?"</h2>
            <GetForm action=format!("{path}#explain") class="row">
                <label for="explain-account">"Account"</label>
                <select id="explain-account" name="account">{options}</select>
                <button type="submit" class="button">"Show"</button>
            </GetForm>
            {answer}
        </section>
    }
    .into_any()
}

/// Everybody whom the caller knows of here; the caller first.
fn known_accounts(access: &PlaceAccess) -> Vec<(AccountId, String)> {
    let own = access.own.as_ref().map(|own| (AccountId::new(own.id.clone()), format!("{} (you)", author_name(own))));
    let all = access.subjects.people.iter().flatten().chain(&access.subjects.services);
    let all = all.map(|account| (account.id.clone(), shown(&account.name)));
    let given = access.grants.iter().flatten().filter_map(|here| match &here.grant.subject {
        Subject::Account(id) => Some((id.clone(), shown(&here.grant.subject_name))),
        Subject::Team(_) => None,
    });
    let mut known: Vec<(AccountId, String)> = Vec::new();
    for (id, name) in own.into_iter().chain(all).chain(given) {
        if !known.iter().any(|(other, _)| *other == id) {
            known.push((id, name));
        }
    }
    known
}
