//! What was compared a moment ago: switching need not read the folders of a large bundle once more.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::StepInput;

/// An image that is switched in between can take minutes; then the files are looked at again.
const A_MOMENT: Duration = Duration::from_secs(30);

/// The deploy whose files were complete when they were staged, in this process.
#[derive(Clone, Debug, Default)]
pub(super) struct Compared(Arc<Mutex<Option<(StepInput, Instant)>>>);

impl Compared {
    /// Notes what was found of a step's files.
    pub fn note(&self, input: &StepInput, complete: bool) {
        self.set(complete.then(|| (input.clone(), Instant::now())));
    }

    /// Whether the files of this very rollout were complete a moment ago. Answers so once.
    pub fn take(&self, input: &StepInput) -> bool {
        let same = |other: &StepInput| {
            (&other.deployment, other.number, &other.bundle) == (&input.deployment, input.number, &input.bundle)
        };
        self.set(None).is_some_and(|(noted, at)| same(&noted) && at.elapsed() < A_MOMENT)
    }

    fn set(&self, note: Option<(StepInput, Instant)>) -> Option<(StepInput, Instant)> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), note)
    }
}
