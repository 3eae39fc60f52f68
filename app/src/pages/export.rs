use backstep_domain::{ExportStatus, RejectedLine};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{Crumbs, Loading, Trouble};
use crate::{
    api::get_export,
    components::{Empty, When, href},
    words::{shown, span},
};

/// `/export`: how far behind the export of log lines is, and what went wrong last.
#[component]
pub fn ExportPage() -> impl IntoView {
    let found = Resource::new(|| (), |()| get_export());
    view! {
        <Title text="Export"/>
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(status) => view! { <State status=status/> }.into_any(),
                    Err(failure) => view! { <Trouble problem=failure.0 titled=true/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn State(status: ExportStatus) -> impl IntoView {
    let body = if status.enabled {
        view! { <Figures status=status/> }.into_any()
    } else {
        view! {
            <Empty title="No export is configured">
                <p>
                    "Rollout and audit log lines can go to Elasticsearch: set " <code>"[export.elasticsearch]"</code>
                    " in the server's configuration file (docs/export.md)."
                </p>
            </Empty>
        }
        .into_any()
    };
    view! {
        <Crumbs above=vec![("Audit".to_owned(), href("/audit"))] here="Export"/>
        <div class="head">
            <div>
                <h1>"Export"</h1>
                <p class="muted">"Rollout and audit log lines on their way to Elasticsearch. Nothing that is rolled out waits for it."</p>
            </div>
        </div>
        {body}
    }
    .into_any()
}

#[component]
fn Figures(status: ExportStatus) -> impl IntoView {
    let trouble = status.in_trouble();
    let verdict = match (trouble, status.waiting) {
        (true, _) => "Lines are not accepted at the moment. They are kept, and tried again.",
        (false, 0) => "Everything is sent.",
        (false, _) => "Lines are on their way.",
    };
    let tone = if trouble { "problem" } else { "note" };
    let lag = if status.waiting == 0 { "none".to_owned() } else { span(status.lag_ms) };
    let when = |at: Option<backstep_domain::Millis>| match at {
        Some(at) => view! { <When at=at/> }.into_any(),
        None => view! { "never" }.into_any(),
    };
    let error = status.last_error.as_ref().map(|error| {
        let at = when(status.last_error_at);
        let over = if trouble { "" } else { " It is over: lines were accepted since." };
        view! {
            <section class="card" aria-labelledby="error-title">
                <h2 id="error-title">"Last error"</h2>
                <p>{shown(error)} " (" {at} ")." {over}</p>
            </section>
        }
    });
    let put_off = (status.put_off > 0).then(|| format!(", {} of them refused for now", status.put_off));
    let dropped = (status.dropped > 0).then(|| {
        view! { <div><dt>"Given up"</dt><dd>{status.dropped} ", because more waited than is kept"</dd></div> }
    });
    view! {
        <p class=tone role="status">{verdict}</p>
        <section class="card" aria-labelledby="figures-title">
            <h2 id="figures-title">"How far it is"</h2>
            <dl class="facts">
                <div><dt>"To"</dt><dd><code>{shown(&status.address)}</code></dd></div>
                <div><dt>"Index"</dt><dd><code>{shown(&status.index)}</code></dd></div>
                <div><dt>"Waiting"</dt><dd>{status.waiting} " lines" {put_off}</dd></div>
                <div><dt>"Behind by"</dt><dd>{lag}</dd></div>
                <div><dt>"Accepted"</dt><dd>{status.sent} " lines, the last " {when(status.last_success_at)}</dd></div>
                {dropped}
            </dl>
        </section>
        {error}
        <SetAside count=status.rejected lines=status.newest_rejected/>
    }
    .into_any()
}

/// Lines that will never be accepted as they are.
#[component]
fn SetAside(count: u64, lines: Vec<RejectedLine>) -> impl IntoView {
    if count == 0 {
        return ().into_any();
    }
    let items = lines
        .iter()
        .map(|line| view! { <li><code>{shown(&line.document)}</code> ", " <When at=line.at/> ": " {shown(&line.error)}</li> })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="aside-title">
            <h2 id="aside-title">{format!("Refused for good: {count}")}</h2>
            <p>"The cluster will never take these as they are. They stay in Backstep: in the audit log, or in the log of their rollout."</p>
            <ul class="names">{items}</ul>
        </section>
    }
    .into_any()
}
