//! Tells the open pages that something of a Deployment changed. They fetch what they show; nothing else is sent.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use backstep_domain::{DeployNumber, DeploymentId};
use tokio::sync::broadcast;

/// Something of a Deployment changed.
#[derive(Clone, Debug)]
pub struct Changed {
    pub deployment: DeploymentId,
    /// The deploy that is meant, if it is one.
    pub number: Option<DeployNumber>,
    /// Grows with each change; the event id of the stream.
    pub seq: u64,
}

/// The place where changes are told and heard, within this process.
#[derive(Clone, Debug)]
pub struct Changes {
    sender: broadcast::Sender<Changed>,
    access: broadcast::Sender<()>,
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
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        // Nobody listening is no error.
        let _ = self.sender.send(Changed { deployment: deployment.clone(), number, seq });
    }

    /// Says that somebody may no longer be who they were: open pages ask again who they are.
    pub fn tell_access(&self) {
        let _ = self.access.send(());
    }

    pub fn hear_access(&self) -> broadcast::Receiver<()> {
        self.access.subscribe()
    }

    pub fn hear(&self) -> broadcast::Receiver<Changed> {
        self.sender.subscribe()
    }
}
