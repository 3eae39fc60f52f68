//! What goes and what stays, on both databases.

use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, SystemTime},
};

use axum::body::Bytes;
use backstep_domain::*;
use tempfile::TempDir;

use super::*;
use crate::{
    bundles::Bundles,
    clock::{Clock as _, SystemClock},
    store::tests::{database::Database, given::*, on_each_database},
};

on_each_database!(
    by_the_rule_of_the_window,
    what_waits_is_held_or_was_just_live_stays,
    uploads_and_what_nobody_names_go_once_they_are_old,
    a_file_goes_with_the_last_bundle_that_has_it,
    a_bundle_that_is_kept_again_is_young_again,
    a_list_that_was_changed_takes_no_files_with_it
);

struct World {
    data: TempDir,
    bundles: Bundles,
    store: Store,
    prod: Deployment,
}

/// A day after the last of the deploys of a test.
const NOW: Millis = Millis(START.0 + 400 * DAY);

impl World {
    async fn new(db: &Database) -> Self {
        let data = tempfile::tempdir().unwrap();
        let bundles = Bundles::local(data.path()).unwrap();
        let store = db.open().await;
        let prod = prod(&store).await;
        Self { data, bundles, store, prod }
    }

    fn objects(&self) -> Objects {
        Objects::of(self.data.path())
    }

    /// A bundle of one file of its own and one that all have.
    async fn bundle(&self, n: u32) -> BundleDigest {
        let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for (path, content) in [("own.py", format!("N = {n}")), ("shared.py", "SAME = True".to_owned())] {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            tar.append_data(&mut header, path, content.as_bytes()).unwrap();
        }
        let archive = tar.into_inner().unwrap().finish().unwrap();
        let whole = futures::stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from(archive))]);
        let staged = self.bundles.receive(whole, None).await.unwrap();
        self.bundles.admit(staged).await.unwrap().0
    }

    /// A deploy with bundle n that was made so many days before now; `live`: from then for a day.
    async fn deploy(&self, n: u32, days_ago: i64, status: DeployStatus, live: bool) -> BundleDigest {
        let bundle = self.bundle(n).await;
        let at = NOW.minus(days_ago * DAY);
        let mut revision = revision(n);
        revision.dags = Some(DagsPart { bundle: bundle.clone(), origin: number(n) });
        let (live_from, live_until) = (live.then_some(at), live.then(|| at.plus(DAY)));
        let deploy = Deploy { created_at: at, status, revision, live_from, live_until, ..deploy(&self.prod, n) };
        insert(&self.store, &[deploy]).await;
        bundle
    }

    /// Everything on the disk is as old as the oldest deploy.
    fn age(&self) {
        age(&self.data.path().join("objects"));
    }

    async fn clean(&self, dry_run: bool) -> Cleaned {
        clean(&self.store, &self.objects(), &Policy::default(), NOW, dry_run).await.unwrap()
    }

    fn there(&self) -> BTreeSet<BundleDigest> {
        self.objects().bundles().unwrap().into_iter().map(|listed| listed.name).collect()
    }
}

fn old() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(START.0).unwrap())
}

fn age(path: &Path) {
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| age(&entry.unwrap().path()));
    } else {
        File::options().write(true).open(path).unwrap().set_modified(old()).unwrap();
    }
}

fn going(cleaned: &Cleaned) -> BTreeSet<BundleDigest> {
    cleaned.bundles.iter().map(|removed| removed.bundle.clone()).collect()
}

async fn by_the_rule_of_the_window(db: &Database) {
    let world = World::new(db).await;
    use DeployStatus::{Failed, Succeeded};
    let old = world.deploy(1, 200, Succeeded, true).await;
    let old_failed = world.deploy(2, 190, Failed, false).await;
    let failed = world.deploy(3, 20, Failed, false).await;
    let in_window = world.deploy(4, 60, Succeeded, true).await;
    let live = world.deploy(5, 10, Succeeded, true).await;
    world.age();
    let before = world.there();

    let dry = world.clean(true).await;
    assert_eq!(going(&dry), BTreeSet::from([old.clone(), old_failed.clone()]));
    assert_eq!(world.there(), before, "a dry run removes nothing");
    let named = &dry.bundles.iter().find(|removed| removed.bundle == old).unwrap();
    assert_eq!(
        (named.why, named.deploys[0].first, named.deploys[0].deployment.as_str()),
        (Why::OutsideWindow, 1, "prod")
    );

    let history = world.store.contents().await;
    let done = world.clean(false).await;
    assert_eq!(Cleaned { dry_run: true, ..done }, dry, "what was said is what was done");
    assert_eq!(world.there(), BTreeSet::from([failed, in_window.clone(), live.clone()]));
    assert_eq!(world.bundles.intact(&in_window).await, Fact::Yes, "with every file");
    assert_eq!(world.store.contents().await, history, "rows stay");
    assert_eq!(world.clean(false).await.bundles, []);
}

async fn what_waits_is_held_or_was_just_live_stays(db: &Database) {
    let world = World::new(db).await;
    use DeployStatus::{Held, Queued, Running, Succeeded};
    let mut kept = BTreeSet::new();
    world.deploy(1, 390, Succeeded, true).await;
    kept.insert(world.deploy(2, 380, Held, false).await);
    // Live for a year: the one before it is always there to go back to.
    kept.insert(world.deploy(3, 370, Succeeded, true).await);
    kept.insert(world.deploy(4, 360, Succeeded, true).await);
    world.store.execute("update deploy_states set live_until = null where number = 4").await.unwrap();
    kept.insert(world.deploy(5, 350, Running, false).await);
    kept.insert(world.deploy(6, 340, Queued, false).await);
    world.age();
    assert_eq!(world.clean(false).await.bundles.len(), 1);
    assert_eq!(world.there(), kept);
}

async fn uploads_and_what_nobody_names_go_once_they_are_old(db: &Database) {
    let world = World::new(db).await;
    let (open, closed, orphan) = (world.bundle(1).await, world.bundle(2).await, world.bundle(3).await);
    for (id, bundle) in [("open", &open), ("closed", &closed)] {
        world.store.create_upload(&upload(&world.prod, id), None).await.unwrap();
        world.store.set_upload_bundle(&DeployId::new(id), bundle).await.unwrap();
    }
    world.store.execute("update uploads set closed = 'late' where id = 'closed'").await.unwrap();
    let spare = world.data.path().join("objects/blobs/aa");
    fs::create_dir_all(&spare).unwrap();
    fs::write(spare.join("a".repeat(64)), "spare").unwrap();
    let now = SystemClock.now();
    let young = clean(&world.store, &world.objects(), &Policy::default(), now, false).await.unwrap();
    assert_eq!((young.bundles, young.spare_files, young.kept), (vec![], 0, 3), "all of it may be on its way");

    world.age();
    let done = world.clean(false).await;
    let why: BTreeMap<_, _> = done.bundles.iter().map(|removed| (&removed.bundle, removed.why)).collect();
    assert_eq!(why, BTreeMap::from([(&closed, Why::NeverFinalized), (&orphan, Why::Orphaned)]));
    assert_eq!((done.spare_files, done.spare_bytes), (1, 5));
    assert_eq!(world.there(), BTreeSet::from([open]));
}

async fn a_file_goes_with_the_last_bundle_that_has_it(db: &Database) {
    let world = World::new(db).await;
    world.deploy(1, 200, DeployStatus::Succeeded, true).await;
    let kept = world.deploy(2, 10, DeployStatus::Succeeded, true).await;
    world.age();
    assert_eq!(world.objects().blobs().unwrap().len(), 3);
    let done = world.clean(false).await;
    assert_eq!(world.objects().blobs().unwrap().len(), 2);
    assert_eq!(world.bundles.intact(&kept).await, Fact::Yes);
    let list = fs::metadata(world.objects().manifest_at(&kept)).unwrap().len();
    assert_eq!(done.bytes, list + "N = 1".len() as u64, "the shared file frees nothing");
}

async fn a_bundle_that_is_kept_again_is_young_again(db: &Database) {
    let world = World::new(db).await;
    let bundle = world.bundle(1).await;
    world.age();
    assert_eq!(world.bundle(1).await, bundle);
    let listed = world.objects().bundles().unwrap();
    assert!(listed[0].modified > old() + Duration::from_secs(3600), "an upload of the same files made it young");
}

async fn a_list_that_was_changed_takes_no_files_with_it(db: &Database) {
    let world = World::new(db).await;
    world.deploy(1, 200, DeployStatus::Succeeded, true).await;
    let kept = world.deploy(2, 10, DeployStatus::Succeeded, true).await;
    fs::write(world.objects().manifest_at(&kept), "{}").unwrap();
    world.age();
    world.clean(false).await;
    assert_eq!(world.objects().blobs().unwrap().len(), 3, "which of them it needs is not known");
}

#[tokio::test]
async fn it_waits_for_nobody_for_ever() {
    let data = tempfile::tempdir().unwrap();
    let objects = Objects::of(data.path());
    let shared = objects.share().unwrap();
    let also = objects.share().unwrap();
    assert!(objects.alone(Duration::from_millis(50)).unwrap().is_none());
    drop((shared, also));
    let alone = objects.alone(Duration::ZERO).unwrap();
    assert!(alone.is_some());
    assert!(objects.alone(Duration::ZERO).unwrap().is_none());
}
