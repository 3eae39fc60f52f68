//! Between the servers of one PostgreSQL database: what one tells, all others hear.
//!
//! What is told within a tenth of a second goes out as one notice, on its own and after the commit: a `NOTIFY` inside of a
//! transaction takes a lock that all writers share. A notice is a hint and may get lost with its server; the pages ask the
//! database for what they show.

use std::{collections::BTreeSet, time::Duration};

use backstep_domain::{DeployNumber, DeploymentId};
use serde::{Deserialize, Serialize};
use tokio::{sync::broadcast::error::TryRecvError, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{AccessChanged, Changed, Changes};
use crate::store::{Store, StoreError};

/// How long to gather before a notice goes out.
const GATHER: Duration = Duration::from_millis(100);
/// PostgreSQL takes 8,000 bytes; what is longer says that anything may have changed.
const LONGEST: usize = 7_500;
/// How long to leave a database alone that does not answer.
const BACK_OFF: Duration = Duration::from_secs(1);

/// Carries changes to the other servers, and theirs here.
#[derive(Debug)]
pub struct Bridge {
    changes: Changes,
    /// This server, so that it does not hear itself.
    owner: String,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Notice {
    from: String,
    changed: BTreeSet<(DeploymentId, Option<DeployNumber>)>,
    anything: bool,
    access: bool,
}

impl Bridge {
    /// `owner` names this process; no two have the same name.
    pub fn new(changes: Changes, owner: String) -> Self {
        Self { changes, owner }
    }

    /// Carries on until `shutdown`. With SQLite there is no other server, and it returns at once.
    pub async fn run(&self, store: &Store, shutdown: CancellationToken) {
        if store.is_exclusive() {
            return;
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.send(store) => {}
            () = self.receive(store) => {}
        }
    }

    async fn send(&self, store: &Store) {
        let (mut changed, mut access) = (self.changes.hear(), self.changes.hear_access());
        loop {
            let mut notice = Notice { from: self.owner.clone(), ..Notice::default() };
            tokio::select! {
                one = changed.recv() => notice.add(one.ok()),
                one = access.recv() => notice.add_access(one.ok()),
            }
            if notice.is_empty() {
                continue;
            }
            sleep(GATHER).await;
            while let Some(one) = heard(changed.try_recv()) {
                notice.add(one);
            }
            while let Some(one) = heard(access.try_recv()) {
                notice.add_access(one);
            }
            if let Err(error) = store.notify(&notice.text()).await {
                tracing::warn!(%error, "the other servers could not be told of a change; their pages may be late");
            }
        }
    }

    async fn receive(&self, store: &Store) {
        loop {
            if let Err(error) = self.listen(store).await {
                tracing::warn!(%error, "changes of other servers are not heard now");
            }
            sleep(BACK_OFF).await;
        }
    }

    async fn listen(&self, store: &Store) -> Result<(), StoreError> {
        let mut notices = store.listen().await?;
        // What was told before this listener was there.
        self.take(Notice::of_anything());
        loop {
            match notices.next().await? {
                Some(text) => match serde_json::from_str::<Notice>(&text) {
                    Ok(notice) if notice.from == self.owner => {}
                    Ok(notice) => self.take(notice),
                    // An older or newer server's.
                    Err(_) => self.take(Notice::of_anything()),
                },
                // The connection was lost and is there again.
                None => self.take(Notice::of_anything()),
            }
        }
    }

    fn take(&self, notice: Notice) {
        for (deployment, number) in notice.changed {
            self.changes.pass_on(Some(deployment), number, true);
        }
        if notice.anything {
            self.changes.pass_on(None, None, true);
        }
        if notice.access {
            let _ = self.changes.access.send(AccessChanged { from_elsewhere: true });
        }
    }
}

/// What was heard since, if anything was; inside, `None` says that some of it was missed.
fn heard<T>(one: Result<T, TryRecvError>) -> Option<Option<T>> {
    match one {
        Ok(one) => Some(Some(one)),
        Err(TryRecvError::Lagged(_)) => Some(None),
        Err(TryRecvError::Empty | TryRecvError::Closed) => None,
    }
}

impl Notice {
    /// For who does not know what changed.
    fn of_anything() -> Self {
        Self { anything: true, access: true, ..Self::default() }
    }

    /// `None`: some were missed. What another server told is not sent back.
    fn add(&mut self, one: Option<Changed>) {
        match one {
            Some(change) if change.from_elsewhere => {}
            Some(Changed { deployment: Some(deployment), number, .. }) => {
                self.changed.insert((deployment, number));
            }
            Some(_) | None => self.anything = true,
        }
    }

    fn add_access(&mut self, one: Option<AccessChanged>) {
        self.access |= one.is_none_or(|change| !change.from_elsewhere);
    }

    fn is_empty(&self) -> bool {
        self.changed.is_empty() && !self.anything && !self.access
    }

    fn text(&self) -> String {
        let text = serde_json::to_string(self).expect("a notice is JSON");
        if text.len() <= LONGEST {
            return text;
        }
        let short = Self { from: self.from.clone(), access: self.access, ..Self::of_anything() };
        serde_json::to_string(&short).expect("a notice is JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(id: &str, from_elsewhere: bool) -> Option<Changed> {
        Some(Changed { deployment: Some(DeploymentId::new(id)), number: None, seq: 1, from_elsewhere })
    }

    #[test]
    fn a_notice_that_is_too_long_says_that_anything_changed() {
        let mut notice = Notice { from: "one".to_owned(), access: true, ..Notice::default() };
        notice.add(change("d", false));
        assert_eq!(serde_json::from_str::<Notice>(&notice.text()).unwrap(), notice);
        for n in 0..1000 {
            notice.add(change(&format!("deployment-{n}"), false));
        }
        assert!(notice.text().len() < LONGEST);
        let short: Notice = serde_json::from_str(&notice.text()).unwrap();
        assert!(short.anything && short.access && short.changed.is_empty());
    }

    #[test]
    fn what_another_server_told_is_not_sent_back() {
        let mut notice = Notice::default();
        notice.add(change("d", true));
        assert!(notice.is_empty());
        notice.add_access(Some(AccessChanged { from_elsewhere: true }));
        assert!(notice.is_empty());
        // Whoever missed some does not know.
        notice.add(None);
        assert!(notice.anything && !notice.access);
        notice.add_access(None);
        assert!(notice.access);
    }
}
