//! Tells an open page that something changed, as server-sent events. The page then fetches what it shows.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Path, Request, State},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use backstep_app::api::Visitor;
use backstep_domain::{DeployNumber, DeploymentId, Problem, ProblemCode};
use futures::StreamExt;
use serde::Serialize;
use tokio::{
    sync::broadcast,
    time::{MissedTickBehavior, interval},
};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

use tracing::Instrument as _;

use super::{HttpState, server_functions::problem_response};
use crate::{auth::Use, changes::AccessChanged};

/// What ends by itself, or in another process, is noticed so often; what ends here is told at once.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

#[derive(Serialize)]
struct Data {
    number: Option<DeployNumber>,
}

/// `GET /events/deployments/{id}`: an event `changed` for each change. Whoever fell behind hears one at once.
pub async fn stream(
    State(state): State<HttpState>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    // Before the caller is known: whatever ends their session from here on is heard.
    let told = state.usecases.changes.hear_access();
    let visitor = state.visitor(&parts).await.map_err(IntoResponse::into_response)?;
    let who = visitor
        .0
        .ok_or_else(|| problem_response(&Problem::new(ProblemCode::Unauthenticated, "Sign in to follow changes.")))?;
    let id = DeploymentId::new(id);
    // Heard from before the check, so that no change between the two is missed.
    let changes = BroadcastStream::new(state.usecases.changes.hear());
    state.usecases.deployment(&who, &id).await.map_err(|p| problem_response(&p))?;

    let resumed = parts.headers.contains_key("last-event-id");
    let first = resumed.then(|| event(0, None));
    // The answer's head is sent by then; what is logged is still of this request.
    let over = refused(state.clone(), parts, id.clone(), told).in_current_span();
    let later = changes.filter_map(move |change| {
        let event = match change {
            Ok(c) if c.deployment.as_ref().is_none_or(|of| *of == id) => Some(event(c.seq, c.number)),
            Ok(_) => None,
            Err(BroadcastStreamRecvError::Lagged(_)) => Some(event(0, None)),
        };
        std::future::ready(event)
    });
    // The last event makes the page ask once more; the answer says why there is nothing more to see.
    let last = futures::stream::once(std::future::ready(event(0, None)));
    let events = futures::stream::iter(first).chain(later.take_until(over)).chain(last);
    let events = events.take_until(state.shutdown.clone().cancelled_owned());
    let open = state.usecases.metrics.stream();
    let events = events.inspect(move |_| _ = &open);
    let alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(alive).into_response())
}

/// Ends once the caller may no longer listen: a session or token ended, a role was taken away.
async fn refused(
    state: HttpState,
    parts: http::request::Parts,
    id: DeploymentId,
    mut told: broadcast::Receiver<AccessChanged>,
) {
    let mut look = interval(LOOK_AGAIN);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    look.tick().await;
    loop {
        tokio::select! {
            // Whatever it says, and if it said more than was heard: look.
            _ = told.recv() => {}
            _ = look.tick() => {}
        }
        let Ok(Visitor(Some(who))) = state.visitor_for(&parts, Use::Stream).await else { return };
        match state.usecases.deployment(&who, &id).await {
            Err(problem) if problem.code != ProblemCode::Unavailable => return,
            _ => {}
        }
    }
}

fn event(seq: u64, number: Option<DeployNumber>) -> Event {
    let data = serde_json::to_string(&Data { number }).expect("a number is JSON");
    Event::default().event("changed").id(seq.to_string()).data(data)
}
