//! Who may read which part of the audit log, and that what the use cases do and refuse is in it.

use std::{collections::BTreeMap, sync::Arc};

use backstep_app::ports::SettingsUpdate;
use backstep_domain::*;
use futures::TryStreamExt;

use crate::{
    audit::{CheckpointKey, Sealer},
    auth::Passwords,
    bundles::Bundles,
    changes::Changes,
    clock::{FixedClock, SequentialIds},
    pace::Pace,
    rollout::Engine,
    store::Store,
    targets::TargetSet,
    usecases::{Context, NewDeployment, NewUpload, UseCases},
};

const START: Millis = Millis(1_780_000_000_000);

struct World {
    usecases: UseCases,
    admin: Principal,
    data: Workspace,
    prod: Deployment,
    other: Deployment,
    _folder: tempfile::TempDir,
}

fn origin() -> Origin {
    Origin { address: "192.0.2.7".to_owned(), request: "r-1".to_owned(), token: Some("t-1".to_owned()) }
}

fn somebody(name: &str, grants: &[(&str, Place)]) -> Principal {
    let author = Author { id: format!("account-{name}"), name: name.to_owned() };
    let grant = |(role, at): &(&str, Place)| Grant { role: role.parse().unwrap(), at: at.clone(), team: None };
    let grants: Vec<_> = grants.iter().map(grant).collect();
    Principal::granted(author, &grants, &Roles::built_in()).from(origin())
}

/// Workspace `data` with `prod`, Workspace `else` with `other`.
async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite://{}", folder.path().join("a.db").display())).await.unwrap();
    let clock = Arc::new(FixedClock::at(START));
    let bundles = Bundles::local(folder.path()).unwrap();
    let targets = TargetSet::from_config(&BTreeMap::new(), folder.path(), bundles.clone(), [0; 32]).unwrap();
    let (changes, policy) = (Changes::default(), Policy::default());
    let engine = Engine::new(
        store.clone(),
        bundles.clone(),
        targets.clone(),
        clock.clone(),
        changes.clone(),
        policy.clone(),
        "test".to_owned(),
    );
    let usecases = UseCases::new(Context {
        sealer: Sealer::new(store.clone(), CheckpointKey::from_seed(&[1; 32]), clock.clone()),
        store,
        bundles,
        targets,
        engine,
        changes,
        clock,
        ids: Arc::new(SequentialIds::default()),
        policy,
        catalogue: Catalogue::built_in(),
        roles: Arc::new(Roles::built_in()),
        passwords: Passwords::default(),
        rollback_pace: Pace::per_minute(0),
        metrics: Default::default(),
    });
    let admin = somebody("Ada", &[("SYSTEM_ADMIN", Place::System)]);
    let mut made = Vec::new();
    for (workspace, name) in [("data", "prod"), ("else", "other")] {
        let workspace =
            Workspace { id: WorkspaceId::new(format!("w-{workspace}")), name: workspace.to_owned(), created_at: START };
        usecases.store.create_workspace(&workspace, None, None, None).await.unwrap();
        let new = NewDeployment {
            workspace: workspace.id.clone(),
            name: name.to_owned(),
            description: String::new(),
            mechanism: Mechanism::Image,
            runtime: None,
            airflow: None,
            dags_target: None,
            image_target: None,
            rollback_enabled: true,
        };
        made.push((workspace, usecases.create_deployment(&admin, new, None).await.unwrap()));
    }
    let (_, other) = made.pop().unwrap();
    let (data, prod) = made.pop().unwrap();
    World { usecases, admin, data, prod, other, _folder: folder }
}

fn of_deployment(deployment: &Deployment) -> AuditFilter {
    AuditFilter { deployment: Some(deployment.id.clone()), ..AuditFilter::default() }
}

fn of_workspace(id: &WorkspaceId) -> AuditFilter {
    AuditFilter { workspace: Some(id.clone()), ..AuditFilter::default() }
}

impl World {
    async fn entries(&self, filter: &AuditFilter) -> Vec<AuditEntry> {
        let page = self.usecases.audit(&self.admin, filter, None, 200).await.unwrap();
        page.records.into_iter().map(|record| record.entry).collect()
    }

    /// The actions, oldest first.
    async fn actions(&self) -> Vec<AuditAction> {
        self.entries(&AuditFilter::default()).await.iter().rev().map(|entry| entry.action).collect()
    }

    /// What reading ends with: the number of entries, or the status.
    async fn reads(&self, who: &Principal, filter: &AuditFilter) -> Result<usize, u16> {
        let page = self.usecases.audit(who, filter, None, 200).await;
        page.map(|page| page.records.len()).map_err(|problem| problem.code.status())
    }
}

#[tokio::test]
async fn the_whole_log_is_for_whoever_gives_roles_everywhere() {
    let world = world().await;
    let everything = AuditFilter::default();
    assert_eq!(world.reads(&world.admin, &everything).await, Ok(2));
    let at = Place::Workspace(world.data.id.clone());
    let roles = [
        ("SYSTEM_EDITOR", Place::System),
        ("SYSTEM_VIEWER", Place::System),
        ("WORKSPACE_ADMIN", at.clone()),
        ("DEPLOYMENT_ADMIN", Place::Deployment(world.prod.id.clone())),
    ];
    for (role, at) in roles {
        let who = somebody("Bo", &[(role, at)]);
        assert_eq!(world.reads(&who, &everything).await, Err(403), "{role}");
    }
    assert_eq!(world.reads(&somebody("Nobody", &[]), &everything).await, Err(403));
}

#[tokio::test]
async fn a_part_is_for_whoever_gives_roles_there() {
    let world = world().await;
    let (data, other) = (of_workspace(&world.data.id), of_workspace(&world.other.workspace));
    let in_data = |role| somebody("Bo", &[(role, Place::Workspace(world.data.id.clone()))]);
    assert_eq!(world.reads(&in_data("WORKSPACE_ADMIN"), &data).await, Ok(1));
    assert_eq!(world.reads(&in_data("WORKSPACE_ADMIN"), &of_deployment(&world.prod)).await, Ok(1));
    assert_eq!(world.reads(&in_data("WORKSPACE_ADMIN"), &other).await, Err(404), "another Workspace is not there");
    assert_eq!(world.reads(&in_data("WORKSPACE_ADMIN"), &of_deployment(&world.other)).await, Err(404));
    for role in ["WORKSPACE_EDITOR", "WORKSPACE_VIEWER"] {
        assert_eq!(world.reads(&in_data(role), &data).await, Err(403), "{role}");
    }
    let on_prod = |role| somebody("Bo", &[(role, Place::Deployment(world.prod.id.clone()))]);
    assert_eq!(world.reads(&on_prod("DEPLOYMENT_ADMIN"), &of_deployment(&world.other)).await, Err(404));
    for role in ["DEPLOYMENT_EDITOR", "DEPLOYMENT_VIEWER"] {
        assert_eq!(world.reads(&on_prod(role), &of_deployment(&world.prod)).await, Err(403), "{role}");
    }
    // The creation, and the refusals of just now.
    assert!(world.reads(&on_prod("DEPLOYMENT_ADMIN"), &of_deployment(&world.prod)).await.unwrap() >= 3);
    let missing = of_workspace(&WorkspaceId::new("none"));
    assert_eq!(world.reads(&world.admin, &missing).await, Err(404));
}

#[tokio::test]
async fn the_places_are_those_that_can_be_read() {
    let world = world().await;
    let places = async |who: &Principal| world.usecases.audit_places(who).await.unwrap();
    let all = places(&world.admin).await;
    assert!(all.whole && all.workspaces.len() == 2 && all.deployments.len() == 2);
    let part = places(&somebody("Bo", &[("WORKSPACE_ADMIN", Place::Workspace(world.data.id.clone()))])).await;
    let expected = AuditPlaces {
        whole: false,
        workspaces: vec![(world.data.id.clone(), "data".to_owned())],
        deployments: vec![(world.prod.id.clone(), "prod".to_owned())],
    };
    assert_eq!(part, expected);
    let none = places(&somebody("Bo", &[("WORKSPACE_EDITOR", Place::Workspace(world.data.id.clone()))])).await;
    assert!(none.is_empty());
    for (who, reads) in [
        (world.admin.clone(), true),
        (somebody("Bo", &[("DEPLOYMENT_ADMIN", Place::Deployment(world.prod.id.clone()))]), true),
        (somebody("Bo", &[("WORKSPACE_EDITOR", Place::Workspace(world.data.id.clone()))]), false),
        (somebody("Bo", &[]), false),
    ] {
        assert_eq!(who.reads_audit(), reads);
        assert_eq!(!places(&who).await.is_empty(), reads, "the menu shows it to whoever has something to read");
    }
}

#[tokio::test]
async fn only_who_reads_the_whole_log_takes_a_checkpoint() {
    let world = world().await;
    let checkpoint = world.usecases.audit_checkpoint(&world.admin).await.unwrap();
    assert_eq!((checkpoint.seq, checkpoint.at), (2, START));
    assert!(checkpoint.check().is_ok());
    let part = somebody("Bo", &[("WORKSPACE_ADMIN", Place::Workspace(world.data.id.clone()))]);
    assert_eq!(world.usecases.audit_checkpoint(&part).await.unwrap_err().code, ProblemCode::Forbidden);
}

#[tokio::test]
async fn what_is_done_is_in_the_log_with_who_and_from_where() {
    let world = world().await;
    let (usecases, admin, id) = (&world.usecases, &world.admin, &world.prod.id);
    usecases.create_workspace(admin, "third", None).await.unwrap();
    let update = SettingsUpdate {
        name: Some("renamed".to_owned()),
        description: Some("why".to_owned()),
        ..SettingsUpdate::default()
    };
    usecases.update_settings(admin, id, update.clone()).await.unwrap();
    // Nothing changes, so there is nothing to tell.
    usecases.update_settings(admin, id, update).await.unwrap();
    usecases.set_hold(admin, id, "freeze", None).await.unwrap();
    let image: ImageRef = format!("quay.io/acme/airflow:1@sha256:{}", "a".repeat(64)).parse().unwrap();
    let new = NewUpload {
        kind: DeployKind::Image,
        description: "Currency conversion".to_owned(),
        image: Some(image),
        runtime: None,
        airflow: None,
        heads: None,
        mechanism: None,
        git: None,
        adoption: false,
    };
    let upload = usecases.create_upload(admin, id, new, None).await.unwrap();
    let deploy = usecases.finalize(admin, id, &upload.id, false, None).await.unwrap();
    usecases.describe_deploy(admin, id, deploy.number, "Better words").await.unwrap();
    usecases.release_hold(admin, id, ReleaseTo::None, false).await.unwrap();

    use AuditAction::*;
    let expected = [
        DeploymentCreated,
        DeploymentCreated,
        WorkspaceCreated,
        SettingChanged,
        SettingChanged,
        HoldSet,
        DeployRecorded,
        DeployDescribed,
        HoldReleased,
    ];
    assert_eq!(world.actions().await, expected);
    let entries = world.entries(&of_deployment(&world.prod)).await;
    assert_eq!(entries.len(), 7);
    for entry in &entries {
        assert_eq!((&entry.actor, &entry.origin, entry.at), (&admin.author, &origin(), START));
        assert_eq!(entry.workspace.as_ref(), Some(&world.data.id));
    }
    let details: Vec<_> = entries.iter().rev().map(|entry| (entry.detail.as_str(), entry.deploy)).collect();
    let number = Some(deploy.number);
    let recorded =
        format!("image deploy, held; image quay.io/acme/airflow:1@sha256:{}; why: Currency conversion", "a".repeat(64));
    assert_eq!(
        details,
        [
            ("prod, mechanism image", None),
            ("Name: \"prod\" to \"renamed\"", None),
            ("Description: \"\" to \"why\"", None),
            ("freeze", None),
            (recorded.as_str(), number),
            ("\"Currency conversion\" to \"Better words\"", number),
            ("to none; cancelled: #1", None),
        ]
    );
}

#[tokio::test]
async fn what_is_refused_is_in_the_log_and_nothing_else_happened() {
    let world = world().await;
    let (usecases, id) = (&world.usecases, &world.prod.id);
    let grants = [
        ("WORKSPACE_VIEWER", Place::Workspace(world.data.id.clone())),
        ("DEPLOYMENT_VIEWER", Place::Deployment(id.clone())),
    ];
    let viewer = somebody("Vera", &grants);
    let refused = |problem: Problem| assert_eq!(problem.code, ProblemCode::Forbidden, "{problem}");
    refused(usecases.set_hold(&viewer, id, "freeze", None).await.unwrap_err());
    refused(usecases.release_hold(&viewer, id, ReleaseTo::None, false).await.unwrap_err());
    refused(usecases.update_settings(&viewer, id, SettingsUpdate::default()).await.unwrap_err());
    refused(usecases.audit(&viewer, &AuditFilter::default(), None, 10).await.unwrap_err());
    refused(usecases.audit(&viewer, &of_workspace(&world.data.id), None, 10).await.unwrap_err());

    let mut refusals =
        world.entries(&AuditFilter { action: Some(AuditAction::Refused), ..AuditFilter::default() }).await;
    refusals.reverse();
    let where_from = |entry: &AuditEntry| (entry.deployment.is_some(), entry.workspace.is_some());
    let on_prod = (true, true);
    let expected = [on_prod, on_prod, on_prod, (false, false), (false, true)];
    assert_eq!(refusals.iter().map(where_from).collect::<Vec<_>>(), expected);
    for entry in &refusals {
        assert_eq!((&entry.actor, &entry.origin), (&viewer.author, &origin()));
        assert!(entry.detail.starts_with("You may not "), "{}", entry.detail);
    }
    assert_eq!(world.actions().await.len(), 2 + refusals.len());
    // What the caller may not see is not there, and is no refusal.
    assert_eq!(usecases.set_hold(&viewer, &world.other.id, "x", None).await.unwrap_err().code, ProblemCode::NotFound);
    assert_eq!(world.actions().await.len(), 2 + refusals.len());
}

/// The part of a deploy that the caller lacks is found out under the lock; the refusal is noted all the same.
#[tokio::test]
async fn a_refusal_under_the_lock_is_in_the_log() {
    let world = world().await;
    let (usecases, admin, id) = (&world.usecases, &world.admin, &world.prod.id);
    usecases.set_hold(admin, id, "freeze", None).await.unwrap();
    let image: ImageRef = format!("quay.io/acme/airflow:1@sha256:{}", "a".repeat(64)).parse().unwrap();
    let new = NewUpload {
        kind: DeployKind::Image,
        description: String::new(),
        image: Some(image),
        runtime: None,
        airflow: None,
        heads: None,
        mechanism: None,
        git: None,
        adoption: false,
    };
    let upload = usecases.create_upload(admin, id, new, None).await.unwrap();
    usecases.finalize(admin, id, &upload.id, false, None).await.unwrap();
    let author = Author { id: "dags".to_owned(), name: "Dana".to_owned() };
    let dags_only = Principal::new(author, [Permission::DeployRevisionsGet, Permission::DagsPush].into());
    let refused = usecases.release_hold(&dags_only, id, ReleaseTo::Newest, false).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Forbidden);
    assert_eq!(world.actions().await.last(), Some(&AuditAction::Refused));
    assert!(usecases.hold(admin, id).await.unwrap().is_some(), "nothing was done");
}

#[tokio::test]
async fn an_export_is_the_log_and_an_entry_of_it() {
    let world = world().await;
    for n in 0..1100 {
        let entry = AuditEntry::by(&world.admin, START.plus(n), AuditAction::SignedIn, format!("{n}"));
        world.usecases.store.audit(&entry).await.unwrap();
    }
    let filter = AuditFilter { since: Some(START.plus(10)), ..AuditFilter::default() };
    let pages = world.usecases.export_audit(&world.admin, filter.clone(), "csv").await.unwrap();
    let pages: Vec<Vec<AuditRecord>> = pages.try_collect().await.unwrap();
    assert!(pages.len() > 1, "a log is not read at once");
    let exported: Vec<_> = pages.into_iter().flatten().collect();
    let mut read = Vec::new();
    let mut before = None;
    loop {
        let page = world.usecases.audit(&world.admin, &filter, before, 200).await.unwrap();
        read.extend(page.records);
        before = page.next_before;
        if before.is_none() {
            break;
        }
    }
    assert_eq!((exported.len(), exported == read), (1090, true));
    let newest = world.entries(&AuditFilter::default()).await.remove(0);
    assert_eq!(newest.action, AuditAction::AuditExported);
    assert_eq!(newest.detail, format!("as csv: since {}", crate::http::api::dto::Time(START.plus(10))));

    let part = somebody("Bo", &[("WORKSPACE_ADMIN", Place::Workspace(world.data.id.clone()))]);
    let refused = world.usecases.export_audit(&part, AuditFilter::default(), "csv").await.err().unwrap();
    assert_eq!(refused.code, ProblemCode::Forbidden);
    let own = world.usecases.export_audit(&part, of_workspace(&world.data.id), "jsonl").await.unwrap();
    let own: Vec<AuditRecord> = own.try_concat().await.unwrap();
    assert!(own.iter().all(|record| record.entry.workspace.as_ref() == Some(&world.data.id)));
    assert_eq!(own[0].entry.action, AuditAction::AuditExported, "the export of a part is in that part");
}
