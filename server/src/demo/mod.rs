//! The demo: three Deployments with four months of history, one of them really on disk.

mod audit;
mod entries;
mod files;

use std::{fs, path::Path};

use anyhow::Context as _;
use axum::body::Bytes;
use backstep_domain::{
    Author, Brought as Parts, BroughtImage, BundleDigest, Cause, Deploy, DeployId, DeployKind, DeployNumber,
    DeployStatus, Deployment, DeploymentId, Git, HOUR, ImageRef, KeptSetting, MINUTE, Millis, Revision, RuntimeVersion,
    Workspace, WorkspaceId, deployed_revision, rolled_back_revision,
};
use entries::{AIRFLOW, Brought, By, DEPLOYMENTS, DemoDeployment, End, Entry};
use sha2::{Digest, Sha256};

use crate::{
    auth::{self, DemoPerson},
    bundles,
    config::Config,
    targets::TargetConfig,
    usecases::UseCases,
};

/// The Deployment whose DAGs and `.env` are really on disk is the first; the others have their `.env`.
fn folder(data: &Path, deployment: &str) -> std::path::PathBuf {
    data.join("demo").join(deployment)
}

/// Adds the demo's targets to the configuration, unless it has targets of those names.
pub fn add_targets(config: &mut Config, data: &Path) -> anyhow::Result<()> {
    let program = std::env::current_exe().context("the demo's image target runs this program")?;
    for deployment in DEPLOYMENTS {
        let folder = folder(data, deployment.name);
        fs::create_dir_all(folder.join("dags"))?;
        let env = folder.join(".env").display().to_string();
        let program = vec![program.display().to_string(), "compose-env".into(), "--file".into(), env];
        config.targets.entry(format!("{}-image", deployment.name)).or_insert(TargetConfig::Command {
            program,
            timeout_seconds: 600,
            workspaces: Vec::new(),
        });
        if deployment.mechanism.takes_dags() {
            config
                .targets
                .entry(format!("{}-dags", deployment.name))
                .or_insert(TargetConfig::Directory { root: folder.join("dags"), workspaces: Vec::new() });
        }
    }
    Ok(())
}

/// What the start says about the demo.
pub fn greeting(data: &Path) -> String {
    let analytics = folder(data, DEPLOYMENTS[0].name);
    format!(
        "Demo: everybody is signed in; choose who to be at the top of the page.\n\
         analytics-prod is really on disk; a rollback changes these files:\n  {}\n  {}",
        analytics.join("dags/current").display(),
        analytics.join(".env").display()
    )
}

/// Fills an empty store; a store that has a Workspace is left as it is.
pub async fn fill(usecases: &UseCases, data: &Path) -> anyhow::Result<()> {
    if !usecases.store.workspaces().await?.is_empty() {
        return Ok(());
    }
    let now = usecases.clock.now();
    let workspace = Workspace {
        id: WorkspaceId::new(usecases.ids.next()),
        name: "Data Platform".to_owned(),
        created_at: now.minus(130 * 24 * HOUR),
    };
    let mut versions = Vec::new();
    for version in 1..=6 {
        versions.push(admit(usecases, version).await?);
    }
    usecases.store.create_workspace(&workspace, None, None, None).await?;
    auth::seed(&usecases.store, &workspace.id, workspace.created_at).await?;
    let mut told = vec![audit::workspace(&workspace)];
    for demo in DEPLOYMENTS {
        let (deployment, deploys) =
            fill_deployment(usecases, data, &workspace.id, demo, &versions, now).await.context(demo.name)?;
        told.extend(audit::history(&deployment, &deploys));
    }
    told.sort_by_key(|entry| entry.at);
    usecases.store.audit_all(&told).await?;
    Ok(())
}

async fn admit(usecases: &UseCases, version: u32) -> anyhow::Result<BundleDigest> {
    let tree = tempfile::tempdir()?;
    for (path, text) in files::dags(version) {
        let path = tree.path().join(path);
        fs::create_dir_all(path.parent().expect("a file of the tree is in a folder"))?;
        fs::write(path, text)?;
    }
    let packed = bundles::pack(tree.path(), usecases.bundles.limits())?;
    let archive = Bytes::from(fs::read(packed.file.path())?);
    let stream = futures::stream::iter([Ok::<_, std::io::Error>(archive)]);
    let staged = usecases.bundles.receive(stream, Some(&packed.digest)).await?;
    Ok(usecases.bundles.admit(staged).await?.0)
}

async fn fill_deployment(
    usecases: &UseCases,
    data: &Path,
    workspace: &WorkspaceId,
    demo: &DemoDeployment,
    versions: &[BundleDigest],
    now: Millis,
) -> anyhow::Result<(Deployment, Vec<Deploy>)> {
    let takes_dags = demo.mechanism.takes_dags();
    let deployment = Deployment {
        id: DeploymentId::new(usecases.ids.next()),
        workspace: workspace.clone(),
        name: demo.name.to_owned(),
        description: demo.description.to_owned(),
        mechanism: demo.mechanism,
        runtime: None,
        airflow: None,
        dags_target: takes_dags.then(|| format!("{}-dags", demo.name)),
        image_target: Some(format!("{}-image", demo.name)),
        rollback_enabled: demo.rollback_enabled,
        created_at: now.minus(128 * 24 * HOUR),
        created_by: DemoPerson::Admin.author(),
    };
    usecases.store.create_deployment(&deployment, None, None).await?;
    let mut deploys = history(usecases, &deployment, demo, versions, now)?;
    if let Some(live) = deploys.iter().find(|d| d.is_live()) {
        put_on_disk(usecases, data, demo, &live.revision).await?;
    }
    tell_settings(usecases, &deployment, &mut deploys).await?;
    let mut tx = usecases.store.lock_deployment(&deployment.id).await?;
    for deploy in &deploys {
        tx.insert_deploy(deploy).await?;
    }
    tx.commit().await?;
    Ok((deployment, deploys))
}

/// The deploys as they would have been recorded.
fn history(
    usecases: &UseCases,
    deployment: &Deployment,
    demo: &DemoDeployment,
    versions: &[BundleDigest],
    now: Millis,
) -> anyhow::Result<Vec<Deploy>> {
    let mut deploys: Vec<Deploy> = Vec::new();
    for (index, entry) in demo.entries.iter().enumerate() {
        let number = DeployNumber::new(u32::try_from(index)? + 1).expect("an index plus one is above zero");
        let created = now.minus(hours(entry.hours_ago));
        let live = deploys.iter().rposition(Deploy::is_live);
        let deploy = one(usecases, deployment, demo, versions, entry, number, created, &deploys, live)?;
        if let (true, Some(live)) = (deploy.is_live(), live) {
            deploys[live].live_until = deploy.live_from;
            if deploy.is_rollback() {
                deploys[live].rejected = true;
            }
        }
        deploys.push(deploy);
    }
    Ok(deploys)
}

#[expect(clippy::too_many_arguments, reason = "one call; a struct for it would say nothing more")]
fn one(
    usecases: &UseCases,
    deployment: &Deployment,
    demo: &DemoDeployment,
    versions: &[BundleDigest],
    entry: &Entry,
    number: DeployNumber,
    created: Millis,
    before: &[Deploy],
    live: Option<usize>,
) -> anyhow::Result<Deploy> {
    let today = live.map(|i| &before[i]);
    let parts = |image: Option<(&str, &str)>, dags: Option<u32>| -> anyhow::Result<Parts> {
        let image = image.map(|(tag, runtime)| {
            let runtime: RuntimeVersion = runtime.parse()?;
            let said = AIRFLOW.iter().find(|(known, _)| *known == runtime.to_string());
            let said = said.map(|(_, airflow)| airflow.parse()).transpose()?;
            let airflow = usecases.catalogue.airflow_of(&runtime).or(said);
            anyhow::Ok(BroughtImage {
                image: image_ref(demo.repository, tag),
                runtime: Some(runtime),
                airflow,
                heads: None,
            })
        });
        let dags = dags.map(|version| versions[version as usize - 1].clone());
        Ok(Parts { image: image.transpose()?, dags, mechanism: None })
    };
    let forward = |parts: Parts| deployed_revision(today.map(|d| &d.revision), number, deployment, &parts);
    let (kind, cause, revision) = match entry.brought {
        Brought::Image(tag, runtime) => (DeployKind::Image, Cause::Deploy, forward(parts(Some((tag, runtime)), None)?)),
        Brought::Dags(version) => (DeployKind::Dags, Cause::Deploy, forward(parts(None, Some(version))?)),
        Brought::Both(tag, runtime, version) => {
            (DeployKind::ImageAndDags, Cause::Deploy, forward(parts(Some((tag, runtime)), Some(version))?))
        }
        Brought::Rollback(to, scope) => {
            let today = today.context("a rollback has something to roll back")?;
            let target = &before[to as usize - 1];
            let cause = Cause::Rollback { of: today.number, to: target.number, scope };
            (scope.into(), cause, rolled_back_revision(&today.revision, &target.revision, scope))
        }
    };
    let ended = created.plus(48_000 + i64::from(number.get()) * 3_700 % MINUTE);
    let (status, reason) = match entry.end {
        End::Live => (DeployStatus::Succeeded, None),
        End::Failed(why) => (DeployStatus::Failed, Some(why)),
        End::Cancelled(why) => (DeployStatus::Cancelled, Some(why)),
    };
    let went_live = status == DeployStatus::Succeeded;
    Ok(Deploy {
        id: DeployId::new(usecases.ids.next()),
        deployment: deployment.id.clone(),
        number,
        kind,
        cause,
        revision,
        git: git(entry, number),
        created_at: created,
        created_by: author(entry.by),
        description: entry.description.to_owned(),
        status,
        status_reason: reason.map(str::to_owned),
        started_at: (status != DeployStatus::Cancelled).then(|| created.plus(900)),
        ended_at: Some(ended),
        live_from: went_live.then_some(ended),
        live_until: None,
        rejected: false,
        kept: Vec::<KeptSetting>::new(),
        artifact_missing: false,
    })
}

/// Puts what is live where the targets read it.
async fn put_on_disk(
    usecases: &UseCases,
    data: &Path,
    demo: &DemoDeployment,
    revision: &Revision,
) -> anyhow::Result<()> {
    let folder = folder(data, demo.name);
    if let Some(image) = &revision.image.image {
        fs::write(folder.join(".env"), files::env(&image.pinned()))?;
    }
    if let Some(dags) = &revision.dags {
        let root = folder.join("dags");
        let version = root.join("versions").join(dags.bundle.hex());
        if !version.exists() {
            fs::create_dir_all(&version)?;
            usecases.bundles.materialize(&dags.bundle, &version).await?;
            std::os::unix::fs::symlink(Path::new("versions").join(dags.bundle.hex()), root.join("current"))?;
        }
    }
    Ok(())
}

/// What each deploy found as kept settings: what is there now, but for one that was changed two months ago.
async fn tell_settings(usecases: &UseCases, deployment: &Deployment, deploys: &mut [Deploy]) -> anyhow::Result<()> {
    let target = deployment.image_target.as_deref().and_then(|name| usecases.targets.get(name));
    let Some(now) = target.context("the demo defines its targets")?.kept(&deployment.id).await? else { return Ok(()) };
    let changed = usecases.clock.now().minus(60 * 24 * HOUR);
    for deploy in deploys {
        deploy.kept.clone_from(&now);
        if deploy.created_at < changed {
            let earlier = |k: &&mut KeptSetting| k.name.ends_with("WORKER_CONCURRENCY");
            deploy.kept.iter_mut().filter(earlier).for_each(|k| k.hash = hex::encode(Sha256::digest("8")));
        }
    }
    Ok(())
}

fn hours(hours: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "four months in milliseconds fit")]
    let ms = (hours * HOUR as f64) as i64;
    ms
}

fn image_ref(repository: &str, tag: &str) -> ImageRef {
    let digest = hex::encode(Sha256::digest(format!("{repository}:{tag}")));
    ImageRef {
        repository: repository.to_owned(),
        tag: Some(tag.to_owned()),
        digest: digest.parse().expect("a sha256 is a digest"),
    }
}

fn author(by: By) -> Author {
    match by {
        By::Ci => Author { id: "ci:pipeline".to_owned(), name: "CI pipeline".to_owned() },
        By::Dana => DemoPerson::Dags.author(),
        By::Imre => DemoPerson::Images.author(),
        By::Edda => DemoPerson::Editor.author(),
    }
}

/// Deploys of the pipeline name their commit.
fn git(entry: &Entry, number: DeployNumber) -> Option<Git> {
    let commit_sha = hex::encode(Sha256::digest(format!("{}{number}", entry.description)))[..40].to_owned();
    matches!(entry.by, By::Ci).then(|| Git {
        commit_sha,
        branch: Some("main".to_owned()),
        remote_url: Some("https://git.acme.internal/data/pipelines".to_owned()),
        commit_url: None,
        author_name: Some("Noor".to_owned()),
    })
}
