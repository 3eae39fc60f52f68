//! The steps of a rollback, and of any deploy, in their order.

use super::Draft;
use crate::StepKind;

/// Everything is staged before anything is switched; the image goes before the DAGs; what runs is verified last.
pub fn rollout_steps(image: bool, dags: bool) -> Vec<StepKind> {
    use StepKind::{StageDags, SwitchDags, SwitchImage, Verify};
    let all = [(StageDags, dags), (SwitchImage, image), (SwitchDags, dags), (Verify, image || dags)];
    all.into_iter().filter(|(_, needed)| *needed).map(|(step, _)| step).collect()
}

pub(super) fn steps(draft: &Draft<'_>) -> Vec<StepKind> {
    rollout_steps(draft.needs_image_target(), draft.needs_dags_target())
}
