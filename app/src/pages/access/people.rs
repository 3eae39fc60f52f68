use backstep_domain::{Account, Level, Permission, PermissionSet};
use leptos::prelude::*;
use leptos_meta::Title;
use server_fn::ServerFn;

use super::{
    super::{Loading, Trouble, recalled, refused_form, sent_along, who_looks},
    AccessHead, AccessTab,
};
use crate::{
    api::{Failure, Invite, KeptForm, PlaceAccess, ResetPassword, SetAccountDisabled, get_people, get_place_access},
    components::{
        AccountState, GiveRoleForm, GrantTable, OnceShown, PostForm, Refused, When, kept_of, roles_of, typed,
    },
    words::shown,
};

/// `/access`: everybody who has an account, and who has a role on the whole installation.
#[component]
pub fn PeoplePage() -> impl IntoView {
    let once = sent_along();
    let form = refused_form();
    let me = who_looks();
    let found = Resource::new(
        move || form.get(),
        move |form| async move {
            let kept = recalled(form).await;
            let people = get_people().await?;
            let access = get_place_access(Level::System, None).await?;
            Ok::<_, Failure>((people, access, kept))
        },
    );
    view! {
        <Title text="People"/>
        <AccessHead here=AccessTab::People/>
        {once.map(|once| view! { <OnceShown once=once/> })}
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                let (people, access, kept) = match found.await {
                    Ok(answer) => answer,
                    Err(failure) => return view! { <Trouble problem=failure.0 titled=true/> }.into_any(),
                };
                let me = me.await.unwrap_or_default();
                let own = me.author.map(|author| author.id).unwrap_or_default();
                let rows = people
                    .into_iter()
                    .map(|account| row(&access, account, &own, &me.permissions))
                    .collect_view();
                let invite = me
                    .permissions
                    .contains(&Permission::SystemUserInvite)
                    .then(|| view! { <InviteForm kept=kept.clone()/> });
                view! {
                    <Refused kept=kept.clone()/>
                    <section aria-labelledby="people-title">
                        <h2 id="people-title">"People"</h2>
                        <table class="grid grid--access">
                            <thead>
                                <tr>
                                    <th scope="col">"Name"</th>
                                    <th scope="col">"Login"</th>
                                    <th scope="col">"State"</th>
                                    <th scope="col">"Roles on the installation"</th>
                                    <th scope="col">"Since"</th>
                                    <th scope="col"><span class="unseen">"Change"</span></th>
                                </tr>
                            </thead>
                            <tbody>{rows}</tbody>
                        </table>
                        {invite}
                    </section>
                    <section aria-labelledby="grants-title">
                        <h2 id="grants-title">"Who has a role on the whole installation"</h2>
                        <GrantTable access=access.clone()/>
                    </section>
                    <section class="card" aria-labelledby="give-title">
                        <h2 id="give-title">"Give a role on the whole installation"</h2>
                        <GiveRoleForm access=access kept=kept/>
                    </section>
                }
                .into_any()
            })}
        </Transition>
    }
    .into_any()
}

fn row(access: &PlaceAccess, account: Account, own: &str, may: &PermissionSet) -> AnyView {
    let name = shown(&account.name);
    let row = format!("account-{}", account.id);
    let you = (account.id.as_str() == own).then(|| view! { " " <span class="muted">"you"</span> });
    let change = change(&account, &row, may);
    view! {
        <tr id=row.clone()>
            <th scope="row" data-label="Name">{name} {you}</th>
            <td data-label="Login">{account.login.as_deref().map(shown)}</td>
            <td data-label="State"><AccountState disabled=account.disabled/></td>
            <td data-label="Roles on the installation">{roles_of(access, &account)}</td>
            <td data-label="Since"><When at=account.created_at/></td>
            <td class="action">{change}</td>
        </tr>
    }
    .into_any()
}

/// A link for a new password; disabling, with what that means, or enabling.
fn change(account: &Account, row: &str, may: &PermissionSet) -> Option<AnyView> {
    let (name, id) = (shown(&account.name), account.id.to_string());
    let link = may.contains(&Permission::SystemUserInvite).then(|| {
        let id = id.clone();
        view! {
            <PostForm path=ResetPassword::PATH class="row" shows="/access">
                <input type="hidden" name="account" value=id/>
                <button type="submit" class="button button--small">"Make a link for a new password"</button>
            </PostForm>
        }
    });
    let switch = may.contains(&Permission::SystemUserDelete).then(|| {
        let (word, value, words) = if account.disabled {
            ("Enable", "false", "Sessions and links of before stay ended; tokens that have not expired count again.")
        } else {
            ("Disable", "true", "Sessions end and tokens are refused at once. It can be enabled again.")
        };
        let label = format!("{word} {name}");
        view! {
            <PostForm path=SetAccountDisabled::PATH row=row.to_owned()>
                <input type="hidden" name="account" value=id/>
                <input type="hidden" name="disabled" value=value/>
                <p class="help">{words}</p>
                <button type="submit" class="button button--small">{label}</button>
            </PostForm>
        }
    });
    if link.is_none() && switch.is_none() {
        return None;
    }
    Some(
        view! {
            <details class="fold">
                <summary>"Change…" <span class="unseen">{name}</span></summary>
                <div class="stack">{link} {switch}</div>
            </details>
        }
        .into_any(),
    )
}

#[component]
fn InviteForm(kept: Option<KeptForm>) -> impl IntoView {
    let kept = kept_of(kept.as_ref(), Invite::PATH);
    let (login, name) = (typed(kept.as_ref(), "login"), typed(kept.as_ref(), "name"));
    view! {
        <details class="card fold" open=kept.is_some()>
            <summary>"Invite a person"</summary>
            <PostForm path=Invite::PATH shows="/access">
                <div class="field">
                    <label for="invite-login">"Login"</label>
                    <input id="invite-login" name="login" type="text" required maxlength="200" value=login autocomplete="off"/>
                    <p class="help">"An e-mail address, or a name without spaces. With it the person signs in."</p>
                </div>
                <div class="field">
                    <label for="invite-name">"Name"</label>
                    <input id="invite-name" name="name" type="text" required maxlength="100" value=name autocomplete="off"/>
                    <p class="help">"As others read it in the Deploy History."</p>
                </div>
                <p class="help">
                    "You get a link to send to them, and they set their password with it. They have no role until you give them one."
                </p>
                <button type="submit" class="button button--primary">"Make the account and its link"</button>
            </PostForm>
        </details>
    }
    .into_any()
}
