use backstep_domain::{Account, Author, Permission, PermissionSet, Team};
use leptos::prelude::*;
use leptos_meta::Title;
use server_fn::ServerFn;

use super::{
    super::{Loading, Trouble, recalled, refused_form, who_looks},
    AccessHead, AccessTab,
};
use crate::{
    api::{CreateTeam, Failure, KeptForm, RemoveTeam, SetTeamMember, get_people, get_teams},
    components::{Empty, PostForm, Refused, kept_of, typed},
    words::{author_name, shown},
};

/// `/access/teams`: people who get the same roles.
#[component]
pub fn TeamsPage() -> impl IntoView {
    let form = refused_form();
    let me = who_looks();
    let found = Resource::new(
        move || form.get(),
        move |form| async move {
            let kept = recalled(form).await;
            let teams = get_teams().await?;
            let permissions = me.await.unwrap_or_default().permissions;
            // Whoever may not see all people takes members out, but does not put any in.
            let people =
                if permissions.contains(&Permission::SystemUsersGet) { get_people().await? } else { Vec::new() };
            Ok::<_, Failure>((teams, people, permissions, kept))
        },
    );
    view! {
        <Title text="Teams"/>
        <AccessHead here=AccessTab::Teams/>
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                let (teams, people, may, kept) = match found.await {
                    Ok(answer) => answer,
                    Err(failure) => return view! { <Trouble problem=failure.0 titled=true/> }.into_any(),
                };
                let none = teams.is_empty().then(|| {
                    view! {
                        <Empty title="No teams yet">
                            <p>"A team is people who get the same roles. Give it roles on a Workspace or a Deployment, and its members have them."</p>
                        </Empty>
                    }
                });
                let create = may
                    .contains(&Permission::SystemTeamsCreate)
                    .then(|| view! { <CreateTeamForm kept=kept.clone()/> });
                let teams = teams.into_iter().map(|team| one_team(team, &people, &may)).collect_view();
                view! {
                    <Refused kept=kept/>
                    {none}
                    {teams}
                    {create}
                }
                .into_any()
            })}
        </Transition>
    }
    .into_any()
}

fn one_team(team: Team, people: &[Account], may: &PermissionSet) -> AnyView {
    let id = format!("team-{}", team.id);
    let heading = format!("{id}-title");
    let title = heading.clone();
    let name = shown(&team.name);
    let may_change = may.contains(&Permission::SystemTeamsUpdate);
    let members = if team.members.is_empty() {
        view! { <p class="muted">"Nobody is in this team."</p> }.into_any()
    } else {
        let items = team.members.iter().map(|member| one_member(&team, member, may_change)).collect_view();
        view! { <ul class="members">{items}</ul> }.into_any()
    };
    let add = may_change.then(|| add_member(&team, people));
    let remove = may.contains(&Permission::SystemTeamsRemove).then(|| {
        let (which, button, id) = (name.clone(), format!("Remove {name}"), team.id.to_string());
        view! {
            <details class="fold">
                <summary>"Remove the team…" <span class="unseen">{which}</span></summary>
                <div class="warning">
                    <p>"Its members lose the roles that it brought, at once. Their accounts stay."</p>
                    <PostForm path=RemoveTeam::PATH>
                        <input type="hidden" name="team" value=id/>
                        <button type="submit" class="button button--primary">{button}</button>
                    </PostForm>
                </div>
            </details>
        }
    });
    view! {
        <section class="card" id=id aria-labelledby=title>
            <h2 id=heading>{name}</h2>
            {members}
            {add}
            {remove}
        </section>
    }
    .into_any()
}

fn one_member(team: &Team, member: &Author, may_change: bool) -> AnyView {
    let name = author_name(member);
    let out = may_change.then(|| {
        let (team_id, member_id) = (team.id.to_string(), member.id.clone());
        let label = format!("Take out {name} of {}", shown(&team.name));
        view! {
            <PostForm path=SetTeamMember::PATH class="row">
                <input type="hidden" name="team" value=team_id/>
                <input type="hidden" name="account" value=member_id/>
                <input type="hidden" name="member" value="false"/>
                <button type="submit" class="button button--small" aria-label=label>"Take out"</button>
            </PostForm>
        }
    });
    view! { <li>{name} {out}</li> }.into_any()
}

fn add_member(team: &Team, people: &[Account]) -> Option<AnyView> {
    let outside = |account: &&Account| !account.disabled && !team.members.iter().any(|m| m.id == account.id.as_str());
    let options: Vec<_> = people
        .iter()
        .filter(outside)
        .map(|account| {
            let login = account.login.as_deref().map(shown).unwrap_or_default();
            let words = format!("{} ({login})", shown(&account.name));
            view! { <option value=account.id.to_string()>{words}</option> }
        })
        .collect();
    if options.is_empty() {
        return None;
    }
    let id = team.id.to_string();
    let field = format!("add-{id}");
    let label = format!("Put into {}", shown(&team.name));
    Some(
        view! {
            <PostForm path=SetTeamMember::PATH class="row">
                <input type="hidden" name="team" value=id/>
                <input type="hidden" name="member" value="true"/>
                <label for=field.clone() class="unseen">{label}</label>
                <select id=field name="account" required>{options}</select>
                <button type="submit" class="button">"Put in"</button>
            </PostForm>
        }
        .into_any(),
    )
}

#[component]
fn CreateTeamForm(kept: Option<KeptForm>) -> impl IntoView {
    let kept = kept_of(kept.as_ref(), CreateTeam::PATH);
    let name = typed(kept.as_ref(), "name");
    view! {
        <section class="card" aria-labelledby="create-title">
            <h2 id="create-title">"Create a team"</h2>
            <PostForm path=CreateTeam::PATH>
                <div class="field">
                    <label for="team-name">"Name"</label>
                    <input id="team-name" name="name" type="text" required maxlength="100" value=name autocomplete="off"/>
                </div>
                <button type="submit" class="button button--primary">"Create the team"</button>
            </PostForm>
        </section>
    }
    .into_any()
}
