use backstep_domain::{Change, DeployNumber, DeploymentId, FileDiff, ImageRef, Kept, Part, Scope, ScopeOption};
use leptos::prelude::*;

use crate::{
    api::PlanView,
    components::{DeployLink, FileChanges, Prose},
    words::{airflow_text, image_short, mechanism_word, runtime_text, shown},
};

/// What each scope does. The style sheet shows the chosen one's, with and without script.
#[component]
pub(super) fn Effects(deployment: DeploymentId, view: PlanView, diff: Option<FileDiff>, page: String) -> impl IntoView {
    let plan = view.plan;
    let (from, to) = (plan.from.number, plan.to.number);
    let options: Vec<_> = plan.options.iter().filter(|option| option.allowed()).cloned().collect();
    let will = options.iter().map(|option| view! { <WillChange option=option.clone()/> }).collect_view();
    let stays = options.iter().map(|option| view! { <Stays scope=option.scope/> }).collect_view();
    let undone = options
        .iter()
        .map(|option| view! { <Undone deployment=deployment.clone() option=option.clone()/> })
        .collect_view();
    let warnings = options.iter().map(|option| view! { <Warnings option=option.clone()/> }).collect_view();
    let with_dags: Vec<_> =
        options.iter().filter(|o| o.scope.has(Part::Dags)).map(|option| option.scope.as_str()).collect();
    let files = view.files.filter(|files| !files.is_empty() && !with_dags.is_empty()).map(|files| {
        view! {
            <section aria-labelledby="plan-files" data-for=with_dags.join(" ")>
                <h2 id="plan-files">"DAG files"</h2>
                <FileChanges deployment=deployment from=from to=to files=files open=diff page=page/>
            </section>
        }
    });
    view! {
        <div class="plan__both">
            <section class="will" aria-labelledby="plan-will">
                <h2 id="plan-will">"Will be rolled back"</h2>
                {will}
            </section>
            <section class="wont" aria-labelledby="plan-wont">
                <h2 id="plan-wont">"Will not be rolled back"</h2>
                {stays}
                <KeptSettings kept=plan.kept target=to/>
            </section>
        </div>
        {undone}
        {files}
        {warnings}
    }
}

#[component]
fn WillChange(option: ScopeOption) -> impl IntoView {
    let lines = option
        .changes
        .into_iter()
        .map(|change| {
            let (what, from, to) = words(&change);
            view! {
                <li>
                    <span class="move__what">{what}</span>
                    " "
                    <span class="move__values">
                        <span class="unseen">"from "</span>
                        <code>{from}</code>
                        <span aria-hidden="true">" → "</span>
                        <span class="unseen">" to "</span>
                        <code>{to}</code>
                    </span>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="moves" data-for=option.scope.as_str()>{lines}</ul> }
}

/// What changes, from what, to what.
fn words(change: &Change) -> (&'static str, String, String) {
    let text = |t: &Option<String>| t.clone().unwrap_or_else(|| "none".to_owned());
    match change {
        Change::Image { from, to } => {
            let same_name = from.as_ref().map(image_short) == to.as_ref().map(image_short);
            let name = |image: &Option<ImageRef>| match image {
                // A tag that was moved: only the digests differ.
                Some(image) if same_name => format!("{} ({})", image_short(image), image.digest.short()),
                Some(image) => image_short(image),
                None => "none".to_owned(),
            };
            ("Image", name(from), name(to))
        }
        Change::Runtime { from, to } => ("Runtime", runtime_text(from.as_ref()), runtime_text(to.as_ref())),
        Change::Airflow { from, to } => ("Airflow", airflow_text(from.as_ref()), airflow_text(to.as_ref())),
        Change::Dags { from, to } => ("Project code with DAGs", text(from), text(to)),
        Change::Mechanism { from, to } => {
            ("Mechanism", mechanism_word(*from).to_owned(), mechanism_word(*to).to_owned())
        }
    }
}

/// The part that is not in the scope.
#[component]
fn Stays(scope: Scope) -> impl IntoView {
    let text = match scope {
        Scope::Image => "DAGs: they stay as they are now",
        Scope::Dags => "Image, Runtime and Airflow version: they stay as they are now",
        Scope::ImageAndDags => return None,
    };
    Some(view! { <ul class="names" data-for=scope.as_str()><li>{text}</li></ul> })
}

#[component]
fn KeptSettings(kept: Kept, target: DeployNumber) -> impl IntoView {
    let compared = kept.compared;
    let (changed, same): (Vec<_>, Vec<_>) = kept.settings.into_iter().partition(|s| s.changed_since_target);
    let changed = changed
        .into_iter()
        .map(|setting| {
            view! {
                <li>
                    <code>{shown(&setting.name)}</code>
                    " "
                    <span class="flag">{format!("changed since {target}")}</span>
                </li>
            }
        })
        .collect_view();
    let count = same.len();
    let same = same.into_iter().map(|setting| view! { <li><code>{shown(&setting.name)}</code></li> }).collect_view();
    let same = (count > 0).then(|| {
        let label = match (compared, count) {
            (false, 1) => format!("1 setting; {target} recorded none to compare with"),
            (false, n) => format!("{n} settings; {target} recorded none to compare with"),
            (true, 1) => format!("1 setting that did not change since {target}"),
            (true, n) => format!("{n} settings that did not change since {target}"),
        };
        view! { <details class="fold"><summary>{label}</summary><ul class="names">{same}</ul></details> }
    });
    let unknown = (!kept.known).then(|| {
        view! { <p class="muted">"The target cannot name its settings. They are kept all the same."</p> }
    });
    view! {
        <ul class="names">
            <li>"Executor"</li>
            <li>"Scheduler and other resources"</li>
            <li>"Environment variables, connections and every other setting"</li>
            <li>"Name and description of the Deployment"</li>
            {changed}
        </ul>
        {same}
        {unknown}
    }
}

#[component]
fn Undone(deployment: DeploymentId, option: ScopeOption) -> impl IntoView {
    let scope = option.scope.as_str();
    if option.undone.is_empty() {
        return ().into_any();
    }
    let title = match option.undone.len() {
        1 => "1 deploy is undone".to_owned(),
        n => format!("{n} deploys are undone"),
    };
    // Named with the deploys in between, at the top.
    let items = option
        .undone
        .into_iter()
        .map(|number| view! { <li><DeployLink deployment=deployment.clone() number=number/></li> })
        .collect_view();
    view! {
        <section class="undone" data-for=scope>
            <h2>{title}</h2>
            <ul class="undone__list">{items}</ul>
            <p class="muted">"They stay in the Deploy History. A rollback is a new deploy; you can undo it in the same way."</p>
        </section>
    }
    .into_any()
}

#[component]
fn Warnings(option: ScopeOption) -> impl IntoView {
    if option.warnings.is_empty() {
        return ().into_any();
    }
    let scope = option.scope.as_str();
    let items =
        option.warnings.iter().map(|reason| view! { <li><Prose text=reason.message.clone()/></li> }).collect_view();
    view! {
        <section class="warnings" data-for=scope>
            <h2>"Before you roll back"</h2>
            <ul>{items}</ul>
        </section>
    }
    .into_any()
}
