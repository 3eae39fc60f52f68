use backstep_domain::{
    Comparison, Deploy, DeployNumber, DeployStatus, DeployView, DeploymentId, DeploymentView, Git, Manifest,
    Permission, Problem,
};
use leptos::prelude::*;
use leptos_meta::Title;
use server_fn::ServerFn;

use super::{
    Crumbs, KeptChanged, Loading, NotFoundPage, Trouble, deploy_in_path, deployment_in_path, recalled, refused_form,
};
use crate::{
    api::{DescribeDeploy, Failure, KeptForm, get_compare, get_deploy, get_deployment},
    components::{
        BundleName, CauseNote, DeployLink, FileChanges, Flags, Lasting, NoRollback, PartChanges, RollbackButton,
        RollbackDialog, RolloutProgress, SendForm, Sending, StatusBadge, Undisturbed, When, compare_href,
        deployment_href, history_href, use_changes,
    },
    words::{airflow_text, author_name, kind_label, mechanism_word, runtime_text, sentence, shown, size},
};

/// `/deployments/{id}/deploys/{n}`: one deploy; also the link of its live progress.
#[component]
pub fn DeployPage() -> impl IntoView {
    let id = deployment_in_path();
    let number = deploy_in_path();
    move || match number.get() {
        Some(number) => view! { <OneDeploy id=id.get() number=number/> }.into_any(),
        None => view! { <NotFoundPage/> }.into_any(),
    }
}

#[component]
fn OneDeploy(id: DeploymentId, number: DeployNumber) -> impl IntoView {
    let changes = use_changes(id.clone());
    let form = refused_form();
    let describe = Sending::to(DescribeDeploy::PATH);
    let target = RwSignal::new(None);
    let of = id.clone();
    let found = Resource::new(
        move || (form.get(), changes.get(), describe.version.get()),
        move |(form, ..)| {
            let id = of.clone();
            async move {
                let kept = recalled(form).await;
                let view = get_deployment(id.clone()).await?;
                let deploy = get_deploy(id, number).await?;
                Ok::<_, Failure>((view, deploy, kept))
            }
        },
    );
    // What it brought never changes: fetched once, apart from what is live.
    let of = id.clone();
    let brought = Resource::new(
        || (),
        move |()| {
            let id = of.clone();
            async move {
                match get_deploy(id.clone(), number).await?.changed_from {
                    Some(from) => get_compare(id, from, number).await.map(Some),
                    None => Ok(None),
                }
            }
        },
    );
    let owner = Owner::current().expect("a component has an owner");
    let (shown_id, files_id) = (id.clone(), id.clone());
    view! {
        <Transition fallback=Loading>
            {move || {
                let owner = owner.clone();
                Suspend::new(async move {
                match found.await {
                    Ok((view, deploy, kept)) => view! {
                        <Summary view=view deploy=deploy kept=kept describe=describe target=target owner=owner/>
                    }
                    .into_any(),
                    Err(failure) => view! { <Trouble problem=failure.0/> }.into_any(),
                }
                })
            }}
        </Transition>
        <RolloutProgress deployment=shown_id number=number/>
        <Transition fallback=Loading>
            {move || {
                let id = files_id.clone();
                Suspend::new(async move {
                    match brought.await {
                        Ok(Some(comparison)) => view! { <Brought id=id comparison=comparison/> }.into_any(),
                        Ok(None) => view! { <FirstOfAll/> }.into_any(),
                        // The summary says it already.
                        Err(_) => ().into_any(),
                    }
                })
            }}
        </Transition>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                found.await.ok().map(|(_, deploy, _)| {
                    let kept = deploy.row.deploy.kept.iter().map(|k| k.name.clone()).collect();
                    view! {
                        <Files files=deploy.files has=deploy.row.deploy.revision.dags.is_some()/>
                        <Kept names=kept/>
                    }
                })
            })}
        </Transition>
        <RollbackDialog deployment=id target=target/>
    }
    .into_any()
}

#[component]
fn Summary(
    view: DeploymentView,
    deploy: DeployView,
    kept: Option<KeptForm>,
    describe: Sending,
    target: RwSignal<Option<DeployNumber>>,
    /// Of the page.
    owner: Owner,
) -> impl IntoView {
    let id = view.deployment.id.clone();
    let name = view.deployment.name.clone();
    let live = deploy.live;
    let row = deploy.row;
    let this = row.deploy.clone();
    let number = this.number;
    let way = match row.ineligible.clone() {
        None => view! {
            <RollbackButton deployment=id.clone() number=number target=Some(target) label=format!("Roll back to {number}…") primary=true/>
        }
        .into_any(),
        Some(reason) => view! { <NoRollback number=number reason=reason label=format!("Roll back to {number}…")/> }.into_any(),
    };
    let with_live = live.filter(|live| *live != number).map(|live| {
        let (from, to) = if live < number { (live, number) } else { (number, live) };
        view! { <a class="button" href=compare_href(&id, from, to)>{format!("Compare with live {live}")}</a> }
    });
    let tone = if this.status == DeployStatus::Failed { "problem" } else { "note" };
    let why = this.status_reason.as_deref().map(|reason| view! { <p class=tone>{sentence(reason)}</p> });
    let (described_id, described) = (id.clone(), this.clone());
    let describe_key = format!("{} {}", kept.is_some(), this.description);
    let may_describe = view.may(Permission::ImagesPush) || view.may(Permission::DagsPush);
    view! {
        <Title text=format!("Deploy {number} of {}", shown(&name))/>
        <Crumbs
            above=vec![(name, deployment_href(&id)), ("Deploy History".to_owned(), history_href(&id))]
            here=format!("Deploy {number}")
        />
        <div class="head">
            <div>
                <h1>"Deploy " {number.to_string()}</h1>
                <p class="state"><StatusBadge status=this.shown()/> <CauseNote deploy=this.clone()/> <Flags row=row/></p>
                <p class="live__description">{shown(&this.description)}</p>
            </div>
            <div class="head__links">{with_live} {way}</div>
        </div>
        {why}
        <Undisturbed key=describe_key owner=owner>
            <Describe
                id=described_id.clone()
                deploy=described.clone()
                action=describe
                kept=kept.clone()
                may=may_describe
            />
        </Undisturbed>
        <Artifacts id=id deploy=this/>
    }
    .into_any()
}

#[component]
fn Artifacts(id: DeploymentId, deploy: Deploy) -> impl IntoView {
    let revision = deploy.revision.clone();
    let number = deploy.number;
    // An image or a bundle that an earlier deploy brought: which.
    let origin = move |origin: DeployNumber, id: DeploymentId| {
        (origin != number)
            .then(|| view! { <span class="muted">" from " <DeployLink deployment=id number=origin/></span> })
    };
    let image = revision.image.image.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
    let bundle_origin = revision.dags.as_ref().map(|dags| origin(dags.origin, id.clone()));
    let active = match deploy.live_from {
        Some(from) => view! { <Lasting from=from until=deploy.live_until/> ", from " <When at=from/> }.into_any(),
        None => view! { <span class="muted">"never live"</span> }.into_any(),
    };
    view! {
        <section class="card" aria-labelledby="artifacts-title">
            <h2 id="artifacts-title" class="unseen">"Summary"</h2>
            <dl class="facts">
                <div><dt>"Recorded"</dt><dd><When at=deploy.created_at/> " by " {author_name(&deploy.created_by)}</dd></div>
                <div><dt>"Active for"</dt><dd>{active}</dd></div>
                <div><dt>"Kind"</dt><dd>{kind_label(deploy.kind)}</dd></div>
                <div><dt>"Mechanism"</dt><dd>{mechanism_word(revision.mechanism)}</dd></div>
                <div class="facts__wide">
                    <dt>"Image"</dt>
                    <dd><code>{image}</code> {origin(revision.image.origin, id.clone())}</dd>
                </div>
                <div><dt>"Runtime"</dt><dd>{runtime_text(revision.image.runtime.as_ref())}</dd></div>
                <div><dt>"Airflow"</dt><dd>{airflow_text(revision.image.airflow.as_ref())}</dd></div>
                <div>
                    <dt>"DAG bundle"</dt>
                    <dd><BundleName dags=revision.dags mechanism=revision.mechanism/> {bundle_origin}</dd>
                </div>
                {deploy.git.map(|git| view! { <GitFacts git=git/> })}
            </dl>
        </section>
    }
    .into_any()
}

#[component]
fn GitFacts(git: Git) -> impl IntoView {
    // A stored address becomes a link only if it is one that a browser opens as a page.
    let link = git.commit_url.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    let short = shown(&git.commit_sha).chars().take(12).collect::<String>();
    let commit = match link {
        Some(url) => view! {
            <a href=url rel="external noopener noreferrer"><code title=shown(&git.commit_sha)>{short}</code></a>
        }
        .into_any(),
        None => view! { <code title=shown(&git.commit_sha)>{short}</code> }.into_any(),
    };
    let fact = |name: &'static str, text: Option<String>| {
        text.map(|text| view! { <div><dt>{name}</dt><dd>{shown(&text)}</dd></div> })
    };
    view! {
        <div><dt>"Commit"</dt><dd>{commit}</dd></div>
        {fact("Branch", git.branch)}
        {fact("Commit by", git.author_name)}
        {git.remote_url.map(|url| view! { <div class="facts__wide"><dt>"Repository"</dt><dd>{shown(&url)}</dd></div> })}
    }
    .into_any()
}

#[component]
fn Describe(id: DeploymentId, deploy: Deploy, action: Sending, kept: Option<KeptForm>, may: bool) -> impl IntoView {
    if !may {
        return None;
    }
    let kept = kept.filter(|form| form.action == "/ui/describe-deploy");
    let (open, typed) = match &kept {
        Some(form) => (true, form.field("description").unwrap_or_default().to_owned()),
        None => (false, deploy.description.clone()),
    };
    let problem: Option<Problem> = kept.map(|form| form.problem);
    let pending = action.pending;
    let required = deploy.is_rollback();
    Some(
        view! {
            <details class="fold" open=open>
                <summary>"Edit the description"</summary>
                {action.problem(problem)}
                <SendForm form=action>
                    <input type="hidden" name="id" value=id.to_string()/>
                    <input type="hidden" name="number" value=deploy.number.get().to_string()/>
                    <div class="field">
                        <label for="new-description">"Description"</label>
                        <input
                            id="new-description"
                            name="description"
                            type="text"
                            maxlength="500"
                            required=required
                            value=typed
                            autocomplete="off"
                        />
                        <p class="help">"The edit is recorded beside the deploy; the deploy itself never changes."</p>
                    </div>
                    <button type="submit" class="button" disabled=move || pending.get()>"Save the description"</button>
                </SendForm>
            </details>
        }
        .into_any(),
    )
}

#[component]
fn Brought(id: DeploymentId, comparison: Comparison) -> impl IntoView {
    let (from, to) = (comparison.from.number, comparison.to.number);
    let files = match comparison.files {
        Some(files) if files.is_empty() => view! { <p class="muted">"No DAG file changed."</p> }.into_any(),
        Some(files) => view! { <FileChanges deployment=id from=from to=to files=files/> }.into_any(),
        None => view! { <p class="muted">"There are no DAG bundles to compare."</p> }.into_any(),
    };
    let kept = (!comparison.kept_changed.is_empty()).then(|| view! { <KeptChanged names=comparison.kept_changed/> });
    view! {
        <section aria-labelledby="changes-title">
            <h2 id="changes-title">{format!("Changes against {from}, live before it")}</h2>
            <PartChanges changes=comparison.changes/>
            <h3>"DAG files"</h3>
            {files}
        </section>
        {kept}
    }
    .into_any()
}

#[component]
fn FirstOfAll() -> impl IntoView {
    view! {
        <section aria-labelledby="changes-title">
            <h2 id="changes-title">"Changes"</h2>
            <p class="muted">"Nothing was live before it, so there is nothing to compare it with."</p>
        </section>
    }
    .into_any()
}

#[component]
fn Files(files: Option<Manifest>, has: bool) -> impl IntoView {
    let body = match files {
        Some(manifest) => {
            let title = format!("{} files, {}", manifest.files.len(), size(manifest.bytes()));
            let rows = manifest
                .files
                .into_iter()
                .map(|file| {
                    view! {
                        <tr>
                            <th scope="row" data-label="Path"><code>{shown(&file.path)}</code></th>
                            <td data-label="Size" class="nowrap">{size(file.size)}</td>
                            <td data-label="sha256"><code title=file.sha256.clone()>{file.sha256.chars().take(12).collect::<String>()}</code></td>
                        </tr>
                    }
                })
                .collect_view();
            view! {
                <details class="fold">
                    <summary>{title}</summary>
                    <table class="grid grid--files">
                        <thead>
                            <tr>
                                <th scope="col">"Path"</th>
                                <th scope="col">"Size"</th>
                                <th scope="col">"sha256"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </details>
            }
            .into_any()
        }
        None if has => {
            view! { <p class="note">"The DAG bundle was removed or damaged; its files cannot be listed."</p> }
                .into_any()
        }
        None => view! { <p class="muted">"This deploy has no DAG bundle."</p> }.into_any(),
    };
    view! {
        <section aria-labelledby="bundle-title">
            <h2 id="bundle-title">"Files of the DAG bundle"</h2>
            {body}
        </section>
    }
    .into_any()
}

#[component]
fn Kept(names: Vec<String>) -> impl IntoView {
    let body = if names.is_empty() {
        view! { <p class="muted">"None were recorded."</p> }.into_any()
    } else {
        let list = names.iter().map(|name| view! { <li><code>{shown(name)}</code></li> }).collect_view();
        view! {
            <details class="fold">
                <summary>{format!("{} settings, by name", names.len())}</summary>
                <ul class="names">{list}</ul>
            </details>
        }
        .into_any()
    };
    view! {
        <section aria-labelledby="kept-names-title">
            <h2 id="kept-names-title">"Kept settings when it went live"</h2>
            {body}
        </section>
    }
    .into_any()
}
