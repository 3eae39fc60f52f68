use backstep_domain::{AuditAction, AuditFilter, AuditPlaces};
use leptos::prelude::*;

use super::history_filters::{Choice, Day};
use crate::words::{action_label, iso_day, shown};

/// The fields of the filter, for a GET form: what is chosen is part of the address.
#[component]
pub fn AuditFilters(
    filter: AuditFilter,
    /// As the address has it: `deployment:ID`.
    place: String,
    places: AuditPlaces,
) -> impl IntoView {
    let mut actions: Vec<_> = AuditAction::ALL.iter().map(|a| (a.to_string(), action_label(*a).to_owned())).collect();
    actions.sort_by(|a, b| a.1.cmp(&b.1));
    let text = filter.text.unwrap_or_default();
    let actor = filter.actor.unwrap_or_default();
    let since = filter.since.map(iso_day).unwrap_or_default();
    // The filter ends before a point in time; the field names the last day that counts.
    let until = filter.until.map(|at| iso_day(at.minus(1))).unwrap_or_default();
    view! {
        <div class="filters">
            <div class="field field--wide">
                <label for="f-text">"Search"</label>
                <input
                    id="f-text"
                    type="search"
                    name="text"
                    placeholder="Detail, name"
                    value=text
                />
            </div>
            <Choice
                id="f-action"
                name="action"
                label="What"
                options=actions
                chosen=filter.action.map(|a| a.to_string())
            />
            <PlaceChoice place=place places=places/>
            <div class="field">
                <label for="f-actor">"By (id)"</label>
                <input id="f-actor" name="actor" type="text" autocomplete="off" value=actor/>
            </div>
            <Day id="f-since" name="since" label="From day" value=since/>
            <Day id="f-until" name="until" label="To day" value=until/>
        </div>
    }
    .into_any()
}

/// Where it happened: only what the reader may read is offered.
#[component]
fn PlaceChoice(place: String, places: AuditPlaces) -> impl IntoView {
    let option = |(value, name): (String, String)| {
        view! { <option selected=value == place value=value>{shown(&name)}</option> }
    };
    let workspaces = places.workspaces.into_iter().map(|(id, name)| (format!("workspace:{id}"), name));
    let workspaces = workspaces.map(option).collect_view();
    let deployments = places.deployments.into_iter().map(|(id, name)| (format!("deployment:{id}"), name));
    let deployments = deployments.map(option).collect_view();
    let nowhere = if places.whole { "Everywhere" } else { "Choose" };
    view! {
        <div class="field">
            <label for="f-place">"Where"</label>
            <select id="f-place" name="place">
                <option value="">{nowhere}</option>
                <optgroup label="Workspaces">{workspaces}</optgroup>
                <optgroup label="Deployments">{deployments}</optgroup>
            </select>
        </div>
    }
    .into_any()
}
