//! A rollout: its steps with their log, and what to do next.

mod next;
mod progress;
mod steps;
mod summary;

use backstep_domain::{DeployNumber, DeployView, DeploymentId, DeploymentView, Rollout};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{ProblemNote, use_changes};
use crate::api::{Failure, get_deploy, get_deployment, get_rollout};
use progress::Progress;

/// All that the progress of a deploy shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Progressed {
    pub deploy: DeployView,
    pub deployment: DeploymentView,
    pub rollout: Rollout,
}

async fn load(id: DeploymentId, number: DeployNumber, after: u64) -> Result<Progressed, Failure> {
    // The log first: a line that comes later is fetched the next time, one that is skipped never.
    let rollout = get_rollout(id.clone(), number, after).await?;
    let deploy = get_deploy(id.clone(), number).await?;
    let deployment = get_deployment(id).await?;
    Ok(Progressed { deploy, deployment, rollout })
}

/// The steps of a deploy's rollout with their log, filling in while it runs, and what to do next.
#[component]
pub fn RolloutProgress(deployment: DeploymentId, number: DeployNumber) -> impl IntoView {
    let id = deployment.clone();
    // Not keyed on the changes: what is new is added to what is shown, so that nothing jumps while somebody reads.
    let first = Resource::new(|| (), move |()| load(id.clone(), number, 0));
    let changes = use_changes(deployment.clone());
    view! {
        <Suspense fallback=|| view! { <p class="muted" role="status">"Loading the rollout…"</p> }>
            {move || {
                let deployment = deployment.clone();
                Suspend::new(async move {
                    match first.await {
                        Ok(first) => {
                            view! { <Progress id=deployment number=number first=first changes=changes/> }.into_any()
                        }
                        Err(Failure(problem)) => view! { <ProblemNote problem=problem/> }.into_any(),
                    }
                })
            }}
        </Suspense>
    }
}
