use backstep_domain::{AuditEntry, AuditPlaces, AuditRecord};
use leptos::prelude::*;

use super::{DeployLink, audit_href, deployment_href};
use crate::words::{action_label, author_name, exact_utc, iso, shown};

/// Entries of the audit log, newest first.
#[component]
pub fn AuditTable(records: Vec<AuditRecord>, places: AuditPlaces) -> impl IntoView {
    let rows = records.into_iter().map(|record| view! { <Entry record=record places=places.clone()/> }).collect_view();
    view! {
        <div class="scroll">
            <table class="grid grid--audit">
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        <th scope="col">"Who"</th>
                        <th scope="col">"What"</th>
                        <th scope="col">"Where"</th>
                        <th scope="col">"Detail"</th>
                        <th scope="col">"From"</th>
                        <th scope="col">"Seal"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Entry(record: AuditRecord, places: AuditPlaces) -> impl IntoView {
    let AuditRecord { seal, entry, .. } = record;
    let by = audit_href(&format!("actor={}", encoded(&entry.actor.id)));
    let seal = match seal {
        Some(place) => format!("#{place}"),
        None => "not yet".to_owned(),
    };
    view! {
        <tr>
            <td data-label="When"><time class="exact" datetime=iso(entry.at)>{exact_utc(entry.at)}</time></td>
            <td data-label="Who"><a href=by title=shown(&entry.actor.id)>{author_name(&entry.actor)}</a></td>
            <td data-label="What">
                <span class="audit__action">{action_label(entry.action)}</span>
                " "
                <code>{entry.action.as_str()}</code>
            </td>
            <td data-label="Where"><Place entry=entry.clone() places=places/></td>
            <td data-label="Detail" class="description">{shown(&entry.detail)}</td>
            <td data-label="From"><CameFrom entry=entry/></td>
            <td data-label="Seal">{seal}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn Place(entry: AuditEntry, places: AuditPlaces) -> impl IntoView {
    let named = |name: Option<&String>, id: &str| shown(name.map_or(id, String::as_str));
    if let Some(id) = entry.deployment {
        let name = named(places.deployments.iter().find(|(known, _)| *known == id).map(|(_, name)| name), id.as_str());
        let deploy = entry.deploy.map(|number| {
            view! { " " <DeployLink deployment=id.clone() number=number/> }
        });
        return view! { <a href=deployment_href(&id)>{name}</a> {deploy} }.into_any();
    }
    match entry.workspace {
        Some(id) => named(places.workspaces.iter().find(|(known, _)| *known == id).map(|(_, name)| name), id.as_str())
            .into_any(),
        None => view! { <span class="muted">"Installation"</span> }.into_any(),
    }
}

#[component]
fn CameFrom(entry: AuditEntry) -> impl IntoView {
    let origin = entry.origin;
    if origin.address.is_empty() && origin.request.is_empty() {
        return view! { <span class="muted">"the server itself"</span> }.into_any();
    }
    let request = (!origin.request.is_empty()).then(|| {
        view! { <span class="audit__id">"request " <code>{shown(&origin.request)}</code></span> }
    });
    let token = origin.token.map(|id| view! { <span class="audit__id">"token " <code>{shown(&id)}</code></span> });
    view! {
        <span>{shown(&origin.address)}</span>
        {request}
        {token}
    }
    .into_any()
}

/// For the value of a parameter in an address.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_value() {
        assert_eq!(encoded("demo:admin"), "demo:admin");
        assert_eq!(encoded("a&b=c d#é%"), "a%26b%3Dc%20d%23%C3%A9%25");
    }
}
