//! Places where a test can let the engine die. A release build has none.
//!
//! `BACKSTEP_CRASH_AT=<step>:<edge>` makes a debug build kill itself (SIGKILL) at that place. Steps: `start` (claimed, the
//! rows of its steps written), `stage_dags`, `switch_image`, `switch_dags`, `verify`, `finish`, `fall_back`. Edges:
//! - `after_row`: the step's row says "running", the target was not asked yet;
//! - `before_act`: observed, not so yet, about to act;
//! - `in_act`: a fifth of a second after the target began to act, if it is still acting;
//! - `after_act`: the target has acted, nothing was observed or written since;
//! - `after_end`: the row says that the step succeeded.
//!
//! `start` has `after_end` only; `finish` has `before_act` and `after_end` around the end of the rollout in the store;
//! `fall_back` has `before_act` and `after_act`. A step that is already so has nothing to act on.

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::Notify;

/// A place to die at, and how.
#[derive(Clone, Debug, Default)]
pub struct CrashPoint {
    at: Option<(String, Edge, Death)>,
}

/// Where in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    AfterRow,
    BeforeAct,
    InAct,
    AfterAct,
    AfterEnd,
}

impl Edge {
    pub const ALL: [Self; 5] = [Self::AfterRow, Self::BeforeAct, Self::InAct, Self::AfterAct, Self::AfterEnd];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::AfterRow => "after_row",
            Self::BeforeAct => "before_act",
            Self::InAct => "in_act",
            Self::AfterAct => "after_act",
            Self::AfterEnd => "after_end",
        }
    }
}

#[derive(Clone)]
enum Death {
    /// The whole process, as `kill -9` does.
    Kill,
    /// The work stands still; the test that is told drops the engine.
    StandStill(Arc<Notify>),
}

impl fmt::Debug for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kill => "kill",
            Self::StandStill(_) => "stand still",
        })
    }
}

impl CrashPoint {
    /// From the environment; never in a release build.
    pub fn from_env() -> Self {
        if !cfg!(debug_assertions) {
            return Self::default();
        }
        let text = std::env::var("BACKSTEP_CRASH_AT").unwrap_or_default();
        let at = text.split_once(':').and_then(|(step, edge)| {
            let edge = Edge::ALL.into_iter().find(|e| e.as_str() == edge)?;
            Some((step.to_owned(), edge, Death::Kill))
        });
        Self { at }
    }

    /// The work stands still at this place and `told` hears of it.
    pub fn stand_still(step: &str, edge: Edge, told: Arc<Notify>) -> Self {
        Self { at: Some((step.to_owned(), edge, Death::StandStill(told))) }
    }

    pub(super) async fn reach(&self, step: &str, edge: Edge) {
        if !cfg!(debug_assertions) {
            return;
        }
        let Some((_, _, death)) = self.at.as_ref().filter(|(s, e, _)| s == step && *e == edge) else { return };
        match death {
            Death::Kill => {
                let me = rustix::process::getpid();
                // Cannot fail: a process may always signal itself.
                let _ = rustix::process::kill_process(me, rustix::process::Signal::KILL);
            }
            Death::StandStill(told) => told.notify_one(),
        }
        std::future::pending::<()>().await;
    }

    /// Runs `act`, and dies while it runs if this is the place.
    pub(super) async fn during<T>(&self, step: &str, act: impl Future<Output = T>) -> T {
        if !cfg!(debug_assertions) {
            return act.await;
        }
        let death = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            self.reach(step, Edge::InAct).await;
            std::future::pending::<T>().await
        };
        tokio::select! {
            done = act => done,
            never = death => never,
        }
    }
}
