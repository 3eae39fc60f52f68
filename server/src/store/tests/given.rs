//! What tests start from: values with plain defaults, and a store with something in it.

use backstep_domain::*;

use crate::store::{Claim, EligibleWhen, RolloutEnd, Store};

/// Deploy n is created n minutes after this.
pub const START: Millis = Millis(1_780_000_000_000);
pub const LEASE: i64 = 15_000;

pub fn number(n: u32) -> DeployNumber {
    DeployNumber::new(n).unwrap()
}

pub fn author(name: &str) -> Author {
    Author { id: format!("demo:{}", name.to_lowercase()), name: name.to_owned() }
}

pub fn bundle(n: u32) -> BundleDigest {
    format!("{n:064x}").parse().unwrap()
}

pub fn image(n: u32) -> ImageRef {
    format!("quay.io/acme/airflow:Build-{n}@sha256:{:064x}", 0xface_0000_u64 + u64::from(n)).parse().unwrap()
}

/// Image n and DAG bundle n, both brought by deploy n.
pub fn revision(n: u32) -> Revision {
    Revision {
        mechanism: Mechanism::DagDeploy,
        mechanism_origin: number(1),
        image: ImagePart { image: Some(image(n)), runtime: None, airflow: None, heads: None, origin: number(n) },
        dags: Some(DagsPart { bundle: bundle(n), origin: number(n) }),
    }
}

pub fn workspace(name: &str) -> Workspace {
    Workspace { id: WorkspaceId::new(format!("workspace-{name}")), name: name.to_owned(), created_at: START }
}

/// A Deployment in the Workspace `data`.
pub fn deployment(name: &str) -> Deployment {
    Deployment {
        id: DeploymentId::new(format!("deployment-{name}")),
        workspace: workspace("data").id,
        name: name.to_owned(),
        description: String::new(),
        mechanism: Mechanism::DagDeploy,
        runtime: None,
        airflow: None,
        dags_target: None,
        image_target: None,
        rollback_enabled: true,
        created_at: START,
        created_by: author("Ada"),
    }
}

/// Deploy n, queued.
pub fn deploy(of: &Deployment, n: u32) -> Deploy {
    Deploy {
        id: DeployId::new(format!("{}-{n}", of.name)),
        deployment: of.id.clone(),
        number: number(n),
        kind: DeployKind::ImageAndDags,
        cause: Cause::Deploy,
        revision: revision(n),
        git: None,
        created_at: START.plus(i64::from(n) * MINUTE),
        created_by: author("Ada"),
        description: format!("Deploy {n}"),
        status: DeployStatus::Queued,
        status_reason: None,
        started_at: None,
        ended_at: None,
        live_from: None,
        live_until: None,
        rejected: false,
        kept: Vec::new(),
        artifact_missing: false,
    }
}

/// Deploy n as one that was live for a minute, before deploy n + 1.
pub fn superseded(of: &Deployment, n: u32) -> Deploy {
    let deploy = deploy(of, n);
    let live_from = Some(deploy.created_at.plus(1));
    let live_until = Some(deploy.created_at.plus(1 + MINUTE));
    Deploy {
        status: DeployStatus::Succeeded,
        started_at: live_from,
        ended_at: live_from,
        live_from,
        live_until,
        ..deploy
    }
}

pub fn upload(of: &Deployment, id: &str) -> Upload {
    Upload {
        id: DeployId::new(id),
        deployment: of.id.clone(),
        kind: DeployKind::ImageAndDags,
        description: "Currency conversion".to_owned(),
        image: Some(image(1)),
        runtime: None,
        airflow: None,
        heads: None,
        mechanism: None,
        git: None,
        adoption: false,
        created_at: START,
        created_by: author("Ada"),
        bundle: None,
        closed: None,
    }
}

/// A Deployment `prod` in the store.
pub async fn prod(store: &Store) -> Deployment {
    another(store, "prod").await
}

pub async fn another(store: &Store, name: &str) -> Deployment {
    if store.workspaces().await.unwrap().is_empty() {
        store.create_workspace(&workspace("data"), None, None, None).await.unwrap();
    }
    let new = deployment(name);
    store.create_deployment(&new, None, None).await.unwrap();
    new
}

pub async fn insert(store: &Store, deploys: &[Deploy]) {
    let mut tx = store.lock_deployment(&deploys[0].deployment).await.unwrap();
    for deploy in deploys {
        tx.insert_deploy(deploy).await.unwrap();
    }
    tx.commit().await.unwrap();
}

pub async fn queue(store: &Store, of: &Deployment, n: u32) -> Deploy {
    let queued = deploy(of, n);
    insert(store, std::slice::from_ref(&queued)).await;
    queued
}

/// Takes the rollout that is there to be taken.
pub async fn claim(store: &Store, owner: &str) -> Claim {
    store.claim_rollout(owner, START, LEASE).await.unwrap().expect("a deploy is queued")
}

pub async fn succeed(store: &Store, claim: &Claim, at: Millis) {
    store.finish_rollout(claim, RolloutEnd::Succeeded { kept: Vec::new() }, at).await.unwrap();
}

/// Queues deploy n, and rolls it out: it is live from n hours after the start.
pub async fn roll_out(store: &Store, of: &Deployment, n: u32) -> Deploy {
    queue(store, of, n).await;
    let claim = claim(store, "one").await;
    succeed(store, &claim, START.plus(i64::from(n) * HOUR)).await;
    store.deploy(&of.id, number(n)).await.unwrap()
}

/// What is within 90 days before the start.
pub fn within_window(before_live: Option<DeployNumber>) -> EligibleWhen {
    EligibleWhen { created_or_live_since: START.minus(90 * DAY), before_live }
}

/// The whole history, newest first.
pub async fn history(store: &Store, of: &Deployment, filter: &HistoryFilter) -> Vec<Deploy> {
    store.history(&of.id, filter, &within_window(None), None, 1000).await.unwrap()
}
