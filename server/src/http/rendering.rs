//! Where the interface's tasks run: on this runtime, as with the framework's own choice, but each in the span of the
//! request that it is for, so that what is logged in it has the request's id.

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use tracing::Instrument as _;

struct InSpan;

impl CustomExecutor for InSpan {
    fn spawn(&self, task: PinnedFuture<()>) {
        tokio::spawn(task.in_current_span());
    }

    fn spawn_local(&self, task: PinnedLocalFuture<()>) {
        tokio::task::spawn_local(task.in_current_span());
    }

    fn poll_local(&self) {}
}

/// Chooses it, once a process; has to come before the framework chooses.
pub fn choose() {
    // Chosen already: another router of this process did.
    let _ = Executor::init_custom_executor(InSpan);
}
