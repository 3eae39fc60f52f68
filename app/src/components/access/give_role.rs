use backstep_domain::{Account, Subject, Team};
use leptos::prelude::*;
use server_fn::ServerFn;

use super::{PostForm, kept_of, typed};
use crate::{
    api::{GiveRole, KeptForm, PlaceAccess},
    components::href,
    words::shown,
};

/// Gives a role at a place: to whom, and which. Only what the caller may give is offered.
#[component]
pub fn GiveRoleForm(access: PlaceAccess, kept: Option<KeptForm>) -> impl IntoView {
    let may = access.may;
    if !(may.give_to_people || may.give_to_teams || may.give_to_services) {
        return view! { <p class="note">"You may see who has access here, not change it."</p> }.into_any();
    }
    if access.givable.is_empty() {
        return view! { <p class="note">"There is no role that you could give here: nobody gives more than they have."</p> }
            .into_any();
    }
    let kept = kept_of(kept.as_ref(), GiveRole::PATH);
    let chosen = typed(kept.as_ref(), "subject");
    let people = access.subjects.people.clone().filter(|_| may.give_to_people);
    let teams = access.subjects.teams.clone().filter(|_| may.give_to_teams);
    let services = if may.give_to_services { access.subjects.services.clone() } else { Vec::new() };
    // Whoever may not see all people and teams names one.
    let by_name = (may.give_to_people && people.is_none()) || (may.give_to_teams && teams.is_none());
    let groups = [
        ("People", people.unwrap_or_default().into_iter().map(person).collect::<Vec<_>>()),
        ("Teams", teams.unwrap_or_default().into_iter().map(team).collect()),
        ("Service accounts", services.into_iter().map(service).collect()),
    ];
    let any = groups.iter().any(|(_, options)| !options.is_empty());
    let choice = any.then(|| subject_choice(groups, &chosen, !by_name));
    let named = typed(kept.as_ref(), "named");
    let name = by_name.then(|| {
        view! {
            <div class="field">
                <label for="give-named">"Login of a person, or name of a team"</label>
                <input
                    id="give-named"
                    name="named"
                    type="text"
                    maxlength="200"
                    required=!any
                    value=named
                    autocomplete="off"
                />
            </div>
        }
    });
    let role = typed(kept.as_ref(), "role");
    let roles = access
        .givable
        .iter()
        .map(|(id, name)| {
            let words = format!("{} ({id})", shown(name));
            view! { <option value=id.to_string() selected=id.as_str() == role>{words}</option> }
        })
        .collect_view();
    view! {
        <PostForm path=GiveRole::PATH>
            <input type="hidden" name="level" value=access.place.level().to_string()/>
            <input type="hidden" name="at" value=access.place.id().to_owned()/>
            {choice}
            {name}
            <div class="field">
                <label for="give-role">"Role"</label>
                <select id="give-role" name="role" required>{roles}</select>
                <p class="help">
                    "It holds here and on everything below. " <a href=href("/access/roles")>"What each role holds"</a>
                </p>
            </div>
            <button type="submit" class="button button--primary">"Give the role"</button>
        </PostForm>
    }
    .into_any()
}

type Choice = (String, String);

fn person(account: Account) -> Choice {
    let login = account.login.as_deref().map(shown).unwrap_or_default();
    (Subject::Account(account.id).to_string(), format!("{} ({login})", shown(&account.name)))
}

fn team(team: Team) -> Choice {
    (Subject::Team(team.id).to_string(), shown(&team.name))
}

fn service(account: Account) -> Choice {
    (Subject::Account(account.id).to_string(), shown(&account.name))
}

fn subject_choice(groups: [(&'static str, Vec<Choice>); 3], chosen: &str, required: bool) -> impl IntoView + use<> {
    let groups = groups
        .into_iter()
        .filter(|(_, options)| !options.is_empty())
        .map(|(label, options)| {
            let options = options
                .into_iter()
                .map(|(value, words)| view! { <option selected=value == chosen value=value>{words}</option> })
                .collect_view();
            view! { <optgroup label=label>{options}</optgroup> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for="give-subject">"To whom"</label>
            <select id="give-subject" name="subject" required=required>
                <option value="">"Choose…"</option>
                {groups}
            </select>
        </div>
    }
}
