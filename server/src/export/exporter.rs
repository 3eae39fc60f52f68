//! Takes lines from the outbox and sends them, one request after the other.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use backstep_domain::Millis;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    answer::Verdict,
    back_off::BackOff,
    bulk::{Bulk, Outcome},
    config::{BadExport, Settings},
    request::{MOST, Request, Sent, longest},
};
use crate::{
    clock::Clock,
    store::{ExportLease, Settled, Store, StoreError, Trouble},
};

/// How fast it goes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often it is looked whether there is something.
    pub look_every: Duration,
    pub back_off: BackOff,
    /// For how long a server has the export when it is not heard of any more.
    pub lease: Duration,
    pub renew_every: Duration,
    /// How long a stop waits for what is being sent.
    pub stop_within: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            look_every: Duration::from_millis(500),
            back_off: BackOff { first: Duration::from_millis(500), most: Duration::from_secs(60) },
            lease: Duration::from_secs(15),
            renew_every: Duration::from_secs(5),
            stop_within: Duration::from_secs(3),
        }
    }
}

/// Sends what is in the outbox.
pub struct Exporter {
    store: Store,
    clock: Arc<dyn Clock>,
    owner: String,
    settings: Settings,
    bulk: Bulk,
    pace: Pace,
}

/// What it knows from one turn to the next. All else is in the database.
#[derive(Default)]
struct State {
    lease: Option<(ExportLease, Option<Instant>)>,
    /// Failures in a row.
    failures: u32,
    /// As large as a request may be, from what was refused as too large.
    most_bytes: Option<usize>,
    /// Requests that were answered since that was last changed.
    answered: u32,
    /// The row that alone was too large.
    too_large: Option<i64>,
}

impl Exporter {
    /// `owner` names this process; no two have the same name.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        owner: String,
        settings: Settings,
        pace: Pace,
    ) -> Result<Self, BadExport> {
        Ok(Self { bulk: Bulk::new(&settings)?, store, clock, owner, settings, pace })
    }

    /// Sends until `stop`, then what is left if that is quick. Killed anywhere, nothing is lost: what was not taken out of
    /// the outbox is sent again.
    pub async fn run(&self, stop: CancellationToken) {
        let state = Mutex::new(State::default());
        let work = async {
            let mut state = state.lock().await;
            loop {
                let pause = match self.turn(&mut state).await {
                    Ok(pause) => pause,
                    Err(error) => {
                        state.lease = None;
                        if !matches!(error, StoreError::Fenced) {
                            tracing::error!(%error, "the export cannot use the database");
                        }
                        self.wait_after_failure(&mut state, None)
                    }
                };
                if stop.is_cancelled() && !pause.is_zero() {
                    return;
                }
                self.pause(pause, &stop).await;
            }
        };
        let too_long = async {
            stop.cancelled().await;
            sleep(self.pace.stop_within).await;
        };
        tokio::select! {
            () = work => {}
            () = too_long => {}
        }
        let lease = state.into_inner().lease;
        if let Some((lease, _)) = lease {
            // For the next server to go on at once.
            let past = self.clock.now().minus(1);
            let _ = timeout(self.pace.stop_within, self.store.renew_export(&lease, past)).await;
        }
    }

    async fn pause(&self, pause: Duration, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(pause) => {}
        }
    }

    /// One request at most; answers how long to wait for the next turn.
    async fn turn(&self, state: &mut State) -> Result<Duration, StoreError> {
        let Some(lease) = self.hold_lease(state).await? else { return Ok(self.pace.look_every) };
        let dropped = self.store.trim_outbox(&lease, self.settings.max_outbox_rows, self.clock.now()).await?;
        if dropped > 0 {
            tracing::error!(dropped, "more lines wait to be exported than are kept; the oldest were dropped");
        }
        let request = self.next_request(state).await?;
        if request.is_empty() {
            return Ok(self.pace.look_every);
        }
        let Request { body, sent, unreadable } = request;
        let outcome = if sent.is_empty() {
            Outcome::Answered(Vec::new())
        } else {
            tokio::select! {
                outcome = self.bulk.send(body, sent.len()) => outcome,
                error = self.keep_lease(&lease) => return Err(error),
            }
        };
        match outcome {
            Outcome::Answered(verdicts) => {
                let settled = self.settled(sent, unreadable, verdicts);
                self.store.settle_export(&lease, &settled, self.clock.now()).await?;
                state.failures = 0;
                state.too_large = None;
                self.larger(state);
                Ok(Duration::ZERO)
            }
            Outcome::TooLarge => self.smaller(state, &lease, &sent).await,
            Outcome::Failed { error, retry_after } => {
                let pause = self.wait_after_failure(state, retry_after);
                tracing::warn!(%error, again_in = ?pause, "log lines could not be exported");
                self.store.export_failed(&lease, &error, self.clock.now()).await?;
                Ok(pause)
            }
        }
    }

    fn wait_after_failure(&self, state: &mut State, retry_after: Option<Duration>) -> Duration {
        state.failures = state.failures.saturating_add(1);
        self.pace.back_off.after(state.failures, retry_after, rand::random())
    }

    async fn next_request(&self, state: &State) -> Result<Request, StoreError> {
        let most = state.most_bytes.unwrap_or(self.settings.max_bulk_bytes);
        let mut request = Request::default();
        let take = |row: crate::store::Outgoing| {
            let longest = longest(state.too_large == Some(row.id));
            if request.add(row, &self.settings, most, longest) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        self.store.outgoing(self.clock.now(), MOST, take).await?;
        Ok(request)
    }

    /// What the answer comes to, for the outbox.
    fn settled(&self, sent: Vec<Sent>, unreadable: Vec<(Sent, String)>, verdicts: Vec<Verdict>) -> Settled {
        let mut settled = Settled::default();
        let never = |sent: Sent, error| Trouble { id: sent.id, error, again: None, document: sent.document };
        settled.troubles.extend(unreadable.into_iter().map(|(sent, error)| never(sent, error)));
        for (sent, verdict) in sent.into_iter().zip(verdicts) {
            match verdict {
                Verdict::There => settled.done.push(sent.id),
                Verdict::Never(error) => {
                    tracing::warn!(document = %sent.document, %error, "a log line will never be accepted; it is put aside");
                    settled.troubles.push(never(sent, error));
                }
                Verdict::Later(error) => {
                    let wait = self.pace.back_off.after(sent.attempts + 1, None, rand::random());
                    let again = Some(self.after(wait));
                    settled.troubles.push(Trouble { id: sent.id, error, again, document: sent.document });
                }
            }
        }
        settled
    }

    /// Twice as much again after a while: it may have been one large line.
    fn larger(&self, state: &mut State) {
        const AFTER: u32 = 50;
        state.answered = state.answered.saturating_add(1);
        if let Some(most) = state.most_bytes.filter(|_| state.answered >= AFTER) {
            state.answered = 0;
            state.most_bytes = Some(most * 2).filter(|most| *most < self.settings.max_bulk_bytes);
        }
    }

    /// Half as much the next time. A line that alone is too large goes without most of its message; if that is too large
    /// too, never.
    async fn smaller(&self, state: &mut State, lease: &ExportLease, sent: &[Sent]) -> Result<Duration, StoreError> {
        let [only] = sent else {
            let was = state.most_bytes.unwrap_or(self.settings.max_bulk_bytes);
            state.most_bytes = Some((was / 2).max(1));
            state.answered = 0;
            return Ok(Duration::ZERO);
        };
        if state.too_large != Some(only.id) {
            state.too_large = Some(only.id);
            return Ok(Duration::ZERO);
        }
        let error = "413: too large, even without most of its message".to_owned();
        let trouble = Trouble { id: only.id, error, again: None, document: only.document.clone() };
        let settled = Settled { done: Vec::new(), troubles: vec![trouble] };
        self.store.settle_export(lease, &settled, self.clock.now()).await?;
        Ok(Duration::ZERO)
    }

    /// The lease, taken or renewed if it is time; `None` while another server has it.
    async fn hold_lease(&self, state: &mut State) -> Result<Option<ExportLease>, StoreError> {
        if let Some((lease, renewed)) = &mut state.lease {
            if !self.store.is_exclusive() && renewed.is_none_or(|at| at.elapsed() >= self.pace.renew_every) {
                self.store.renew_export(lease, self.lease_until()).await?;
                *renewed = Some(Instant::now());
            }
            return Ok(Some(lease.clone()));
        }
        let asked = Instant::now();
        let claimed = self.store.claim_export(&self.owner, self.clock.now(), self.lease_until()).await?;
        state.lease = claimed.clone().map(|lease| (lease, Some(asked)));
        Ok(claimed)
    }

    fn lease_until(&self) -> Millis {
        self.after(self.pace.lease)
    }

    fn after(&self, wait: Duration) -> Millis {
        self.clock.now().plus(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
    }

    /// Renews the lease while something is being sent; returns only when it is lost.
    async fn keep_lease(&self, lease: &ExportLease) -> StoreError {
        if self.store.is_exclusive() {
            std::future::pending::<()>().await;
        }
        loop {
            sleep(self.pace.renew_every).await;
            if let Err(error) = self.store.renew_export(lease, self.lease_until()).await {
                return error;
            }
        }
    }
}
