//! Live changes: one stream of events for a document and Deployment, whoever listens.

#[cfg(target_arch = "wasm32")]
mod follow;
#[cfg(any(target_arch = "wasm32", test))]
mod parse;
#[cfg(target_arch = "wasm32")]
mod shared;
#[cfg(target_arch = "wasm32")]
mod wait;

use backstep_domain::DeploymentId;
use leptos::prelude::*;

/// A number that grows each time something of the Deployment changes: fetch again what is shown. Stays 0 on the server.
///
/// It also grows once when the stream starts, because something may have changed since the page was rendered.
pub fn use_changes(deployment: DeploymentId) -> Signal<u64> {
    let count = RwSignal::new(0);
    listen(deployment, count);
    count.into()
}

/// Only an effect starts the stream, so that nothing moves before the page is hydrated.
#[cfg(target_arch = "wasm32")]
fn listen(deployment: DeploymentId, count: RwSignal<u64>) {
    let server = use_context::<crate::api::ServerAddress>();
    Effect::new(move |_| {
        let Some(server) = server.clone() else { return };
        let listener = shared::listen(server, deployment.clone(), move || {
            // The page that listened may be gone already.
            count.try_update(|n| *n += 1);
        });
        on_cleanup(move || shared::leave(listener));
    });
}

#[cfg(not(target_arch = "wasm32"))]
fn listen(_: DeploymentId, _: RwSignal<u64>) {}
