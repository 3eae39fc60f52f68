use backstep_domain::{Cause, DeployStatus};

use super::Progressed;
use crate::words::{exact_utc, span};

/// What happened, for a chat or an incident's record.
pub(super) fn summary(state: &Progressed, link: &str) -> String {
    let deploy = &state.deploy.row.deploy;
    let name = &state.deployment.deployment.name;
    let what = match &deploy.cause {
        Cause::Rollback { of, to, scope } => {
            format!("{name}: rollback {} of {of} to {to} ({})", deploy.number, scope.words())
        }
        Cause::Deploy | Cause::Adoption => format!("{name}: deploy {}", deploy.number),
    };
    let how = match deploy.status {
        DeployStatus::Succeeded => "succeeded",
        DeployStatus::Failed => "failed",
        DeployStatus::Cancelled => "was cancelled",
        DeployStatus::Queued | DeployStatus::Held | DeployStatus::Running => "is not finished",
    };
    let mut lines = vec![format!("{what} {how}.")];
    if let Some(reason) = &deploy.status_reason {
        lines.push(reason.clone());
    }
    lines.push(format!("Why: {}", deploy.description));
    lines.push(format!("By {}, {}", deploy.created_by.name, exact_utc(deploy.created_at)));
    if let (Some(from), Some(until)) = (deploy.started_at, deploy.ended_at) {
        lines.push(format!("It took {}.", span(until.since(from))));
    }
    for step in &state.rollout.steps {
        let error = step.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        lines.push(format!("- {}: {}{error}", step.kind.label(), step.status));
    }
    if state.deployment.hold.is_some() {
        lines.push(format!("A hold is set; {} held.", state.deployment.held));
    }
    lines.push(link.to_owned());
    lines.join("\n")
}
