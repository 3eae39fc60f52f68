//! Parts that were rolled back, and are not rolled out again without a question.

use serde::{Deserialize, Serialize};

use crate::{Author, DeployNumber, Millis, Part, Problem, ProblemCode, Revision};

/// A part that a rollback took back and marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedPart {
    pub part: Part,
    /// What it is, whatever deploy brings it: see [`digest_of`].
    pub digest: String,
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
        digest_of(revision, self.part).is_some_and(|digest| digest == self.digest)
    }
}

/// The digest of the image, or of the DAG bundle: 64 hexadecimal digits. It is in the JSON of every revision that has the part.
pub fn digest_of(revision: &Revision, part: Part) -> Option<String> {
    let digest = match part {
        Part::Image => revision.image.image.as_ref()?.digest.to_string(),
        Part::Dags => revision.dags.as_ref()?.bundle.to_string(),
    };
    Some(digest.rsplit(':').next().unwrap_or_default().to_owned())
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
        let what = rejected.part.words();
        format!("the {what} of {origin}, which {} rolled back with {rollback}: {why}", by.name)
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
