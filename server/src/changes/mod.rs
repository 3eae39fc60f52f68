//! Tells the open pages that something of a Deployment changed. They fetch what they show; nothing else is sent.
//!
//! What is told in one server is heard in all of them ([`Bridge`]), so it does not matter which one a browser reads from.

mod bridge;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use backstep_domain::{DeployNumber, DeploymentId};
use tokio::sync::broadcast;

pub use bridge::Bridge;

/// Something changed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Of which Deployment; `None` if that is not known, and every page had better look.
    pub deployment: Option<DeploymentId>,
    /// The deploy that is meant, if it is one.
    pub number: Option<DeployNumber>,
    /// Grows with each change; the event id of the stream.
    pub seq: u64,
    /// Another server told it.
    from_elsewhere: bool,
}

/// Somebody may no longer be who they were.
#[derive(Clone, Copy, Debug)]
pub struct AccessChanged {
    from_elsewhere: bool,
}

/// The place where changes are told and heard.
#[derive(Clone, Debug)]
pub struct Changes {
    sender: broadcast::Sender<Changed>,
    access: broadcast::Sender<AccessChanged>,
    seq: Arc<AtomicU64>,
}

impl Default for Changes {
    fn default() -> Self {
        // A reader that falls behind 256 changes is told so, and fetches once.
        Self { sender: broadcast::channel(256).0, access: broadcast::channel(16).0, seq: Arc::default() }
    }
}

impl Changes {
    pub fn tell(&self, deployment: &DeploymentId, number: Option<DeployNumber>) {
        self.pass_on(Some(deployment.clone()), number, false);
    }

    /// Says that somebody may no longer be who they were: open pages ask again who they are.
    pub fn tell_access(&self) {
        // Nobody listening is no error, here and below.
        let _ = self.access.send(AccessChanged { from_elsewhere: false });
    }

    pub fn hear_access(&self) -> broadcast::Receiver<AccessChanged> {
        self.access.subscribe()
    }

    pub fn hear(&self) -> broadcast::Receiver<Changed> {
        self.sender.subscribe()
    }

    fn pass_on(&self, deployment: Option<DeploymentId>, number: Option<DeployNumber>, from_elsewhere: bool) {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        let _ = self.sender.send(Changed { deployment, number, seq, from_elsewhere });
    }
}
