use leptos::prelude::*;
use leptos_meta::Title;

use super::{Loading, Trouble, recalled, refused_form};
use crate::{
    api::who_am_i,
    components::{ProblemNote, href},
    words::{author_name, shown},
};

/// Login and password; where the operator started the server with a token, that too. Plain forms: a new document follows.
#[component]
pub fn SignInPage() -> impl IntoView {
    let form = refused_form();
    let asked = Resource::new(
        move || form.get(),
        |form| async move {
            let kept = recalled(form).await;
            who_am_i().await.map(|me| (me, kept))
        },
    );
    view! {
        <Title text="Sign in"/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                let (me, kept) = match asked.await {
                    Ok(answer) => answer,
                    Err(failure) => return view! { <Trouble problem=failure.0/> }.into_any(),
                };
                let signed_in = me.author.as_ref().map(|author| {
                    view! {
                        <p>
                            "You are signed in as " <b>{author_name(author)}</b> ". "
                            <a href=href("/")>"Go to the Deployments"</a>
                        </p>
                    }
                });
                let login = kept.as_ref().and_then(|form| form.field("login")).unwrap_or_default().to_owned();
                let problem = kept.map(|form| view! { <ProblemNote problem=form.problem/> });
                let with_provider = me.provider.map(|name| view! { <WithProvider name=name/> });
                let with_token = me.token_sign_in.then(|| view! { <WithToken/> });
                view! {
                    <div class="narrow">
                        <h1>"Sign in"</h1>
                        {signed_in}
                        {problem}
                        {with_provider}
                        <form class="card" method="post" action=href("/ui/sign-in")>
                            <div class="field">
                                <label for="login">"Login"</label>
                                <input id="login" name="login" required value=login autocomplete="username"/>
                            </div>
                            <div class="field">
                                <label for="password">"Password"</label>
                                <input
                                    id="password"
                                    name="password"
                                    type="password"
                                    required
                                    autocomplete="current-password"
                                />
                            </div>
                            <button type="submit" class="button button--primary">"Sign in"</button>
                        </form>
                        {with_token}
                    </div>
                }
                .into_any()
            })}
        </Suspense>
    }
    .into_any()
}

/// To the company's own sign-in. Not for the router: it leads off this server.
#[component]
fn WithProvider(name: String) -> impl IntoView {
    view! {
        <p class="card">
            <a class="button button--primary" href=href("/sign-in/oidc") rel="external">
                "Sign in with " {shown(&name)}
            </a>
        </p>
    }
    .into_any()
}

/// The operator's way in: for the first steps, and for emergencies.
#[component]
fn WithToken() -> impl IntoView {
    view! {
        <form class="card" method="post" action=href("/ui/sign-in-with-token")>
            <h2>"With the operator's token"</h2>
            <div class="field">
                <label for="token">"Token"</label>
                <input id="token" name="token" type="password" required autocomplete="off" aria-describedby="token-help"/>
                <p id="token-help" class="help">
                    "The token that the server was started with. It is asked for once and kept in a session of this browser."
                </p>
            </div>
            <button type="submit" class="button">"Sign in with the token"</button>
        </form>
    }
    .into_any()
}
