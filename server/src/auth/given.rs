//! Workspaces and Deployments for the tests.

use backstep_domain::{Author, Deployment, DeploymentId, Mechanism, Millis, Workspace, WorkspaceId};

pub fn workspace(id: &str, name: &str) -> Workspace {
    Workspace { id: WorkspaceId::new(id), name: name.to_owned(), created_at: Millis(0) }
}

pub fn deployment(id: &str, workspace: &str, name: &str) -> Deployment {
    Deployment {
        id: DeploymentId::new(id),
        workspace: WorkspaceId::new(workspace),
        name: name.to_owned(),
        description: String::new(),
        mechanism: Mechanism::DagDeploy,
        runtime: None,
        airflow: None,
        dags_target: None,
        image_target: None,
        rollback_enabled: true,
        created_at: Millis(0),
        created_by: Author { id: "a".to_owned(), name: "A".to_owned() },
    }
}
