use backstep_domain::{Author, DeployKind, DeployStatus, HistoryFilter, Millis};
use leptos::prelude::*;

use crate::words::{author_name, iso_day, kind_label, status_label};

/// The fields of the filter, for a GET form: what is chosen is part of the address.
#[component]
pub fn HistoryFilters(filter: HistoryFilter, authors: Vec<Author>) -> impl IntoView {
    let kinds = DeployKind::ALL.iter().map(|k| (k.to_string(), kind_label(*k).to_owned())).collect();
    let statuses = DeployStatus::ALL.iter().map(|s| (s.to_string(), status_label(*s).to_owned())).collect();
    let people = authors.into_iter().map(|a| (a.id.clone(), author_name(&a))).collect();
    let text = filter.text.unwrap_or_default();
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
                    placeholder="Description, image, digest, commit"
                    value=text.clone()
                    prop:value=text
                />
            </div>
            <Choice id="f-kind" name="kind" label="Kind" options=kinds chosen=filter.kind.map(|k| k.to_string())/>
            <Choice
                id="f-status"
                name="status"
                label="Status"
                options=statuses
                chosen=filter.status.map(|s| s.to_string())
            />
            <Choice id="f-author" name="author" label="By" options=people chosen=filter.author/>
            <Day id="f-since" name="since" label="From day" value=since/>
            <Day id="f-until" name="until" label="To day" value=until/>
            <div class="filters__ticks field--wide">
                <Tick name="eligible_only" label="Can be rolled back to" on=filter.eligible_only/>
                <Tick name="rollbacks_only" label="Rollbacks only" on=filter.rollbacks_only/>
            </div>
        </div>
    }
    .into_any()
}

/// The end of the last day that counts, as the filter wants it.
pub fn end_of(day: Millis) -> Millis {
    day.plus(backstep_domain::DAY)
}

#[component]
pub fn Choice(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    options: Vec<(String, String)>,
    chosen: Option<String>,
) -> impl IntoView {
    let chosen = chosen.unwrap_or_default();
    let options = options
        .into_iter()
        .map(|(value, words)| view! { <option selected=value == chosen value=value>{words}</option> })
        .collect_view();
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select id=id name=name prop:value=chosen>
                <option value="">"Any"</option>
                {options}
            </select>
        </div>
    }
    .into_any()
}

#[component]
pub fn Day(id: &'static str, name: &'static str, label: &'static str, value: String) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input id=id type="date" name=name value=value.clone() prop:value=value/>
        </div>
    }
    .into_any()
}

#[component]
fn Tick(name: &'static str, label: &'static str, on: bool) -> impl IntoView {
    view! {
        <label class="tick">
            <input type="checkbox" name=name value="true" checked=on prop:checked=on/>
            {label}
        </label>
    }
    .into_any()
}
