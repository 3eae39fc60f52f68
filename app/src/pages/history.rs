use backstep_domain::{Author, DeployNumber, DeploymentId, DeploymentView, HistoryFilter, HistoryPage as Rows};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use server_fn::ServerFn;

use super::{Crumbs, GetForm, HistoryQuery, Loading, Trouble, deployment_in_path, recalled, refused_form};
use crate::{
    api::{Failure, ReleaseHold, get_deployment, get_history},
    components::{
        Empty, HistoryFilters, HistoryTable, HoldBanner, LiveCard, Picked, RollbackDialog, Sending, Undisturbed,
        deployment_href, history_href, href, use_changes,
    },
    words::shown,
};

/// `/deployments/{id}/history`: every deploy, newest first, and the way back to each.
#[component]
pub fn HistoryPage() -> impl IntoView {
    let id = deployment_in_path();
    move || view! { <HistoryOf id=id.get()/> }
}

#[component]
fn HistoryOf(id: DeploymentId) -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| HistoryQuery::read(&query.read()));
    let changes = use_changes(id.clone());
    let form = refused_form();
    let release = Sending::to(ReleaseHold::PATH);
    let target = RwSignal::new(None);
    let picked = Picked { from: RwSignal::new(None), to: RwSignal::new(None), form: "compare" };
    let owner = Owner::current().expect("a component has an owner");
    let of = id.clone();
    let found = Resource::new(
        move || (asked.get(), form.get(), changes.get(), release.version.get()),
        move |(asked, form, ..)| {
            let id = of.clone();
            async move {
                let kept = recalled(form).await;
                let view = get_deployment(id.clone()).await?;
                let rows = get_history(id, asked.filter.clone(), asked.before).await?;
                Ok::<_, Failure>((view, rows, kept))
            }
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || {
                let owner = owner.clone();
                Suspend::new(async move {
                    let (view, rows, kept) = match found.await {
                        Ok(answer) => answer,
                        Err(failure) => return view! { <Trouble problem=failure.0/> }.into_any(),
                    };
                    propose_pair(picked, &rows);
                    let id = view.deployment.id.clone();
                    let name = view.deployment.name.clone();
                    view! {
                        <Title text=format!("Deploy History of {}", shown(&name))/>
                        <Crumbs above=vec![(name, deployment_href(&id))] here="Deploy History"/>
                        <div class="head"><h1>"Deploy History"</h1></div>
                        <HoldBanner view=view.clone() release=release kept=kept/>
                        <LiveCard view=view.clone() target=Some(target)/>
                        <Deploys
                            view=view
                            rows=rows
                            asked=asked.get_untracked()
                            target=target
                            picked=picked
                            owner=owner
                        />
                    }
                    .into_any()
                })
            }}
        </Transition>
        <RollbackDialog deployment=id target=target/>
    }
    .into_any()
}

/// The newest deploy and the one before it, until somebody picks others.
fn propose_pair(picked: Picked, rows: &Rows) {
    let number = |n: usize| rows.rows.get(n).map(|row| row.deploy.number);
    if picked.to.get_untracked().is_none() && picked.from.get_untracked().is_none() {
        picked.to.set(number(0));
        picked.from.set(number(1));
    }
}

#[component]
fn Deploys(
    view: DeploymentView,
    rows: Rows,
    asked: HistoryQuery,
    target: RwSignal<Option<DeployNumber>>,
    picked: Picked,
    owner: Owner,
) -> impl IntoView {
    let id = view.deployment.id;
    let filtered = !asked.filter.is_empty();
    let here = history_href(&id);
    let empty = rows.rows.is_empty();
    let all = here.clone();
    let nothing = empty.then(move || match (filtered, asked.before) {
        (true, _) => view! {
            <Empty title="No deploy matches">
                <p>"Widen the filter, or "<a href=all>"show all deploys"</a>"."</p>
            </Empty>
        }
        .into_any(),
        (false, Some(_)) => view! {
            <Empty title="No older deploys"><p><a href=all>"Back to the newest"</a></p></Empty>
        }
        .into_any(),
        (false, None) => view! {
            <Empty title="No deploys yet">
                <p>"Record the first one from CI or by hand:"</p>
                <pre><code>"backstep deploy --dags ./dags -m \"Why\""</code></pre>
            </Empty>
        }
        .into_any(),
    });
    let newer = asked.before.map(|_| {
        let newest = HistoryQuery { before: None, ..asked.clone() };
        view! { <a class="button" href=format!("{here}{}", newest.write())>"Newest deploys"</a> }
    });
    let older = rows.next_before.map(|before| {
        let next = HistoryQuery { before: Some(before), ..asked.clone() };
        view! { <a class="button" rel="next" href=format!("{here}{}", next.write())>"Older deploys"</a> }
    });
    let compare = (rows.rows.len() > 1).then(|| {
        view! {
            <GetForm action=href(&format!("/deployments/{id}/compare")) id="compare" class="compare-bar">
                <button type="submit" class="button">"Compare"</button>
                <span class="muted">"the two deploys chosen under From and To"</span>
            </GetForm>
        }
    });
    let page_owner = owner.clone();
    let table = (!empty).then(|| {
        view! {
            <HistoryTable
                deployment=id.clone()
                rows=rows.rows
                target=Some(target)
                picked=Some(picked)
                owner=owner
            />
        }
    });
    let (filter_here, filter, authors) = (here.clone(), asked.filter.clone(), view.authors);
    // Not the authors: somebody new among them must not empty a form that is being filled in.
    let filter_key = asked.write();
    view! {
        <section aria-label="Deploys">
            <Undisturbed key=filter_key owner=page_owner>
                <FilterForm here=filter_here.clone() filter=filter.clone() authors=authors.clone()/>
            </Undisturbed>
            {compare}
            {nothing}
            {table}
            <nav class="pager" aria-label="Older and newer deploys">{newer} {older}</nav>
        </section>
    }
    .into_any()
}

/// Open where it restricts what is shown.
#[component]
fn FilterForm(here: String, filter: HistoryFilter, authors: Vec<Author>) -> impl IntoView {
    let filtered = !filter.is_empty();
    let all = here.clone();
    view! {
        <details class="card fold" open=filtered>
            <summary>"Filter" {filtered.then_some(" (on)")}</summary>
            <GetForm action=here role="search">
                <HistoryFilters filter=filter authors=authors/>
                <div class="row">
                    <button type="submit" class="button button--primary">"Filter"</button>
                    {filtered.then(|| view! { <a href=all>"Show all deploys"</a> })}
                </div>
            </GetForm>
        </details>
    }
    .into_any()
}
