//! What becomes of a database that an older Backstep wrote.

use std::path::Path;

use backstep_domain::*;
use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};

use super::*;
use crate::store::{EligibleWhen, Store};

const DESCRIPTIONS: [&str; 4] = ["Currency conversion", "Late partners", "Currency of refunds", "Stock alerts"];

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn deployment(name: &str) -> Deployment {
    Deployment {
        id: DeploymentId::new(name),
        workspace: WorkspaceId::new("ws"),
        name: name.to_owned(),
        description: String::new(),
        mechanism: Mechanism::DagDeploy,
        runtime: None,
        airflow: None,
        dags_target: None,
        image_target: None,
        rollback_enabled: true,
        created_at: Millis(0),
        created_by: author(),
    }
}

fn author() -> Author {
    Author { id: "demo:ada".to_owned(), name: "Ada".to_owned() }
}

fn deploy(of: &Deployment, n: u32) -> Deploy {
    let number = DeployNumber::new(n).unwrap();
    let live_from = Millis(i64::from(n) * HOUR);
    Deploy {
        id: DeployId::new(format!("{}-{n}", of.name)),
        deployment: of.id.clone(),
        number,
        kind: DeployKind::Dags,
        cause: Cause::Deploy,
        revision: Revision {
            mechanism: Mechanism::DagDeploy,
            mechanism_origin: number,
            image: ImagePart { image: None, runtime: None, airflow: None, heads: None, origin: number },
            dags: Some(DagsPart { bundle: format!("{n:064x}").parse().unwrap(), origin: number }),
        },
        git: None,
        created_at: live_from,
        created_by: author(),
        description: DESCRIPTIONS[n as usize - 1].to_owned(),
        status: DeployStatus::Succeeded,
        status_reason: None,
        started_at: None,
        ended_at: None,
        live_from: Some(live_from),
        live_until: None,
        rejected: false,
        kept: Vec::new(),
        artifact_missing: false,
    }
}

async fn insert(store: &Store, of: &Deployment) -> Vec<Deploy> {
    let mut tx = store.lock_deployment(&of.id).await.unwrap();
    for n in 1..=4 {
        tx.insert_deploy(&deploy(of, n)).await.unwrap();
    }
    tx.commit().await.unwrap();
    page(store, of, None).await
}

async fn page(store: &Store, of: &Deployment, text: Option<&str>) -> Vec<Deploy> {
    let filter = HistoryFilter { text: text.map(str::to_owned), ..HistoryFilter::default() };
    let eligible = EligibleWhen { created_or_live_since: Millis(0), before_live: None };
    store.history(&of.id, &filter, &eligible, None, 50).await.unwrap()
}

async fn found(store: &Store, of: &Deployment, text: &str) -> Vec<u32> {
    page(store, of, Some(text)).await.iter().map(|d| d.number.get()).collect()
}

/// A database of schema 1 with what is in another one.
async fn of_the_first_version(path: &Path, with: &Path) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true).foreign_keys(true);
    let mut db = options.connect().await.unwrap();
    db.execute(CREATE_SQLITE).await.unwrap();
    db.execute(sqlx::raw_sql(MIGRATIONS[0].sqlite)).await.unwrap();
    sqlx::query(DONE).bind(1_i64).execute(&mut db).await.unwrap();
    sqlx::query("attach $1 as written").bind(with.display().to_string()).execute(&mut db).await.unwrap();
    db.execute(sqlx::raw_sql(
        "insert into workspaces select * from written.workspaces;
         insert into deployments select * from written.deployments;
         insert into deploys select * from written.deploys order by deployment_id, number;
         insert into deploy_states select * from written.deploy_states;",
    ))
    .await
    .unwrap();
}

#[tokio::test]
async fn the_deploys_of_an_older_database_are_kept_and_can_be_searched() {
    let folder = tempfile::tempdir().unwrap();
    let (new, old) = (folder.path().join("new.db"), folder.path().join("old.db"));
    let (prod, other) = (deployment("prod"), deployment("other"));
    let store = Store::open(&url(&new)).await.unwrap();
    let workspace = Workspace { id: WorkspaceId::new("ws"), name: "Data".to_owned(), created_at: Millis(0) };
    store.create_workspace(&workspace, None, None, None).await.unwrap();
    store.create_deployment(&prod, None, None).await.unwrap();
    store.create_deployment(&other, None, None).await.unwrap();
    let written = [insert(&store, &prod).await, insert(&store, &other).await];
    store.close().await;
    of_the_first_version(&old, &new).await;

    let store = Store::open(&url(&old)).await.unwrap();
    assert_eq!([page(&store, &prod, None).await, page(&store, &other, None).await], written);
    assert_eq!(found(&store, &prod, "CURRENCY").await, [3, 1]);
    assert_eq!(found(&store, &prod, "rency of").await, [3]);
    assert_eq!(found(&store, &prod, &format!("{:064x}", 2)[20..]).await, [2], "the end of a digest");

    // What comes later is found too, under its newest description, and never that of another Deployment.
    let late = deployment("late");
    store.create_deployment(&late, None, None).await.unwrap();
    insert(&store, &late).await;
    let mut tx = store.lock_deployment(&late.id).await.unwrap();
    tx.describe(&DeployId::new("late-2"), "A currency again", &author(), Millis(9)).await.unwrap();
    tx.describe(&DeployId::new("late-3"), "No money", &author(), Millis(9)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(found(&store, &late, "currency").await, [2, 1]);
    assert_eq!(found(&store, &late, "partners").await, Vec::<u32>::new());
    assert_eq!(found(&store, &prod, "currency").await, [3, 1]);
}
