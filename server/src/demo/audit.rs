//! What the audit log would say of the demo's history.

use backstep_domain::{AuditAction, AuditEntry, Author, Deploy, Deployment, Millis, Origin, Workspace};

use crate::{auth::DemoPerson, usecases::recorded};

pub fn workspace(workspace: &Workspace) -> AuditEntry {
    let admin = DemoPerson::Admin.author();
    by(admin, workspace.created_at, AuditAction::WorkspaceCreated, workspace.name.clone()).in_workspace(&workspace.id)
}

/// The Deployment's creation, and its deploys with their ends.
pub fn history(deployment: &Deployment, deploys: &[Deploy]) -> Vec<AuditEntry> {
    let detail = format!("{}, mechanism {}", deployment.name, deployment.mechanism);
    let created = by(deployment.created_by.clone(), deployment.created_at, AuditAction::DeploymentCreated, detail);
    let mut entries = vec![created.on(deployment)];
    for deploy in deploys {
        let action = if deploy.is_rollback() { AuditAction::RollbackRecorded } else { AuditAction::DeployRecorded };
        let entry = by(deploy.created_by.clone(), deploy.created_at, action, recorded(deploy));
        entries.push(entry.on(deployment).of(deploy.number));
        if let Some(at) = deploy.ended_at {
            let detail = match &deploy.status_reason {
                Some(why) => format!("{}: {why}", deploy.status),
                None => deploy.status.to_string(),
            };
            let ended = AuditAction::RolloutEnded;
            entries.push(AuditEntry::of_rollout(deploy, &deployment.workspace, at, ended, detail));
        }
    }
    entries
}

/// From an address that is nobody's (RFC 5737).
fn by(actor: Author, at: Millis, action: AuditAction, detail: String) -> AuditEntry {
    let origin = Origin { address: "192.0.2.10".to_owned(), ..Origin::default() };
    AuditEntry { at, actor, action, workspace: None, deployment: None, deploy: None, detail, origin }
}
