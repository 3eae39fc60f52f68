//! Work on many files at once.

use std::{
    num::NonZero,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use tokio::runtime::Handle;

use super::{Bundles, error::BundleError};

/// Waiting for the disk, not for the processor: more threads than cores, so that syncs of several files share a commit.
const THREADS: usize = 8;

impl Bundles {
    /// Does `work` for every item on a few threads, away from the runtime's own; the first error ends it.
    pub(super) async fn on_each<T, F>(&self, items: Vec<T>, work: F) -> Result<(), BundleError>
    where
        T: Send + Sync + 'static,
        F: Fn(&Wait, &T) -> Result<(), BundleError> + Send + Sync + 'static,
    {
        let wait = if self.local.is_some() { Wait::Here } else { Wait::On(Handle::current()) };
        blocking(move || {
            let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
            let threads = THREADS.min(NonZero::new(items.len()).map_or(1, NonZero::get));
            let turn = || -> Result<(), BundleError> {
                while !stop.load(Ordering::Relaxed)
                    && let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    work(&wait, item).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
                }
                Ok(())
            };
            thread::scope(|scope| {
                let threads: Vec<_> = (0..threads).map(|_| scope.spawn(turn)).collect();
                let mut ends = threads.into_iter();
                ends.try_for_each(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            })
        })
        .await
    }
}

/// How a worker thread waits for the object store.
pub(super) enum Wait {
    /// The local store does its I/O on the calling thread where there is no runtime: no hop to another thread a call.
    Here,
    /// A remote store needs the runtime's sockets.
    On(Handle),
}

impl Wait {
    pub fn until<F: Future>(&self, future: F) -> F::Output {
        match self {
            Self::Here => futures::executor::block_on(future),
            Self::On(handle) => handle.block_on(future),
        }
    }
}

/// Runs `work` on a blocking thread; if the caller goes away it still ends, and its result is dropped there.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| match e.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => unreachable!("a blocking task is only cancelled with its runtime, and then nobody awaits it"),
    })
}
