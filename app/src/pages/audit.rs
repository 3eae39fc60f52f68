use backstep_domain::{AuditPage as Entries, AuditPlaces, SealedUpTo};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{AuditQuery, Crumbs, GetForm, Loading, Trouble};
use crate::{
    api::{AuditView, get_audit},
    components::{AuditFilters, AuditTable, Empty, href},
    words::{exact_utc, iso},
};

/// `/audit`: who did what, when, from where.
#[component]
pub fn AuditPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| AuditQuery::read(&query.read()));
    let found = Resource::new(move || asked.get(), |asked| get_audit(asked.filter, asked.before));
    view! {
        <Title text="Audit"/>
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(view) => view! { <Log view=view asked=asked.get_untracked()/> }.into_any(),
                    Err(failure) => view! { <Trouble problem=failure.0/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Log(view: AuditView, asked: AuditQuery) -> impl IntoView {
    let here = href("/audit");
    let AuditView { places, page } = view;
    let whole = places.whole;
    let body = match page {
        Some(page) => view! { <FoundEntries page=page places=places.clone() asked=asked.clone()/> }.into_any(),
        None => view! {
            <Empty title="Choose a part">
                <p>"You may read the audit log of some Workspaces or Deployments. Choose one under Where."</p>
            </Empty>
        }
        .into_any(),
    };
    let filtered = AuditQuery { before: None, ..asked.clone() } != AuditQuery::default();
    view! {
        <Crumbs above=Vec::new() here="Audit"/>
        <div class="head">
            <div>
                <h1>"Audit"</h1>
                <p class="muted">"Who did what, when, from where. Entries are never changed and never removed."</p>
            </div>
            {whole.then(|| view! { <nav class="head__links" aria-label="Of the log"><a class="button" href=href("/export")>"Export"</a></nav> })}
        </div>
        <GetForm action=here.clone() class="card" role="search">
            <AuditFilters place=asked.place() filter=asked.filter places=places/>
            <div class="row">
                <button type="submit" class="button button--primary">"Filter"</button>
                {filtered.then(|| view! { <a href=here.clone()>"Show everything"</a> })}
            </div>
        </GetForm>
        {body}
    }
    .into_any()
}

#[component]
fn FoundEntries(page: Entries, places: AuditPlaces, asked: AuditQuery) -> impl IntoView {
    let here = href("/audit");
    let all = here.clone();
    let Entries { records, next_before, sealed } = page;
    let found = if records.is_empty() {
        view! {
            <Empty title="No entry">
                <p>"Nothing in the log matches. "<a href=all>"Show everything"</a></p>
            </Empty>
        }
        .into_any()
    } else {
        view! { <AuditTable records=records places=places.clone()/> }.into_any()
    };
    let newest = asked.before.map(|_| {
        let newest = AuditQuery { before: None, ..asked.clone() };
        view! { <a class="button" href=format!("{here}{}", newest.write())>"Newest entries"</a> }
    });
    let older = next_before.map(|before| {
        let next = AuditQuery { before: Some(before), ..asked.clone() };
        view! { <a class="button" rel="next" href=format!("{here}{}", next.write())>"Older entries"</a> }
    });
    let export = |format: &str| href(&asked.export(format));
    view! {
        <section aria-label="Entries">
            {found}
            <nav class="pager" aria-label="Older and newer entries">{newest} {older}</nav>
        </section>
        <section class="card" aria-labelledby="out-title">
            <h2 id="out-title">"Take it out"</h2>
            <p>
                "Everything that the filter leaves: "
                // For the browser, not the router: it is a file.
                <a href=export("csv") rel="external" download="audit.csv">"CSV"</a>
                ", "
                <a href=export("jsonl") rel="external" download="audit.jsonl">"JSON lines"</a>
                ". The export is an entry of the log itself."
            </p>
            <SealState sealed=sealed whole=places.whole/>
        </section>
    }
    .into_any()
}

/// Up to where the log is sealed, and how to prove later that it is still the same.
#[component]
fn SealState(sealed: Option<SealedUpTo>, whole: bool) -> impl IntoView {
    let Some(sealed) = sealed else {
        return view! { <p class="muted">"Nothing is sealed yet."</p> }.into_any();
    };
    let when = sealed.at.map(|at| view! { ", written " <time datetime=iso(at)>{exact_utc(at)}</time> });
    let hash = sealed.hash.to_string();
    let checkpoint = whole.then(|| {
        view! {
            " Keep a "
            <a href=href("/audit/checkpoint") rel="external" download="audit-checkpoint.json">"checkpoint"</a>
            " elsewhere: with it "<code>"backstep verify"</code>" finds a log that was cut or written anew."
        }
    });
    view! {
        <p>
            "Sealed up to #" {sealed.seq} " (" <code title=hash.clone()>{hash[..12].to_owned()}</code> ")" {when} "."
            {checkpoint}
        </p>
    }
    .into_any()
}
