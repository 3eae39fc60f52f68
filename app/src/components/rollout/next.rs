use backstep_domain::{Cause, Deploy, DeployNumber, DeployStatus, Git};
use leptos::prelude::*;

use super::{Progressed, summary::summary};
use crate::{
    components::{CopyButton, absolute, deploy_href, deployment_href, rollback_href, tab},
    words::shown,
};

/// What a person does when the rollout is over.
#[component]
pub(super) fn Next(state: Progressed) -> impl IntoView {
    let deploy = state.deploy.row.deploy.clone();
    let id = deploy.deployment.clone();
    let live = deploy.is_live();
    let mut items = Vec::new();
    match (&deploy.cause, deploy.status) {
        (Cause::Rollback { of, .. }, DeployStatus::Succeeded) if live => {
            items.push(undo(&rollback_href(&id, Some(*of)), *of));
            items.push(revert(*of, deploy.git.as_ref()).into_any());
        }
        (_, DeployStatus::Failed | DeployStatus::Cancelled) => {
            let text = match state.deployment.live.as_ref() {
                Some(now) => format!("What ran before still runs: {} is live.", now.number),
                None => "Nothing is live.".to_owned(),
            };
            items.push(view! { <li>{text}</li> }.into_any());
            if let Cause::Rollback { to, .. } = deploy.cause {
                let href = rollback_href(&id, Some(to));
                let text = format!("Plan the rollback to {to} again");
                items.push(view! { <li><a href=href target=tab()>{text}</a></li> }.into_any());
            }
        }
        _ => {}
    }
    if let Some(hold) = &state.deployment.hold {
        let held = match state.deployment.held {
            0 => "no deploy is held yet".to_owned(),
            1 => "1 deploy is held".to_owned(),
            n => format!("{n} deploys are held"),
        };
        let text = if hold.rollback == Some(deploy.number) { "This rollback set a hold: " } else { "A hold is set: " };
        items.push(
            view! {
                <li>
                    {text} {held} ". "
                    <a href=deployment_href(&id) target=tab()>"Release the hold"</a>
                    " when the fault is mended."
                </li>
            }
            .into_any(),
        );
    }
    let link = deploy_href(&id, deploy.number);
    let text = {
        let state = state.clone();
        // The absolute address is only known in the browser, and only wanted there.
        Signal::derive(move || summary(&state, &absolute(&link)))
    };
    let list = (!items.is_empty()).then(|| view! { <ul>{items}</ul> });
    view! {
        <section class="next" aria-labelledby="next-title">
            <h3 id="next-title">{title(&deploy)}</h3>
            {list}
            <p><CopyButton text=text label="Copy the summary"/></p>
        </section>
    }
}

fn title(deploy: &Deploy) -> &'static str {
    match deploy.status {
        DeployStatus::Succeeded if deploy.is_live() && deploy.is_rollback() => "Rolled back. What to do next",
        DeployStatus::Succeeded if deploy.is_live() => "Rolled out",
        DeployStatus::Succeeded => "It was rolled out; another deploy is live now",
        DeployStatus::Failed => "It failed. What to do next",
        _ => "It was cancelled",
    }
}

fn undo(href: &str, of: DeployNumber) -> AnyView {
    let href = href.to_owned();
    let about = format!(": a rollback to {of}, planned and confirmed like any other.");
    view! { <li><a href=href target=tab()>"Undo this rollback"</a> {about}</li> }.into_any()
}

/// A rollback does not touch git: the next deploy from there brings the fault back.
fn revert(of: DeployNumber, runs: Option<&Git>) -> impl IntoView {
    let commit = runs.map(|git| {
        let short: String = shown(&git.commit_sha).chars().take(12).collect();
        view! { <span>" What runs now is commit " <code title=shown(&git.commit_sha)>{short}</code> "."</span> }
    });
    view! {
        <li>
            {format!("Revert in git what {of} brought, or the next deploy brings it back.")}
            {commit}
        </li>
    }
}
