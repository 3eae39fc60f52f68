use backstep_domain::{DeployKind, DeployNumber, DeploymentId, LogLine, Part, Permission, past_return};
use leptos::prelude::*;

use super::{Progressed, load, next::Next, steps::Steps};
use crate::{
    components::{StatusBadge, cancel_href, deploy_href, tab},
    now::use_now,
    words::{sentence, shown},
};

#[component]
pub(super) fn Progress(
    id: DeploymentId,
    number: DeployNumber,
    first: Progressed,
    changes: Signal<u64>,
) -> impl IntoView {
    let mut first = first;
    let log = RwSignal::new(std::mem::take(&mut first.rollout.log));
    let state = RwSignal::new(first);
    let asked = id.clone();
    let fetch = Action::new(move |(): &()| {
        let id = asked.clone();
        async move {
            let after = log.with_untracked(|log| log.last().map_or(0, |line| line.seq));
            // What is shown stays when the server does not answer; the next change asks again.
            if let Ok(mut fresh) = load(id, number, after).await {
                let lines = std::mem::take(&mut fresh.rollout.log);
                log.update(|log| add(log, lines));
                state.set(fresh);
            }
        }
    });
    // A change during a fetch may not be in its answer.
    let again = StoredValue::new(false);
    let done = move || state.with(|s| s.deploy.row.deploy.status.is_final());
    Effect::new(move |_| {
        if changes.get() > 0 {
            if fetch.pending().get_untracked() {
                again.set_value(true);
            } else {
                fetch.dispatch(());
            }
        }
    });
    Effect::new(move |_| {
        if !fetch.pending().get() && again.get_value() {
            again.set_value(false);
            fetch.dispatch(());
        }
    });
    let in_browser = use_now().in_browser;
    let refresh = deploy_href(&id, number);
    let header = move || {
        state.with(|s| {
            let deploy = &s.deploy.row.deploy;
            let why = deploy.status_reason.clone().map(|why| view! { <p class="rollout__why">{sentence(&why)}</p> });
            view! {
                <p class="rollout__state" role="status"><StatusBadge status=deploy.shown()/></p>
                {way_to_cancel(s)}
                {why}
            }
        })
    };
    let steps = move || state.with(|s| view! { <Steps rollout=s.rollout.clone() status=s.deploy.row.deploy.status/> });
    let next = move || done().then(|| state.with(|s| view! { <Next state=s.clone()/> }));
    view! {
        <section class="rollout" aria-labelledby="rollout-title">
            <div class="rollout__head">
                <h2 id="rollout-title">{format!("Rollout of {number}")}</h2>
                {header}
            </div>
            {steps}
            <Log log=log done=Signal::derive(done)/>
            <p class="rollout__refresh" hidden=move || in_browser.get() || done()>
                // Without script the page does not fill in by itself.
                <a class="button" href=refresh rel="external">"Refresh"</a>
            </p>
            {next}
        </section>
    }
}

/// Where a deploy is cancelled, while it still can be and by whom it may; or that it is about to stop.
fn way_to_cancel(state: &Progressed) -> Option<AnyView> {
    let deploy = &state.deploy.row.deploy;
    if deploy.status.is_final() || past_return(&state.rollout.steps) {
        return None;
    }
    if let Some(why) = &state.rollout.stopping {
        let text = format!("It stops before it switches anything: {}", sentence(why));
        return Some(view! { <p class="rollout__why">{text}</p> }.into_any());
    }
    let may = |part| state.deployment.may(Permission::to_push(part));
    let parts = [Part::Image, Part::Dags];
    let whole = deploy.kind == DeployKind::Mechanism;
    if parts.into_iter().any(|part| (whole || deploy.kind.has(part)) && !may(part)) {
        return None;
    }
    let href = cancel_href(&deploy.deployment, deploy.number);
    Some(
        view! { <a class="button button--small" href=href target=tab()>{format!("Cancel {}…", deploy.number)}</a> }
            .into_any(),
    )
}

/// Adds lines that are not there yet, however fetches overlapped.
fn add(log: &mut Vec<LogLine>, lines: Vec<LogLine>) {
    let last = log.last().map_or(0, |line| line.seq);
    log.extend(lines.into_iter().filter(|line| line.seq > last));
}

#[component]
fn Log(log: RwSignal<Vec<LogLine>>, done: Signal<bool>) -> impl IntoView {
    let empty = move || log.with(Vec::is_empty);
    // An old rollout without a log has nothing to open.
    let open = !(done.get_untracked() && log.with_untracked(Vec::is_empty));
    let none = move || if done.get() { "Nothing was logged." } else { "No lines yet." };
    view! {
        <details class="log" open=open>
            <summary>"Log"</summary>
            <p class="muted log__none" hidden=move || !empty()>{none}</p>
            <div class="log__lines" role="log" aria-live="polite" aria-label="Log of the rollout" tabindex="0">
                <ol>
                    <For each=move || log.get() key=|line| line.seq let:line>
                        <li><code>{shown(&line.text)}</code></li>
                    </For>
                </ol>
            </div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use backstep_domain::Millis;

    use super::*;

    #[test]
    fn no_line_comes_twice() {
        let line = |seq| LogLine { seq, step: 0, at: Millis(0), text: String::new() };
        let mut log = vec![line(1), line(2)];
        add(&mut log, vec![line(2), line(3)]);
        add(&mut log, vec![line(1), line(2), line(3)]);
        assert_eq!(log.iter().map(|l| l.seq).collect::<Vec<_>>(), [1, 2, 3]);
    }
}
