//! Parts that were rolled back, and are not rolled out again without a question.

use serde::{Deserialize, Serialize};

use crate::{Author, DeployNumber, Millis, Part, Problem, ProblemCode, Revision};

/// A part that a rollback took back and marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedPart {
    pub part: Part,
    /// What it is, whatever deploy brings it: see [`content_of`].
    pub content: String,
    /// The deploy that brought it.
    pub origin: DeployNumber,
    /// The rollback that took it back.
    pub rollback: DeployNumber,
    pub at: Millis,
    pub by: Author,
    /// The rollback's description.
    pub why: String,
}

impl RejectedPart {
    pub fn is_in(&self, revision: &Revision) -> bool {
        content_of(revision, self.part).is_some_and(|content| content == self.content)
    }
}

/// A part by its content: `REPOSITORY@sha256:DIGEST` of the image, the digest of the DAG bundle.
pub fn content_of(revision: &Revision, part: Part) -> Option<String> {
    match part {
        Part::Image => revision.image.image.as_ref().map(crate::ImageRef::pinned),
        Part::Dags => revision.dags.as_ref().map(|dags| dags.bundle.to_string()),
    }
}

/// The deploy that brought a part.
pub fn origin_of(revision: &Revision, part: Part) -> DeployNumber {
    match (part, &revision.dags) {
        (Part::Dags, Some(dags)) => dags.origin,
        _ => revision.image.origin,
    }
}

/// Whether any of the rejected parts is in a revision.
pub fn has_rejected(revision: &Revision, rejected: &[RejectedPart]) -> bool {
    rejected.iter().any(|part| part.is_in(revision))
}

/// The question before a rejected part is rolled out again.
pub fn confirm_rejected(number: DeployNumber, parts: &[RejectedPart]) -> Problem {
    let each = parts.iter().map(|rejected| {
        let RejectedPart { origin, rollback, by, why, .. } = rejected;
        let what = match rejected.part {
            Part::Image => "the image",
            Part::Dags => "the DAGs",
        };
        format!("{what} of {origin}, which {} rolled back with {rollback}: {why}", by.name)
    });
    let each: Vec<_> = each.collect();
    let message = format!(
        "{number} would bring back what was rejected: {}. Nothing was done. If it shall run all the same, say so: \
         allowRejected, on the command line --allow-rejected. That takes the mark off.",
        each.join("; ")
    );
    Problem { field: Some("allow_rejected".to_owned()), ..Problem::new(ProblemCode::ConfirmRejected, message) }
}

#[cfg(test)]
mod tests;
