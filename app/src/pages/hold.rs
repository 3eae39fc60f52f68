use backstep_domain::{Deploy, DeploymentView, Fix, HeldDeploy, HeldFile, HeldView, Part, RejectedPart, Rejection};
use leptos::prelude::*;
use leptos_meta::Title;
use server_fn::ServerFn;

use super::{Crumbs, Loading, Trouble, deployment_in_path, recalled, refused_form};
use crate::{
    api::{Failure, KeptForm, ReleaseHold, get_held},
    components::{
        DeployLink, Empty, FileChanges, HoldWords, PartChanges, PostForm, Refused, When, cancel_href, compare_href,
        deployment_href, may_push,
    },
    words::{author_name, kind_label, shown},
};

/// `/deployments/{id}/hold`: is the fix in here? The held deploys, compared, and the way to let one of them go on.
#[component]
pub fn HoldPage() -> impl IntoView {
    let (id, form) = (deployment_in_path(), refused_form());
    let found = Resource::new(
        move || (id.get(), form.get()),
        |(id, form)| async move {
            let kept = recalled(form).await;
            Ok::<_, Failure>((get_held(id).await?, kept))
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match found.await {
                    Ok((view, kept)) => view! { <Held view=view kept=kept/> }.into_any(),
                    Err(failure) => view! { <Trouble problem=failure.0/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Held(view: HeldView, kept: Option<KeptForm>) -> impl IntoView {
    let HeldView { deployment, held, rejected } = view;
    let name = deployment.deployment.name.clone();
    let hold = match &deployment.hold {
        Some(hold) => view! { <p class="note">"On hold: " <HoldWords hold=hold.clone()/></p> }.into_any(),
        None if held.is_empty() => ().into_any(),
        None => view! { <p class="note">"No hold is on: new deploys are rolled out. These wait for somebody to decide."</p> }
            .into_any(),
    };
    let body = if held.is_empty() {
        view! { <Empty title="No deploy is held"><p>"What arrives during a hold is listed here, compared with what runs and with what was rejected."</p></Empty> }
            .into_any()
    } else {
        let newest = held.first().map(|held| held.deploy.number);
        held.into_iter()
            .map(|held| {
                let newest = newest == Some(held.deploy.number);
                view! { <OneHeld held=held of=deployment.clone() newest=newest/> }
            })
            .collect_view()
            .into_any()
    };
    view! {
        <Title text=format!("Held deploys of {}", shown(&name))/>
        <Crumbs above=vec![(name.clone(), deployment_href(&deployment.deployment.id))] here="Held deploys"/>
        <Refused kept=kept/>
        <div class="head"><h1>"Held deploys of " {shown(&name)}</h1></div>
        {hold}
        <RejectedParts parts=rejected/>
        {body}
    }
    .into_any()
}

#[component]
fn RejectedParts(parts: Vec<RejectedPart>) -> impl IntoView {
    if parts.is_empty() {
        return ().into_any();
    }
    let items = parts.iter().map(|part| {
        let RejectedPart { origin, rollback, at, by, why, .. } = part;
        view! {
            <li>
                {format!("The {} of {origin}, rolled back with {rollback} by {}, ", part.part.words(), author_name(by))}
                <When at=*at/>
                ": "
                <q>{shown(why)}</q>
            </li>
        }
    });
    let items = items.collect_view();
    view! {
        <section class="card" aria-labelledby="rejected-title">
            <h2 id="rejected-title">"Rejected"</h2>
            <ul>{items}</ul>
        </section>
    }
    .into_any()
}

#[component]
fn OneHeld(held: HeldDeploy, of: DeploymentView, newest: bool) -> impl IntoView {
    let brings_rejected = held.brings_rejected();
    let HeldDeploy { deploy, changes, files, rejections } = held;
    let id = of.deployment.id.clone();
    let number = deploy.number;
    let heading = format!("held-{}", number.get());
    let title = heading.clone();
    let against_live = of.live.as_ref().map(|live| {
        let files = files.filter(|files| !files.is_empty()).map(|files| {
            let compare = compare_href(&id, live.number, number);
            view! {
                <FileChanges deployment=id.clone() from=live.number to=number files=files/>
                <p><a href=compare>"Compare all of it"</a></p>
            }
        });
        view! {
            <h3>{format!("Against what runs, {}", live.number)}</h3>
            <PartChanges changes=changes/>
            {files}
        }
    });
    let verdicts = (!rejections.is_empty()).then(|| {
        let items = rejections.iter().map(|rejection| verdict(rejection, &deploy, &of)).collect_view();
        view! { <h3>"Is the fix in here?"</h3> <ul class="verdicts">{items}</ul> }
    });
    let way = may_push(&of).then(|| view! { <Way deploy=deploy.clone() brings_rejected=brings_rejected/> });
    view! {
        <section class="card" aria-labelledby=title>
            <h2 id=heading>
                <DeployLink deployment=id.clone() number=number/> " " {shown(&deploy.description)}
                {newest.then(|| view! { " " <span class="flag">"newest"</span> })}
            </h2>
            <p class="muted">
                {kind_label(deploy.kind)} ", by " {author_name(&deploy.created_by)} ", " <When at=deploy.created_at/>
                {deploy.git.as_ref().map(|git| {
                    let short: String = shown(&git.commit_sha).chars().take(12).collect();
                    view! { ", commit " <code title=shown(&git.commit_sha)>{short}</code> }
                })}
            </p>
            {verdicts}
            {against_live}
            {way}
        </section>
    }
    .into_any()
}

/// What the deploy does about one rejected part.
fn verdict(rejection: &Rejection, deploy: &Deploy, of: &DeploymentView) -> AnyView {
    let origin = rejection.part.origin;
    let what = rejection.part.part.words();
    let compare = compare_href(&of.deployment.id, origin.min(deploy.number), deploy.number);
    let link = view! { " " <a href=compare>{format!("Compare with {origin}")}</a> };
    match &rejection.fix {
        Fix::TheSame => {
            let text = format!("No: it brings the {what} of {origin} back as they were when they were rejected.");
            let text = if rejection.part.part == Part::Image { text.replace("they were when they were", "it was when it was") } else { text };
            view! { <li><b>{text}</b></li> }.into_any()
        }
        Fix::NotTouched => view! { <li>{format!("It does not bring {what}: what runs stays, without those of {origin}.")}</li> }.into_any(),
        Fix::Another => view! { <li>{format!("It brings other {what} than the rejected of {origin}; what is in them is not known here.")} {link}</li> }.into_any(),
        Fix::Files(files) => {
            let same = files.iter().filter(|file| file.as_rejected).count();
            let text = match (same, files.len()) {
                (0, _) => format!("None of the files that the rollback of {origin} changed is as it was rejected."),
                (same, all) if same == all => {
                    format!("Hardly: all {all} files that the rollback of {origin} changed are as they were rejected.")
                }
                (same, all) => format!("Of {all} files that the rollback of {origin} changed, {same} are as they were rejected."),
            };
            let files = files.iter().map(held_file).collect_view();
            view! {
                <li>
                    {text} {link}
                    <details class="fold"><summary>"File by file"</summary><ul class="names">{files}</ul></details>
                </li>
            }
            .into_any()
        }
    }
}

fn held_file(file: &HeldFile) -> AnyView {
    let state = match (file.as_rejected, file.as_runs) {
        (true, _) => "as rejected",
        (false, true) => "as what runs",
        (false, false) => "changed since",
    };
    view! { <li><code>{shown(&file.path)}</code> ": " {state}</li> }.into_any()
}

/// Lets the deploy go on, or not.
#[component]
fn Way(deploy: Deploy, brings_rejected: bool) -> impl IntoView {
    let number = deploy.number;
    let field = format!("allow-{}", number.get());
    let label = field.clone();
    let asked = brings_rejected.then(|| {
        view! {
            <p class="check">
                <input type="checkbox" id=field name="allow_rejected" value="true" required/>
                " "
                <label for=label>"Roll it out although it was rejected. That takes the mark off."</label>
            </p>
        }
    });
    view! {
        <PostForm path=ReleaseHold::PATH>
            <input type="hidden" name="id" value=deploy.deployment.to_string()/>
            <input type="hidden" name="to" value=number.get().to_string()/>
            {asked}
            <p class="help">"The hold ends, and the other held deploys are cancelled."</p>
            <div class="row">
                <button type="submit" class="button button--primary">{format!("Release the hold to {number}")}</button>
                <a class="button" href=cancel_href(&deploy.deployment, number)>{format!("Cancel {number}…")}</a>
            </div>
        </PostForm>
    }
    .into_any()
}
