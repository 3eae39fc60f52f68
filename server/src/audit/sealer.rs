//! Seals what was written, and signs a checkpoint now and then.

use std::{sync::Arc, time::Duration};

use backstep_domain::{HOUR, Millis, SealedUpTo};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::{Checkpoint, CheckpointKey};
use crate::{
    clock::Clock,
    heartbeat::Heartbeat,
    store::{Store, StoreError},
};

/// How often what is new is sealed.
const SEAL_EVERY: Duration = Duration::from_millis(250);

/// How long to leave a database alone that does not answer.
const BACK_OFF: Duration = Duration::from_secs(3);

/// How old the last checkpoint is when the next is signed, in milliseconds.
const SIGN_EVERY: i64 = HOUR;

/// How often it is looked how old that is.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Seals and signs. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    store: Store,
    key: Arc<CheckpointKey>,
    clock: Arc<dyn Clock>,
    seals: Heartbeat,
}

impl Sealer {
    pub fn new(store: Store, key: CheckpointKey, clock: Arc<dyn Clock>) -> Self {
        Self { store, key: Arc::new(key), clock, seals: Heartbeat::default() }
    }

    /// Its rounds, each of which left nothing unsealed that had been written by then.
    pub fn seals(&self) -> &Heartbeat {
        &self.seals
    }

    /// Seals until `stop`, which has to come when nothing is written any more; then the rest is sealed and signed.
    pub async fn run(&self, stop: CancellationToken) {
        let mut seal = interval(SEAL_EVERY);
        let mut look = interval(LOOK_EVERY);
        seal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            let outcome = tokio::select! {
                () = stop.cancelled() => break,
                _ = seal.tick() => self.store.seal().await.map(|_| self.seals.beat()),
                _ = look.tick() => self.sign_if_due().await,
            };
            if let Err(error) = outcome {
                tracing::error!(%error, "the audit log could not be sealed; it is tried again");
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = sleep(BACK_OFF) => {}
                }
            }
        }
        if let Err(error) = self.checkpoint().await {
            tracing::error!(%error, "the audit log could not be sealed at the stop; the next start seals it");
        }
    }

    /// Seals everything and states it; `None` while the log is empty. What was stated already is not stated again.
    pub async fn checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        self.store.seal().await?;
        let Some(head) = self.store.sealed_up_to().await? else { return Ok(None) };
        let last = self.store.last_checkpoint().await?;
        let stated = |last: &Checkpoint| last.seq == head.seq && last.hash == head.hash.to_string();
        if let Some(last) = last.filter(|last| stated(last) && self.is_mine(last)) {
            return Ok(Some(last));
        }
        self.sign(&head, self.clock.now()).await.map(Some)
    }

    pub(super) async fn sign_if_due(&self) -> Result<(), StoreError> {
        let Some(head) = self.store.sealed_up_to().await? else { return Ok(()) };
        let now = self.clock.now();
        let last = self.store.last_checkpoint().await?;
        let due = last.is_none_or(|last| now.since(last.at) >= SIGN_EVERY && last.seq != head.seq);
        if due { self.sign(&head, now).await.map(|_| ()) } else { Ok(()) }
    }

    async fn sign(&self, head: &SealedUpTo, at: Millis) -> Result<Checkpoint, StoreError> {
        let checkpoint = self.key.sign(head, at);
        self.store.keep_checkpoint(&checkpoint).await?;
        Ok(checkpoint)
    }

    /// Made with this server's key and as it was made: what somebody put into the table is not handed out.
    fn is_mine(&self, checkpoint: &Checkpoint) -> bool {
        checkpoint.public_key == self.key.public_key() && checkpoint.check().is_ok()
    }
}
