use backstep_domain::Author;
use leptos::{ev, prelude::*};
use server_fn::ServerFn;

use super::href;
use crate::{
    api::{ChoosePerson, Me, SignOut},
    words::author_name,
};

/// The product's name, and who looks at it.
#[component]
pub fn SiteHeader(children: Children) -> impl IntoView {
    view! {
        <header class="site">
            <div class="site__in">
                <a class="site__name" href=href("/")>
                    <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
                        <path
                            d="M9 5 3 11l6 6v-4h6a3.5 3.5 0 0 1 0 7h-3v2h3a5.5 5.5 0 0 0 0-11H9z"
                            fill="currentColor"
                        ></path>
                    </svg>
                    "Backstep"
                </a>
                {children()}
            </div>
        </header>
    }
    .into_any()
}

/// Who is signed in, and the way out; in the demo, as whom to look at it. A whole page is loaded afterwards: everything
/// on it may differ.
#[component]
pub fn WhoIsThere(me: Me) -> impl IntoView {
    let Some(people) = me.demo_people else {
        return match me.author {
            Some(author) => view! { <SignedIn author=author/> }.into_any(),
            None => view! { <p class="who"><a href=href("/sign-in") rel="external">"Sign in"</a></p> }.into_any(),
        };
    };
    let id = me.author.as_ref().map(|a| a.id.clone()).unwrap_or_default();
    let is = |person: &str| id == person || id.strip_prefix("demo:") == Some(person);
    // Somebody who was invited into the demo, and signed in.
    let guest = me.author.clone().filter(|_| !people.iter().any(|(person, _)| is(person)));
    let account = guest.is_none().then(|| view! { <a href=href("/me") rel="external">"Your account"</a> });
    let nobody = guest.is_some().then(|| view! { <option value="" selected disabled>"Choose…"</option> });
    let options = people
        .into_iter()
        .map(|(person, label)| view! { <option selected=is(&person) value=person.clone()>{label}</option> })
        .collect_view();
    view! {
        {guest.map(|author| view! { <SignedIn author=author/> })}
        <form class="who" method="post" action=href(ChoosePerson::PATH)>
            <label for="person">"Demo person"</label>
            <select id="person" name="person" on:change=send_form>
                {nobody}
                {options}
            </select>
            <button type="submit" class="button">"Switch"</button>
            {account}
        </form>
    }
    .into_any()
}

#[component]
fn SignedIn(author: Author) -> impl IntoView {
    view! {
        <div class="who">
            <span>"Signed in as " <a href=href("/me") rel="external">{author_name(&author)}</a></span>
            <form method="post" action=href(SignOut::PATH)>
                <button type="submit" class="button">"Sign out"</button>
            </form>
        </div>
    }
    .into_any()
}

#[cfg(target_arch = "wasm32")]
fn send_form(ev: ev::Event) {
    let form = event_target::<web_sys::HtmlSelectElement>(&ev).form();
    // It only fails where the form is not in the document any more.
    let _ = form.map(|form| form.request_submit());
}

#[cfg(not(target_arch = "wasm32"))]
fn send_form(_: ev::Event) {}
