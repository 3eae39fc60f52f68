use backstep_domain::{Account, AccountKind};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use server_fn::ServerFn;

use super::super::{Loading, Trouble, recalled, refused_form, sent_along};
use crate::{
    api::{ChangePassword, Failure, KeptForm, get_own_account},
    components::{NewTokenForm, OnceShown, PostForm, Refused, SessionTable, TokenList, kept_of},
    words::shown,
};

/// `/me`: one's own sessions, password and tokens.
#[component]
pub fn MePage() -> impl IntoView {
    let once = sent_along();
    let query = use_query_map();
    let changed = Memo::new(move |_| query.read().get("done").as_deref() == Some("password"));
    let form = refused_form();
    let found = Resource::new(
        move || form.get(),
        |form| async move {
            let kept = recalled(form).await;
            Ok::<_, Failure>((get_own_account().await?, kept))
        },
    );
    view! {
        <Title text="Your account"/>
        <div class="head"><h1>"Your account"</h1></div>
        {once.map(|once| view! { <OnceShown once=once/> })}
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                let (own, kept) = match found.await {
                    Ok(answer) => answer,
                    Err(failure) => return view! { <Trouble problem=failure.0 titled=true/> }.into_any(),
                };
                let account = own.tokens.owner.account.clone();
                let person = account.kind == AccountKind::Person;
                let done = changed.get_untracked().then(|| {
                    view! { <p class="note" role="status">"Your password is changed. Your other sessions have ended."</p> }
                });
                let password = person.then(|| view! { <Password account=account.clone() kept=kept.clone()/> });
                let tokens = own.tokens;
                let tokens = if tokens.owner.may_make {
                    view! {
                        <NewTokenForm view=tokens.clone() kept=kept.clone()/>
                        <TokenList view=tokens/>
                    }
                    .into_any()
                } else {
                    view! {
                        <p class="note">
                            "You are signed in with the operator's token. It has no password and no tokens of its own: invite a person, or create a service account."
                        </p>
                    }
                    .into_any()
                };
                let login = account.login.as_deref().map(|login| {
                    view! { <div><dt>"Login"</dt><dd>{shown(login)}</dd></div> }
                });
                view! {
                    {done}
                    <Refused kept=kept/>
                    <dl class="facts">
                        <div><dt>"Name"</dt><dd>{shown(&account.name)}</dd></div>
                        {login}
                    </dl>
                    <section aria-labelledby="sessions-title">
                        <h2 id="sessions-title">"Where you are signed in"</h2>
                        <SessionTable sessions=own.sessions/>
                    </section>
                    {password}
                    <section aria-labelledby="tokens-title">
                        <h2 id="tokens-title">"Your tokens"</h2>
                        <p class="help">"A token may what you may at the time, within its limits. For CI, a service account is better: it stays when you go."</p>
                        {tokens}
                    </section>
                }
                .into_any()
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Password(account: Account, kept: Option<KeptForm>) -> impl IntoView {
    let refused = kept_of(kept.as_ref(), ChangePassword::PATH).is_some();
    view! {
        <details class="card fold" open=refused>
            <summary>"Change your password"</summary>
            <PostForm path=ChangePassword::PATH>
                // For password managers.
                <input type="text" name="login" value=account.login.unwrap_or_default() autocomplete="username" hidden readonly/>
                <div class="field">
                    <label for="old-password">"Your password now"</label>
                    <input id="old-password" name="old_password" type="password" required autocomplete="current-password"/>
                </div>
                <div class="field">
                    <label for="new-password">"The new one"</label>
                    <input id="new-password" name="new_password" type="password" required minlength="12" maxlength="128" autocomplete="new-password"/>
                    <p class="help">"12 to 128 characters; any of them will do."</p>
                </div>
                <div class="field">
                    <label for="new-password-again">"The new one again"</label>
                    <input id="new-password-again" name="new_password_again" type="password" required autocomplete="new-password"/>
                </div>
                <p class="help">"Your other sessions end. Tokens stay."</p>
                <button type="submit" class="button button--primary">"Change the password"</button>
            </PostForm>
        </details>
    }
    .into_any()
}
