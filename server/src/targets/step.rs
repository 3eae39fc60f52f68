//! What a target is given for a step, and what it answers.

use std::sync::Arc;

use backstep_domain::{BundleDigest, DeployNumber, DeploymentId, ImageRef, Millis, StepKind};
use tokio::sync::mpsc;

use crate::clock::Clock;

/// A step, and what shall be true after it. A target looks at the part that is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepInput {
    pub step: StepKind,
    pub deployment: DeploymentId,
    /// The Deployment's name, for programs and messages.
    pub deployment_name: String,
    /// The deploy that is rolled out.
    pub number: DeployNumber,
    /// The image that shall run; `None` if the deploy has none.
    pub image: Option<ImageRef>,
    /// The DAG bundle that shall be read; `None` if the deploy has none.
    pub bundle: Option<BundleDigest>,
}

/// What a target found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// What the step is for is true.
    pub done: bool,
    /// What is there, for the log: "current points to 3fb1c09a77e2".
    pub detail: String,
}

/// What a target has now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    pub bundle: Option<BundleDigest>,
    /// As the target writes it; `repository@sha256:...` where Backstep wrote it.
    pub image: Option<String>,
}

/// Takes the log lines of a step, each with its time.
#[derive(Clone)]
pub struct StepLog {
    lines: mpsc::UnboundedSender<(Millis, String)>,
    clock: Arc<dyn Clock>,
}

impl StepLog {
    /// A log, and the lines that are written to it. The receiver ends when the last clone of the log is dropped.
    pub fn new(clock: Arc<dyn Clock>) -> (Self, mpsc::UnboundedReceiver<(Millis, String)>) {
        let (lines, written) = mpsc::unbounded_channel();
        (Self { lines, clock }, written)
    }

    /// Adds a line. Control characters are replaced: they have no place on a page, and NUL none in PostgreSQL.
    pub fn line(&self, text: impl Into<String>) {
        let text = plain(text.into());
        // The reader is gone only when the rollout was given up; then nobody asks for the line.
        let _ = self.lines.send((self.clock.now(), text));
    }
}

fn plain(text: String) -> String {
    let odd = |c: char| c.is_control() && c != '\t';
    if text.contains(odd) { text.replace(odd, "\u{fffd}") } else { text }
}
