//! One scope of a plan while it is worked out: what would run afterwards, and what that changes.

use super::{Change, PlanInput, changes_between, rolled_back_revision};
use crate::{AirflowVersion, Catalogue, ImagePart, Mechanism, Part, Revision, Scope};

pub(super) struct Draft<'a> {
    pub input: &'a PlanInput<'a>,
    pub scope: Scope,
    /// What would run after the rollback.
    pub after: Revision,
    pub changes: Vec<Change>,
}

impl<'a> Draft<'a> {
    pub fn new(input: &'a PlanInput<'a>, scope: Scope) -> Self {
        let after = rolled_back_revision(&input.live.revision, &input.target.revision, scope);
        let changes = changes_between(&input.live.revision, &after);
        Self { input, scope, after, changes }
    }

    pub fn changes_part(&self, part: Part) -> bool {
        !same_part(&self.input.live.revision, &self.after, part)
    }

    pub fn changes_mechanism(&self) -> bool {
        self.input.live.revision.mechanism != self.after.mechanism
    }

    /// Whether the image target has something to do; the mechanism is its matter too.
    pub fn needs_image_target(&self) -> bool {
        self.changes_part(Part::Image) || self.changes_mechanism()
    }

    /// Whether the DAGs target has something to do: there is another DAG bundle to bring.
    pub fn needs_dags_target(&self) -> bool {
        self.changes_part(Part::Dags) && self.after.dags.is_some()
    }
}

/// Whether two revisions have the same content in one part, whatever its origin.
pub(super) fn same_part(a: &Revision, b: &Revision, part: Part) -> bool {
    match part {
        Part::Image => a.image.same_as(&b.image),
        Part::Dags => a.dags.as_ref().map(|d| &d.bundle) == b.dags.as_ref().map(|d| &d.bundle),
    }
}

/// The scope that is "the whole deploy" here: where the image brings the DAGs, or they come another way, the image is.
pub(super) fn whole_scope(input: &PlanInput<'_>) -> Scope {
    let (live, target) = (input.live.revision.mechanism, input.target.revision.mechanism);
    if live == Mechanism::DagDeploy || live != target { Scope::ImageAndDags } else { Scope::Image }
}

/// The Airflow of an image: what was recorded with it, else what the catalogue is certain of.
pub(super) fn airflow_of(image: &ImagePart, catalogue: &Catalogue) -> Option<AirflowVersion> {
    image.airflow.or_else(|| catalogue.airflow_of(image.runtime.as_ref()?))
}

/// The Airflow major version of an image, known more often than the whole version.
pub(super) fn airflow_major_of(image: &ImagePart, catalogue: &Catalogue) -> Option<u16> {
    let recorded = image.airflow.map(|a| a.major);
    recorded.or_else(|| catalogue.airflow_minor_of(image.runtime.as_ref()?).map(|(major, _)| major))
}

/// "Runtime 3.1-2 (Airflow 3.1.0)", as far as it is known.
pub(super) fn version_words(image: &ImagePart, catalogue: &Catalogue) -> String {
    match (&image.runtime, airflow_of(image, catalogue)) {
        (Some(runtime), Some(airflow)) => format!("Runtime {runtime} (Airflow {airflow})"),
        (Some(runtime), None) => format!("Runtime {runtime}"),
        (None, Some(airflow)) => format!("Airflow {airflow}"),
        (None, None) => "an unknown Airflow version".to_owned(),
    }
}
