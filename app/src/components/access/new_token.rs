use backstep_domain::{DeploymentId, Level, Permission};
use leptos::prelude::*;
use server_fn::ServerFn;

use super::{PostForm, kept_of, level_words, typed};
use crate::{
    api::{KeptForm, MakeToken, TokensView},
    words::shown,
};

/// Makes a token: its name, how long it lasts, and what it is limited to.
#[component]
pub fn NewTokenForm(view: TokensView, kept: Option<KeptForm>) -> impl IntoView {
    if !view.owner.may_make {
        return None;
    }
    if view.owner.account.disabled {
        return Some(view! { <p class="note">"This account is disabled; enable it to make tokens."</p> }.into_any());
    }
    let page = view.page();
    let kept = kept_of(kept.as_ref(), MakeToken::PATH);
    let name = typed(kept.as_ref(), "name");
    let days = kept.as_ref().map_or_else(|| "90".to_owned(), |form| typed(Some(form), "days"));
    let open = kept.is_some();
    let permissions = permissions(kept.as_ref());
    let places = (!view.deployments.is_empty()).then(|| deployments(&view.deployments, kept.as_ref()));
    Some(
        view! {
            <details class="card fold" open=open>
                <summary>"Make a token"</summary>
                <PostForm path=MakeToken::PATH shows=page>
                    <input type="hidden" name="account" value=view.owner.account.id.to_string()/>
                    <div class="field">
                        <label for="token-name">"Name"</label>
                        <input id="token-name" name="name" type="text" required maxlength="100" value=name autocomplete="off"/>
                        <p class="help">"What it is used by, so that you know later which one to revoke."</p>
                    </div>
                    <div class="field">
                        <label for="token-days">"Lasts, in days"</label>
                        <input id="token-days" name="days" type="number" min="1" max="366" required value=days/>
                        <p class="help">"1 to 366."</p>
                    </div>
                    {places}
                    {permissions}
                    <button type="submit" class="button button--primary">"Make the token"</button>
                </PostForm>
            </details>
        }
        .into_any(),
    )
}

fn ticked(kept: Option<&KeptForm>, name: &str, value: &str) -> bool {
    kept.is_some_and(|form| form.fields.iter().any(|(n, v)| n == name && v == value))
}

fn deployments(all: &[(DeploymentId, String)], kept: Option<&KeptForm>) -> AnyView {
    let boxes = all
        .iter()
        .map(|(id, name)| {
            let on = ticked(kept, "deployments[]", id.as_str());
            view! {
                <label class="tick">
                    <input type="checkbox" name="deployments[]" value=id.to_string() checked=on/>
                    {shown(name)}
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="ticks">
            <legend>"Only on these Deployments"</legend>
            <p class="help">"None ticked: wherever its owner may."</p>
            <div class="ticks__in">{boxes}</div>
        </fieldset>
    }
    .into_any()
}

fn permissions(kept: Option<&KeptForm>) -> AnyView {
    let open = kept.is_some_and(|form| form.fields.iter().any(|(name, _)| name == "permissions[]"));
    // What a program mostly needs comes first.
    let levels = [Level::Deployment, Level::Workspace, Level::System];
    let groups = levels
        .into_iter()
        .map(|level| {
            let boxes = Permission::ALL
                .iter()
                .filter(|permission| permission.level() == level)
                .map(|permission| {
                    let on = ticked(kept, "permissions[]", permission.as_str());
                    view! {
                        <label class="tick" title=permission.meaning()>
                            <input type="checkbox" name="permissions[]" value=permission.as_str() checked=on/>
                            <code>{permission.as_str()}</code>
                        </label>
                    }
                })
                .collect_view();
            view! {
                <fieldset class="ticks">
                    <legend>{level_words(level)}</legend>
                    <div class="ticks__in">{boxes}</div>
                </fieldset>
            }
        })
        .collect_view();
    view! {
        <details class="fold wide" open=open>
            <summary>"Only some permissions"</summary>
            <p class="help">
                "None ticked: all of its owner's. For CI that deploys, "
                <code>"deployment.deployRevisions.get"</code>", "<code>"deployment.images.push"</code>" and "<code>"deployment.dags.push"</code>
                " are enough. A token never may more than its owner does at the time."
            </p>
            {groups}
        </details>
    }
    .into_any()
}
