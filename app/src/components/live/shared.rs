//! Who listens to what in this document. Several parts of a page share one stream: browsers open only six connections
//! to a server over HTTP/1.1.

use std::{cell::RefCell, rc::Rc};

use backstep_domain::DeploymentId;
use web_sys::AbortController;

use super::follow::follow;
use crate::api::ServerAddress;

type Tell = Rc<dyn Fn()>;

/// One stream and those who listen to it. Panels with different tokens never share one.
struct Shared {
    server: ServerAddress,
    deployment: DeploymentId,
    listeners: Vec<(u64, Tell)>,
    stop: Option<AbortController>,
}

#[derive(Default)]
struct Registry {
    next: u64,
    streams: Vec<Shared>,
}

thread_local! {
    static REGISTRY: RefCell<Registry> = RefCell::default();
}

/// Starts to listen; the answer is for `leave`.
pub fn listen(server: ServerAddress, deployment: DeploymentId, tell: impl Fn() + 'static) -> u64 {
    REGISTRY.with_borrow_mut(|registry| {
        registry.next += 1;
        let listener = (registry.next, Rc::new(tell) as Tell);
        let known = registry.streams.iter_mut().find(|s| s.server == server && s.deployment == deployment);
        if let Some(stream) = known {
            stream.listeners.push(listener);
            return registry.next;
        }
        let stop = AbortController::new().ok();
        let signal = stop.as_ref().map(AbortController::signal);
        registry.streams.push(Shared {
            server: server.clone(),
            deployment: deployment.clone(),
            listeners: vec![listener],
            stop,
        });
        wasm_bindgen_futures::spawn_local(async move {
            let (told_server, told_deployment) = (server.clone(), deployment.clone());
            let changed = Rc::new(move || tell_all(&told_server, &told_deployment));
            follow(&server, &deployment, signal.as_ref(), changed).await;
        });
        registry.next
    })
}

/// Stops to listen; the last one closes the stream.
pub fn leave(listener: u64) {
    REGISTRY.with_borrow_mut(|registry| {
        for stream in &mut registry.streams {
            stream.listeners.retain(|(id, _)| *id != listener);
            if stream.listeners.is_empty()
                && let Some(stop) = stream.stop.take()
            {
                stop.abort();
            }
        }
        registry.streams.retain(|stream| !stream.listeners.is_empty());
    });
}

/// Tells everybody who listens now. Not under the borrow: whoever is told may start or stop to listen.
fn tell_all(server: &ServerAddress, deployment: &DeploymentId) {
    let listeners: Vec<Tell> = REGISTRY.with_borrow(|registry| {
        let stream = registry.streams.iter().find(|s| s.server == *server && s.deployment == *deployment);
        stream.map(|s| s.listeners.iter().map(|(_, tell)| tell.clone()).collect()).unwrap_or_default()
    });
    for tell in listeners {
        tell();
    }
}
