//! What a deploy brought, as it is named in tables and cards.

use backstep_domain::{Change, DagsPart, ImageRef, Mechanism};
use leptos::prelude::*;

use crate::words::{airflow_text, image_short, mechanism_word, runtime_text};

/// An image by what a person recognises; the whole name on hover.
#[component]
pub fn ImageName(image: Option<ImageRef>) -> impl IntoView {
    match image {
        Some(image) => view! { <code class="image" title=image.to_string()>{image_short(&image)}</code> }.into_any(),
        None => view! { <span class="muted">"none"</span> }.into_any(),
    }
}

/// A DAG bundle by the first digits of its digest. Without one: where the DAGs come from instead.
#[component]
pub fn BundleName(dags: Option<DagsPart>, mechanism: Mechanism) -> impl IntoView {
    match dags {
        Some(dags) => view! { <code title=dags.bundle.to_string()>{dags.bundle.short().to_owned()}</code> }.into_any(),
        None => {
            let instead = match mechanism {
                Mechanism::Image => "in the image",
                Mechanism::DagDeploy => "none",
                Mechanism::GitSync => "from git",
                Mechanism::Volume => "on a volume",
            };
            view! { <span class="muted">{instead}</span> }.into_any()
        }
    }
}

/// What differs between two revisions, one line a part.
#[component]
pub fn PartChanges(changes: Vec<Change>) -> impl IntoView {
    if changes.is_empty() {
        return view! { <p class="muted">"No part differs."</p> }.into_any();
    }
    let rows = changes.into_iter().map(|change| {
        let image = |i: Option<ImageRef>| i.map_or_else(|| "none".to_owned(), |i| i.to_string());
        let none = |t: Option<String>| t.unwrap_or_else(|| "none".to_owned());
        let (what, from, to) = match change {
            Change::Image { from, to } => ("Image", image(from), image(to)),
            Change::Runtime { from, to } => ("Runtime", runtime_text(from.as_ref()), runtime_text(to.as_ref())),
            Change::Airflow { from, to } => ("Airflow", airflow_text(from.as_ref()), airflow_text(to.as_ref())),
            Change::Dags { from, to } => ("DAG bundle", none(from), none(to)),
            Change::Mechanism { from, to } => {
                ("Mechanism", mechanism_word(from).to_owned(), mechanism_word(to).to_owned())
            }
        };
        view! {
            <tr>
                <th scope="row">{what}</th>
                <td data-label="From"><code>{from}</code></td>
                <td data-label="To"><code>{to}</code></td>
            </tr>
        }
    });
    view! {
        <table class="grid grid--parts">
            <thead>
                <tr>
                    <th scope="col">"Part"</th>
                    <th scope="col">"From"</th>
                    <th scope="col">"To"</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
    .into_any()
}
