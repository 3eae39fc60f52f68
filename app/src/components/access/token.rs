use backstep_domain::{ApiToken, DeploymentId, TokenState};
use leptos::prelude::*;
use server_fn::ServerFn;

use super::{PostForm, TokenBadge};
use crate::{
    api::{RevokeToken, RotateToken, TokensView},
    components::{Empty, When},
    now::use_now,
    words::shown,
};

/// An account's tokens: what each may do, how long it lasts, when it was used.
#[component]
pub fn TokenList(view: TokensView) -> impl IntoView {
    if view.tokens.is_empty() {
        return view! {
            <Empty title="No tokens yet">
                <p>"A token is for a program: it sends it with each request, or the command line reads it from " <code>"BACKSTEP_TOKEN"</code> "."</p>
            </Empty>
        }
        .into_any();
    }
    let page = view.page();
    let TokensView { owner, tokens, deployments } = view;
    let may_change = owner.may_make && !owner.account.disabled;
    let items = tokens
        .into_iter()
        .map(|token| view! { <OneToken token=token deployments=deployments.clone() page=page.clone() may_rotate=may_change may_revoke=owner.may_make/> })
        .collect_view();
    view! { <ul class="tokens">{items}</ul> }.into_any()
}

#[component]
fn OneToken(
    token: ApiToken,
    deployments: Vec<(DeploymentId, String)>,
    page: String,
    may_rotate: bool,
    may_revoke: bool,
) -> impl IntoView {
    let now = use_now().at.get_untracked();
    let over = matches!(token.state(now), TokenState::Expired | TokenState::Revoked);
    let replaced = token.state(now) == TokenState::Ending;
    let last_used = match token.last_used_at {
        Some(at) => view! { <When at=at/> }.into_any(),
        None => view! { <span class="muted">"never"</span> }.into_any(),
    };
    let (end, end_at) = match token.revoked_at {
        Some(at) if replaced => ("Ends", at),
        Some(at) => ("Revoked", at),
        None if over => ("Expired", token.expires_at),
        None => ("Expires", token.expires_at),
    };
    let limit = limit_words(&token, &deployments);
    let row = format!("token-{}", token.id);
    let rotate = (!over && !replaced && may_rotate).then(|| rotate(&token, page));
    let revoke = (!over && may_revoke).then(|| revoke(&token, &row));
    view! {
        <li class="card" id=row>
            <div class="row">
                <h3>{shown(&token.name)}</h3>
                <TokenBadge token=token.clone()/>
                <code class="muted">{token.hint.clone()}</code>
            </div>
            <dl class="facts">
                <div><dt>"May"</dt><dd>{limit}</dd></div>
                <div><dt>"Made"</dt><dd><When at=token.created_at/></dd></div>
                <div><dt>{end}</dt><dd><When at=end_at/></dd></div>
                <div><dt>"Last used"</dt><dd>{last_used}</dd></div>
            </dl>
            {rotate}
            {revoke}
        </li>
    }
    .into_any()
}

fn limit_words(token: &ApiToken, deployments: &[(DeploymentId, String)]) -> AnyView {
    let name = |id: &DeploymentId| {
        let known = deployments.iter().find(|(known, _)| known == id);
        known.map_or_else(|| id.to_string(), |(_, name)| shown(name))
    };
    let places: Vec<String> = token.limit.deployments.iter().map(name).collect();
    let places = (!places.is_empty()).then(|| format!("only on {}", places.join(", ")));
    let permissions = token.limit.permissions.as_ref().map(|set| {
        let items = set.iter().map(|p| view! { <li><code>{p.as_str()}</code></li> }).collect_view();
        view! { <ul class="plain">{items}</ul> }
    });
    if places.is_none() && permissions.is_none() {
        return "whatever its owner may".into_any();
    }
    view! { {places} {permissions} }.into_any()
}

fn rotate(token: &ApiToken, page: String) -> AnyView {
    let (id, name) = (token.id.to_string(), shown(&token.name));
    let (days, overlap) = (format!("days-{id}"), format!("overlap-{id}"));
    view! {
        <details class="fold">
            <summary>"Replace it…" <span class="unseen">{name}</span></summary>
            <p class="help">"A new token of the same name and limits is made and shown once. The old one goes on for a while, so that nothing breaks off."</p>
            <PostForm path=RotateToken::PATH shows=page>
                <input type="hidden" name="id" value=id/>
                <div class="field">
                    <label for=days.clone()>"The new one lasts, in days"</label>
                    <input id=days name="days" type="number" min="1" max="366" required value="90"/>
                </div>
                <div class="field">
                    <label for=overlap.clone()>"The old one ends"</label>
                    <select id=overlap name="overlap_minutes">
                        <option value="0">"at once"</option>
                        <option value="60">"in an hour"</option>
                        <option value="1440" selected>"in a day"</option>
                        <option value="10080">"in a week"</option>
                    </select>
                </div>
                <button type="submit" class="button button--primary">"Make the new token"</button>
            </PostForm>
        </details>
    }
    .into_any()
}

fn revoke(token: &ApiToken, row: &str) -> AnyView {
    let (id, name, row) = (token.id.to_string(), shown(&token.name), row.to_owned());
    let which = name.clone();
    view! {
        <details class="fold">
            <summary>"Revoke it…" <span class="unseen">{which}</span></summary>
            <div class="warning">
                <p>"It is refused from the next second on, wherever it is in use, and cannot be brought back."</p>
                <PostForm path=RevokeToken::PATH row=row>
                    <input type="hidden" name="id" value=id/>
                    <button type="submit" class="button button--primary">"Revoke " {name}</button>
                </PostForm>
            </div>
        </details>
    }
    .into_any()
}
