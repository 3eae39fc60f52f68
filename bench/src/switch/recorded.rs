//! One queued deploy in an empty store.

use backstep::store::Store;
use backstep_domain::{
    Author, BundleDigest, Cause, DagsPart, Deploy, DeployId, DeployKind, DeployNumber, DeployStatus, Deployment,
    DeploymentId, ImagePart, Mechanism, Millis, Revision, Workspace, WorkspaceId,
};

pub const DEPLOYMENT: &str = "analytics-prod";

pub async fn queue(store: &Store, bundle: &BundleDigest) -> anyhow::Result<()> {
    let author = Author { id: "token:admin".to_owned(), name: "Administrator".to_owned() };
    let workspace = Workspace { id: WorkspaceId::new("ws"), name: "Data Platform".to_owned(), created_at: Millis(0) };
    let deployment = Deployment {
        id: DeploymentId::new(DEPLOYMENT),
        workspace: workspace.id.clone(),
        name: DEPLOYMENT.to_owned(),
        description: String::new(),
        mechanism: Mechanism::DagDeploy,
        runtime: None,
        airflow: None,
        dags_target: None,
        image_target: None,
        rollback_enabled: true,
        created_at: Millis(0),
        created_by: author.clone(),
    };
    let number = DeployNumber::FIRST;
    let deploy = Deploy {
        id: DeployId::new("deploy"),
        deployment: deployment.id.clone(),
        number,
        kind: DeployKind::Dags,
        cause: Cause::Deploy,
        revision: Revision {
            mechanism: Mechanism::DagDeploy,
            mechanism_origin: number,
            image: ImagePart { image: None, runtime: None, airflow: None, heads: None, origin: number },
            dags: Some(DagsPart { bundle: bundle.clone(), origin: number }),
        },
        git: None,
        created_at: Millis(0),
        created_by: author,
        description: "version 0".to_owned(),
        status: DeployStatus::Queued,
        status_reason: None,
        started_at: None,
        ended_at: None,
        live_from: None,
        live_until: None,
        rejected: false,
        kept: Vec::new(),
        artifact_missing: false,
    };
    store.create_workspace(&workspace, None, None, None).await?;
    store.create_deployment(&deployment, None, None).await?;
    let mut tx = store.lock_deployment(&deployment.id).await?;
    tx.insert_deploy(&deploy).await?;
    Ok(tx.commit().await?)
}
