use leptos::prelude::*;

use crate::{
    api::{MadeToken, Once, OneTimeLink},
    components::{CopyButton, When},
    words::shown,
};

/// A secret, this once.
#[component]
pub fn OnceShown(once: Once) -> impl IntoView {
    match once {
        Once::Token(made) => view! { <NewSecret made=made/> }.into_any(),
        Once::Link(link) => view! { <NewLink link=link/> }.into_any(),
    }
}

#[component]
fn NewSecret(made: MadeToken) -> impl IntoView {
    let secret = made.secret.clone();
    view! {
        <section class="once" aria-labelledby="once-title">
            <h2 id="once-title">"The token " {shown(&made.token.name)} " is made"</h2>
            <p><code class="secret">{made.secret}</code></p>
            <CopyButton text=secret label="Copy the token"/>
            <p>"Keep it now: it is not shown again. Only its hash is kept here. It expires " <When at=made.token.expires_at/> "."</p>
        </section>
    }
    .into_any()
}

#[component]
fn NewLink(link: OneTimeLink) -> impl IntoView {
    let address = link.address.clone();
    view! {
        <section class="once" aria-labelledby="once-title">
            <h2 id="once-title">"A link for " {shown(&link.name)}</h2>
            <p><code class="secret">{link.address}</code></p>
            <CopyButton text=address label="Copy the link"/>
            <p>
                "Send it to " {shown(&link.name)} " yourself; no mail is sent from here. Whoever opens it sets the password and is signed in. It works once, until "
                <When at=link.until/> ", and is not shown again."
            </p>
        </section>
    }
    .into_any()
}
