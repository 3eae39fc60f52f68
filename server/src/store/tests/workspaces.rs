use backstep_domain::{Workspace, WorkspaceId};

use super::{database::Database, given::*};
use crate::store::StoreError;

on_each_database!(
    a_workspace_reads_back_as_it_was_written,
    a_name_is_given_once,
    they_are_listed_by_name_whatever_the_case,
    what_is_not_there_is_not_found
);

async fn a_workspace_reads_back_as_it_was_written(db: &Database) {
    let store = db.open().await;
    let data = workspace("Daten-Plattform ÄÖÜ");
    store.create_workspace(&data, None, None, None).await.unwrap();
    assert_eq!(store.workspace(&data.id).await.unwrap(), data);
    assert_eq!(store.workspaces().await.unwrap(), [data]);
}

async fn a_name_is_given_once(db: &Database) {
    let store = db.open().await;
    store.create_workspace(&workspace("data"), None, None, None).await.unwrap();
    let same = Workspace { id: WorkspaceId::new("another"), ..workspace("data") };
    let before = store.contents().await;
    let error = store.create_workspace(&same, None, None, None).await.unwrap_err();
    assert!(matches!(error, StoreError::Taken("name")), "{error}");
    assert_eq!(store.contents().await, before);
    // Case makes another name.
    store.create_workspace(&workspace("Data"), None, None, None).await.unwrap();
}

/// Also where the database has a collation of its own.
async fn they_are_listed_by_name_whatever_the_case(db: &Database) {
    let store = db.open().await;
    for name in ["zeta", "Beta", "_x", "alpha", "Éclair", "10", "9", "beta"] {
        store.create_workspace(&workspace(name), None, None, None).await.unwrap();
    }
    let names: Vec<_> = store.workspaces().await.unwrap().into_iter().map(|w| w.name).collect();
    assert_eq!(names, ["10", "9", "_x", "alpha", "Beta", "beta", "zeta", "Éclair"]);
}

async fn what_is_not_there_is_not_found(db: &Database) {
    let store = db.open().await;
    let prod = prod(&store).await;
    for none in ["none", "", "' or 1=1 --", "nul\0"] {
        assert!(matches!(store.workspace(&WorkspaceId::new(none)).await, Err(StoreError::NotFound)), "{none:?}");
        let deployment = backstep_domain::DeploymentId::new(none);
        assert!(matches!(store.deployment(&deployment).await, Err(StoreError::NotFound)), "{none:?}");
        assert!(matches!(store.lock_deployment(&deployment).await, Err(StoreError::NotFound)), "{none:?}");
        let deploy = backstep_domain::DeployId::new(none);
        assert!(matches!(store.deploy_by_id(&deploy).await, Err(StoreError::NotFound)), "{none:?}");
        assert!(matches!(store.upload(&deploy).await, Err(StoreError::NotFound)), "{none:?}");
    }
    assert!(matches!(store.deploy(&prod.id, number(1)).await, Err(StoreError::NotFound)));
    let mut tx = store.lock_deployment(&prod.id).await.unwrap();
    assert!(matches!(tx.deploy(number(1)).await, Err(StoreError::NotFound)));
}
