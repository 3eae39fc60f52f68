use backstep_domain::{DeployNumber, DeploymentId, HistoryFilter, ProblemCode};
use leptos::prelude::*;

use super::brief::{HistoryBrief, LiveBrief};
use crate::{
    api::{Failure, ServerAddress, get_deployment, get_history},
    components::{ProblemNote, RollbackDialog, RolloutProgress, use_changes},
    now::provide_now,
};

/// How many deploys a panel lists.
const LISTED: usize = 10;

/// What the page around a panel is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PanelNews {
    /// Its content is there.
    Ready,
    /// A rollback was recorded and starts.
    RollbackStarted(DeployNumber),
    /// Something cannot be shown; the text is for a person.
    Error(String),
    /// The server wants a token, or another one.
    AuthRequired,
}

/// Tells that the server wants another token. Provided by a panel; in a page the session decides.
#[derive(Clone, Copy)]
pub struct TokenWanted(pub Callback<()>);

/// History and rollback of one Deployment. Never rendered on the server, and knows no address bar.
#[component]
pub fn Panel(
    server: ServerAddress,
    deployment: DeploymentId,
    news: Callback<PanelNews>,
    /// Grows when the token was renewed.
    #[prop(into)]
    renewed: Signal<u64>,
) -> impl IntoView {
    provide_context(server);
    provide_context(TokenWanted(Callback::new(move |()| news.run(PanelNews::AuthRequired))));
    provide_now();
    let target = RwSignal::new(None);
    let following = RwSignal::new(None::<DeployNumber>);
    let changes = use_changes(deployment.clone());
    let id = deployment.clone();
    let data = Resource::new(
        move || (changes.get(), renewed.get()),
        move |_| {
            let id = id.clone();
            async move {
                let view = get_deployment(id.clone()).await?;
                let history = get_history(id, HistoryFilter::default(), None).await?;
                Ok::<_, Failure>((view, history.rows.into_iter().take(LISTED).collect::<Vec<_>>()))
            }
        },
    );
    let ready = StoredValue::new(false);
    Effect::new(move |_| match data.get() {
        Some(Ok(_)) if !ready.get_value() => {
            ready.set_value(true);
            news.run(PanelNews::Ready);
        }
        Some(Err(Failure(problem))) if problem.code == ProblemCode::Unauthenticated => {
            news.run(PanelNews::AuthRequired)
        }
        Some(Err(Failure(problem))) => news.run(PanelNews::Error(problem.message)),
        _ => {}
    });
    let done = Callback::new(move |number| {
        following.set(Some(number));
        news.run(PanelNews::RollbackStarted(number));
    });
    let shown_id = deployment.clone();
    let progress_id = deployment.clone();
    let progress = move || {
        following.get().map(|number| {
            view! {
                <div class="card">
                    <RolloutProgress deployment=progress_id.clone() number=number/>
                    <p>
                        <button type="button" class="button" on:click=move |_| following.set(None)>"Close"</button>
                    </p>
                </div>
            }
        })
    };
    view! {
        <div class="panel">
            {progress}
            <Transition fallback=|| view! { <p class="muted" role="status">"Loading…"</p> }>
                {move || {
                    let id = shown_id.clone();
                    Suspend::new(async move {
                        match data.await {
                            Ok((view, rows)) => view! {
                                <LiveBrief view=view target=target/>
                                <HistoryBrief deployment=id rows=rows target=target/>
                            }
                            .into_any(),
                            Err(Failure(problem)) => view! { <ProblemNote problem=problem/> }.into_any(),
                        }
                    })
                }}
            </Transition>
            <RollbackDialog deployment=deployment target=target on_done=done/>
        </div>
    }
}
