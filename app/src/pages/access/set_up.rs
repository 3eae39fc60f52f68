use backstep_domain::{Problem, ProblemCode};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use server_fn::ServerFn;

use super::super::{Loading, Trouble, answer_status, recalled, refused_form};
use crate::{
    api::{Failure, KeptForm, UseLink, get_link},
    components::{PostForm, ProblemNote, href, kept_of, typed},
    words::shown,
};

/// `/set-up?token=...`: a one-time link. It makes the first administrator, or lets a person set their password.
#[component]
pub fn SetUpPage() -> impl IntoView {
    let query = use_query_map();
    let token = Memo::new(move |_| query.read().get("token").unwrap_or_default());
    let form = refused_form();
    let found = Resource::new(
        move || (token.get(), form.get()),
        |(token, form)| async move {
            let kept = recalled(form).await;
            Ok::<_, Failure>((get_link(Some(token)).await?, kept))
        },
    );
    view! {
        <Title text="Set up"/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                match found.await {
                    Ok((person, kept)) => {
                        view! { <LinkForm token=token.get_untracked() person=person kept=kept/> }.into_any()
                    }
                    Err(failure) if failure.0.code == ProblemCode::NotFound => {
                        view! { <UsedUp problem=failure.0/> }.into_any()
                    }
                    Err(failure) => view! { <Trouble problem=failure.0/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn UsedUp(problem: Problem) -> impl IntoView {
    answer_status(problem.code.status());
    view! {
        <div class="trouble" role="alert">
            <h1>"This link does not work any more"</h1>
            <p>{shown(&problem.message)}</p>
            <p><a href=href("/sign-in")>"Sign in"</a></p>
        </div>
    }
    .into_any()
}

#[component]
fn LinkForm(token: String, person: Option<String>, kept: Option<KeptForm>) -> impl IntoView {
    let kept = kept_of(kept.as_ref(), UseLink::PATH);
    let problem = kept.clone().map(|form| view! { <ProblemNote problem=form.problem/> });
    let (login, name) = (typed(kept.as_ref(), "login"), typed(kept.as_ref(), "name"));
    let (title, words, button) = match &person {
        Some(name) => (
            format!("Welcome, {}", shown(name)),
            "Choose a password. You are signed in with it right away.",
            "Set the password",
        ),
        None => (
            "The first administrator".to_owned(),
            "This installation has no administrator yet. You become it: every right on everything, and the one who invites the others.",
            "Become the administrator",
        ),
    };
    let who = person.is_none().then(|| {
        view! {
            <div class="field">
                <label for="login">"Login"</label>
                <input id="login" name="login" type="text" required maxlength="200" value=login autocomplete="username"/>
                <p class="help">"An e-mail address, or a name without spaces. With it you sign in."</p>
            </div>
            <div class="field">
                <label for="name">"Name"</label>
                <input id="name" name="name" type="text" required maxlength="100" value=name autocomplete="name"/>
                <p class="help">"As others read it in the Deploy History."</p>
            </div>
        }
    });
    view! {
        <div class="narrow">
            <h1>{title}</h1>
            <p>{words}</p>
            {problem}
            <PostForm path=UseLink::PATH class="card">
                <input type="hidden" name="token" value=token/>
                {who}
                <div class="field">
                    <label for="password">"Password"</label>
                    <input id="password" name="password" type="password" required minlength="12" maxlength="128" autocomplete="new-password"/>
                    <p class="help">"12 to 128 characters; any of them will do."</p>
                </div>
                <div class="field">
                    <label for="password-again">"Password again"</label>
                    <input id="password-again" name="password_again" type="password" required autocomplete="new-password"/>
                </div>
                <button type="submit" class="button button--primary">{button}</button>
            </PostForm>
        </div>
    }
    .into_any()
}
