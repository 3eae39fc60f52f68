use backstep_domain::{Comparison, Deploy, DeployNumber, DeploymentId, FileDiff};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{Crumbs, GetForm, Loading, Trouble, answer_status, deploy_in_query, deployment_in_path};
use crate::{
    api::{Failure, get_compare, get_deployment, get_file_diff},
    components::{
        CauseNote, DeployLink, Empty, FileChanges, PartChanges, ProblemNote, StatusBadge, When, compare_href,
        deployment_href, history_href, href,
    },
    words::{author_name, shown},
};

/// `/deployments/{id}/compare?from=52&to=57`: what differs between any two deploys.
#[component]
pub fn ComparePage() -> impl IntoView {
    let id = deployment_in_path();
    let from = deploy_in_query("from");
    let to = deploy_in_query("to");
    let query = use_query_map();
    // How one file is opened without script.
    let file = Memo::new(move |_| query.read().get("file"));
    let found = Resource::new(
        move || (id.get(), from.get(), to.get(), file.get()),
        |(id, from, to, file)| async move {
            let view = get_deployment(id.clone()).await?;
            let compared = match from.zip(to) {
                Some((from, to)) => Some(get_compare(id.clone(), from, to).await),
                None => None,
            };
            let diff = match (from.zip(to), file) {
                (Some((from, to)), Some(path)) => get_file_diff(id, from, to, path).await.ok(),
                _ => None,
            };
            Ok::<_, Failure>((view, compared, diff))
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                let (view, compared, diff) = match found.await {
                    Ok(answer) => answer,
                    Err(failure) => return view! { <Trouble problem=failure.0/> }.into_any(),
                };
                let id = view.deployment.id.clone();
                let name = view.deployment.name.clone();
                let (from, to) = (from.get_untracked(), to.get_untracked());
                let title = match from.zip(to) {
                    Some((from, to)) => format!("From {from} to {to}"),
                    None => "Compare two deploys".to_owned(),
                };
                let result = match compared {
                    Some(Ok(comparison)) => view! { <Compared id=id.clone() comparison=comparison diff=diff/> }.into_any(),
                    Some(Err(failure)) => {
                        answer_status(failure.0.code.status());
                        view! { <ProblemNote problem=failure.0/> }.into_any()
                    }
                    None => view! {
                        <Empty title="Which two?"><p>"Type two deploy numbers, or choose them in the Deploy History."</p></Empty>
                    }
                    .into_any(),
                };
                view! {
                    <Title text=format!("{title}: {}", shown(&name))/>
                    <Crumbs
                        above=vec![(name, deployment_href(&id)), ("Deploy History".to_owned(), history_href(&id))]
                        here="Compare"
                    />
                    <div class="head"><h1>{title}</h1></div>
                    <Pair id=id from=from to=to/>
                    {result}
                }
                .into_any()
            })}
        </Transition>
    }
}

/// Which two; and the same the other way round.
#[component]
fn Pair(id: DeploymentId, from: Option<DeployNumber>, to: Option<DeployNumber>) -> impl IntoView {
    let text = |n: Option<DeployNumber>| n.map(|n| n.get().to_string()).unwrap_or_default();
    let (from_text, to_text) = (text(from), text(to));
    let swap = from.zip(to).map(|(from, to)| view! { <a href=compare_href(&id, to, from)>"Swap"</a> });
    view! {
        <GetForm action=href(&format!("/deployments/{id}/compare")) class="row pair">
            <div class="field">
                <label for="from">"From deploy"</label>
                <input id="from" name="from" type="number" min="1" required value=from_text.clone() prop:value=from_text/>
            </div>
            <div class="field">
                <label for="to">"To deploy"</label>
                <input id="to" name="to" type="number" min="1" required value=to_text.clone() prop:value=to_text/>
            </div>
            <button type="submit" class="button">"Compare"</button>
            {swap}
        </GetForm>
    }
    .into_any()
}

#[component]
fn Compared(id: DeploymentId, comparison: Comparison, diff: Option<FileDiff>) -> impl IntoView {
    let (from, to) = (comparison.from.number, comparison.to.number);
    let files = match comparison.files {
        Some(files) if files.is_empty() => view! { <p class="muted">"No DAG file differs."</p> }.into_any(),
        Some(files) => view! { <FileChanges deployment=id.clone() from=from to=to files=files open=diff/> }.into_any(),
        None => view! {
            <p class="muted">"The files cannot be compared: one of the two has no DAG bundle, or it is gone."</p>
        }
        .into_any(),
    };
    view! {
        <div class="two">
            <Side id=id.clone() label="From" deploy=comparison.from/>
            <Side id=id label="To" deploy=comparison.to/>
        </div>
        <section aria-labelledby="parts-title">
            <h2 id="parts-title">"Parts"</h2>
            <PartChanges changes=comparison.changes/>
        </section>
        <section aria-labelledby="files-title">
            <h2 id="files-title">"DAG files"</h2>
            {files}
        </section>
        <KeptChanged names=comparison.kept_changed/>
    }
    .into_any()
}

#[component]
fn Side(id: DeploymentId, label: &'static str, deploy: Deploy) -> impl IntoView {
    view! {
        <section class="card" aria-label=label>
            <p>
                <span class="muted">{label} " "</span>
                <DeployLink deployment=id number=deploy.number/>
                " "
                <StatusBadge status=deploy.shown()/>
            </p>
            <p><CauseNote deploy=deploy.clone()/> {shown(&deploy.description)}</p>
            <p class="muted">{author_name(&deploy.created_by)} ", " <When at=deploy.created_at/></p>
        </section>
    }
    .into_any()
}

/// Settings that no deploy brings and no rollback touches, by name.
#[component]
pub fn KeptChanged(names: Vec<String>) -> impl IntoView {
    let body = if names.is_empty() {
        view! { <p class="muted">"No kept setting differs."</p> }.into_any()
    } else {
        let names = names.iter().map(|name| view! { <li><code>{shown(name)}</code></li> }).collect_view();
        view! { <ul class="names">{names}</ul> }.into_any()
    };
    view! {
        <section aria-labelledby="kept-title">
            <h2 id="kept-title">"Kept settings that changed"</h2>
            <p class="help">"A rollback leaves these as they are. Values are never shown."</p>
            {body}
        </section>
    }
    .into_any()
}
