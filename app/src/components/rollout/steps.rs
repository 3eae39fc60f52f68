use backstep_domain::{DeployStatus, Rollout, Step, StepStatus};
use leptos::prelude::*;

use crate::{components::Lasting, words::shown};

#[component]
pub(super) fn Steps(rollout: Rollout, status: DeployStatus) -> impl IntoView {
    if rollout.steps.is_empty() {
        let text = match status {
            DeployStatus::Queued => "It waits for its turn. Its steps appear when it starts.",
            DeployStatus::Held => "It is held: recorded, and not rolled out.",
            DeployStatus::Running => "It starts now.",
            DeployStatus::Succeeded | DeployStatus::Failed | DeployStatus::Cancelled => "No step was carried out.",
        };
        return view! { <p class="muted">{text}</p> }.into_any();
    }
    let total = rollout.steps.len();
    let finished =
        rollout.steps.iter().filter(|s| matches!(s.status, StepStatus::Succeeded | StepStatus::Skipped)).count();
    let first_switch = rollout.steps.iter().find(|step| step.kind.is_switch()).map(|step| step.index);
    let steps = rollout
        .steps
        .into_iter()
        .map(|step| {
            let no_return = Some(step.index) == first_switch && !status.is_final();
            view! { <OneStep step=step no_return=no_return/> }
        })
        .collect_view();
    let bar = (!status.is_final()).then(|| {
        view! {
            <progress class="rollout__bar" max=total.to_string() value=finished.to_string() aria-label="Steps done">
            </progress>
        }
    });
    view! {
        {bar}
        <ol class="steps">{steps}</ol>
    }
    .into_any()
}

#[component]
fn OneStep(
    step: Step,
    /// Once it has begun, the deploy cannot be cancelled any more.
    no_return: bool,
) -> impl IntoView {
    let (class, word, shape) = match step.status {
        StepStatus::Pending => (
            "step step--pending",
            "Waiting",
            "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm0 1.5a5 5 0 1 1 0 10A5 5 0 0 1 8 3z",
        ),
        StepStatus::Running => {
            ("step step--running", "Running", "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 3a5 5 0 0 1 0 10z")
        }
        StepStatus::Succeeded => ("step step--succeeded", "Done", "M6.3 12.7 1.9 8.3l1.5-1.5 2.9 2.9 6.3-6.4 1.5 1.5z"),
        StepStatus::Failed => (
            "step step--failed",
            "Failed",
            "M3.4 2 8 6.6 12.6 2 14 3.4 9.4 8l4.6 4.6-1.4 1.4L8 9.4 3.4 14 2 12.6 6.6 8 2 3.4z",
        ),
        StepStatus::Skipped => ("step step--skipped", "Not needed", "M2 7.2h12v1.6H2z"),
    };
    let lasted =
        step.started_at.map(|from| view! { <span class="step__time"><Lasting from=from until=step.ended_at/></span> });
    let error = step.error.map(|error| view! { <p class="step__error">{shown(&error)}</p> });
    view! {
        <li class=class>
            <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                <path d=shape fill="currentColor" fill-rule="evenodd"></path>
            </svg>
            <span class="step__name">{step.kind.label()}</span>
            <span class="step__word">{word}</span>
            {lasted}
            {no_return.then(|| view! { <span class="step__note">"Point of no return"</span> })}
            {error}
        </li>
    }
}
