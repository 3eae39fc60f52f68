use backstep_domain::{DeployNumber, DeploymentId, HistoryRow};
use leptos::{prelude::*, tachys::reactive_graph::OwnedView, tachys::view::keyed::keyed};

use super::{
    BundleName, CauseNote, DeployLink, Flags, ImageName, Lasting, NoRollback, RollbackButton, StatusBadge, When,
};
use crate::words::{author_name, kind_label, runtime_text, shown};

/// Which two deploys are to be compared: the radio columns of the table.
#[derive(Clone, Copy)]
pub struct Picked {
    pub from: RwSignal<Option<DeployNumber>>,
    pub to: RwSignal<Option<DeployNumber>>,
    /// The id of the form that the radio buttons belong to.
    pub form: &'static str,
}

/// The Deploy History as a table; on a narrow page, as cards.
#[component]
pub fn HistoryTable(
    deployment: DeploymentId,
    rows: Vec<HistoryRow>,
    #[prop(optional_no_strip)] target: Option<RwSignal<Option<DeployNumber>>>,
    #[prop(optional_no_strip)] picked: Option<Picked>,
    /// Of the page, so that rows outlive the fetching again that a live change brings.
    owner: Owner,
) -> impl IntoView {
    // Keyed, and not fetched into place by position: when a deploy arrives on top, the rest of the rows move down as they
    // are, with the focus and the opened details that a person has there.
    let body = keyed(rows, row_key, move |_, row: HistoryRow| {
        let owner = owner.with(Owner::new);
        let deployment = deployment.clone();
        let view = owner.with(|| view! { <Row deployment=deployment row=row target=target picked=picked/> }.into_any());
        (|_: usize| (), OwnedView::new_with_owner(view, owner))
    });
    let compare = picked.map(|_| {
        view! {
            <th scope="col" class="pick">"From"</th>
            <th scope="col" class="pick">"To"</th>
        }
    });
    view! {
        <div class="scroll">
            <table class="grid grid--history">
                <caption class="unseen">"Deploy History, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Deploy"</th>
                        {compare}
                        <th scope="col">"When"</th>
                        <th scope="col">"Kind"</th>
                        <th scope="col">"Image"</th>
                        <th scope="col">"Runtime"</th>
                        <th scope="col">"DAG bundle"</th>
                        <th scope="col">"Description"</th>
                        <th scope="col">"By"</th>
                        <th scope="col">"Active for"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Roll back to"</th>
                    </tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// All of a row that can change, so that a changed row is drawn anew and every other one is left alone.
fn row_key(row: &HistoryRow) -> String {
    let deploy = &row.deploy;
    format!(
        "{} {} {:?} {:?} {} {} {} {} {}",
        deploy.number.get(),
        deploy.status,
        deploy.live_from.map(|m| m.0),
        deploy.live_until.map(|m| m.0),
        deploy.rejected,
        deploy.artifact_missing,
        row.ineligible.as_ref().map_or("", |r| r.code.as_str()),
        row.runtime_restricted.is_some(),
        deploy.description,
    )
}

#[component]
fn Row(
    deployment: DeploymentId,
    row: HistoryRow,
    target: Option<RwSignal<Option<DeployNumber>>>,
    picked: Option<Picked>,
) -> impl IntoView {
    let deploy = row.deploy.clone();
    let number = deploy.number;
    let image = deploy.revision.image.clone();
    let pick = picked.map(|picked| {
        view! {
            <td class="pick">
                <Pick form=picked.form name="from" says="Compare from" number=number chosen=picked.from/>
            </td>
            <td class="pick">
                <Pick form=picked.form name="to" says="Compare to" number=number chosen=picked.to/>
            </td>
        }
    });
    let active = match deploy.live_from {
        Some(from) => view! { <Lasting from=from until=deploy.live_until/> }.into_any(),
        None => view! { <span class="muted">"never live"</span> }.into_any(),
    };
    let action = match row.ineligible.clone() {
        None => view! { <RollbackButton deployment=deployment.clone() number=number target=target label="Deploy"/> }
            .into_any(),
        Some(reason) => view! { <NoRollback number=number reason=reason label="Deploy"/> }.into_any(),
    };
    view! {
        <tr class:live=deploy.is_live()>
            <th scope="row" data-label="Deploy"><DeployLink deployment=deployment.clone() number=number/></th>
            {pick}
            <td data-label="When"><When at=deploy.created_at/></td>
            <td data-label="Kind" class="nowrap">{kind_label(deploy.kind)}</td>
            <td data-label="Image"><ImageName image=image.image/></td>
            <td data-label="Runtime">{runtime_text(image.runtime.as_ref())}</td>
            <td data-label="DAG bundle">
                <BundleName dags=deploy.revision.dags.clone() mechanism=deploy.revision.mechanism/>
            </td>
            <td data-label="Description" class="description">
                <CauseNote deploy=deploy.clone()/>
                <span>{shown(&deploy.description)}</span>
            </td>
            <td data-label="By">{author_name(&deploy.created_by)}</td>
            <td data-label="Active for">{active}</td>
            <td data-label="Status" class="state">
                <StatusBadge status=deploy.shown()/>
                <Flags row=row/>
            </td>
            <td data-label="Roll back to" class="action">{action}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn Pick(
    form: &'static str,
    name: &'static str,
    says: &'static str,
    number: DeployNumber,
    chosen: RwSignal<Option<DeployNumber>>,
) -> impl IntoView {
    view! {
        <label class="pick__label" data-side=name>
            <input
                type="radio"
                form=form
                name=name
                value=number.get().to_string()
                aria-label=format!("{says} {number}")
                checked=chosen.get_untracked() == Some(number)
                prop:checked=move || chosen.get() == Some(number)
                on:change=move |_| chosen.set(Some(number))
            />
        </label>
    }
    .into_any()
}
