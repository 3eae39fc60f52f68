use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;

/// Words of the message, and what is done to the folder.
type Damage<'a> = (&'a str, &'a dyn Fn(&Path));

struct Place {
    _folder: tempfile::TempDir,
    root: std::path::PathBuf,
    bundles: Bundles,
    target: DirectoryTarget,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let (data, root) = (folder.path().join("data"), folder.path().join("airflow"));
    fs::create_dir(&data).unwrap();
    fs::create_dir(&root).unwrap();
    let bundles = Bundles::local(&data).unwrap();
    let target = DirectoryTarget::new("dags".to_owned(), root.clone(), bundles.clone());
    Place { _folder: folder, root, bundles, target }
}

const V1: &[(&str, &str)] = &[("etl.py", "one"), ("lib/tools.py", "tools")];
const V2: &[(&str, &str)] = &[("etl.py", "two"), (".airflowignore", "lib\n"), ("lib/tools.py", "tools")];

impl Place {
    async fn observe(&self, step: StepKind, bundle: &BundleDigest) -> Result<Observed, TargetError> {
        self.target.observe(&input(step, Some(bundle), None)).await
    }

    async fn done(&self, step: StepKind, bundle: &BundleDigest) -> bool {
        self.observe(step, bundle).await.unwrap().done
    }

    async fn act(&self, step: StepKind, bundle: &BundleDigest) -> Result<Vec<String>, TargetError> {
        let (log, mut lines) = log();
        self.target.act(&input(step, Some(bundle), None), &log).await.map(|()| lines())
    }

    async fn roll_out(&self, bundle: &BundleDigest) {
        for step in [StepKind::StageDags, StepKind::SwitchDags] {
            assert!(!self.done(step, bundle).await, "{step} is not done before");
            self.act(step, bundle).await.unwrap();
            assert!(self.done(step, bundle).await, "{step} is done after");
        }
        assert!(self.done(StepKind::Verify, bundle).await);
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.root.join("current").join(file)).unwrap()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.root.join(folder)).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn version(&self, bundle: &BundleDigest) -> std::path::PathBuf {
        self.root.join("versions").join(bundle.hex())
    }
}

#[tokio::test]
async fn rolls_out_and_back() {
    let place = place();
    let (one, two) = (bundle(&place.bundles, V1).await, bundle(&place.bundles, V2).await);
    assert_eq!(place.target.runs(&DeploymentId::new("d")).await.unwrap(), Runs::default());
    place.roll_out(&one).await;
    assert_eq!(place.read("etl.py"), "one");
    place.roll_out(&two).await;
    assert_eq!(place.read("etl.py"), "two");
    assert!(!place.done(StepKind::Verify, &one).await, "the other one is what runs");

    // Back: the files are still there, so only the link moves.
    assert!(place.done(StepKind::StageDags, &one).await);
    place.act(StepKind::SwitchDags, &one).await.unwrap();
    assert!(place.done(StepKind::Verify, &one).await);
    assert_eq!(place.read("etl.py"), "one");
    assert_eq!(place.names(""), ["current", "versions"]);
    assert_eq!(fs::read_link(place.root.join("current")).unwrap(), Path::new("versions").join(one.hex()));
    assert_eq!(place.target.runs(&DeploymentId::new("d")).await.unwrap().bundle, Some(one));
}

#[tokio::test]
async fn files_can_be_read_by_airflow_and_keep_their_own_times() {
    let place = place();
    let one = bundle(&place.bundles, V1).await;
    place.roll_out(&one).await;
    assert_eq!(fs::metadata(place.version(&one)).unwrap().permissions().mode() & 0o777, 0o755);
    let file = fs::metadata(place.version(&one).join("etl.py")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o644);
    // A constant time would let Python run the bytecode of another version of the file.
    assert!(file.mtime() > 1_500_000_000);
}

#[tokio::test]
async fn a_reader_never_finds_nothing_while_links_are_switched() {
    let place = place();
    let (one, two) = (bundle(&place.bundles, V1).await, bundle(&place.bundles, V2).await);
    place.roll_out(&one).await;
    place.roll_out(&two).await;
    let (stop, root) = (Arc::new(std::sync::atomic::AtomicBool::new(false)), place.root.clone());
    let reader = std::thread::spawn({
        let stop = stop.clone();
        move || {
            let mut reads = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let text = fs::read_to_string(root.join("current/etl.py")).expect("there is always a file");
                assert!(text == "one" || text == "two", "{text}");
                reads += 1;
            }
            reads
        }
    });
    for _ in 0..50 {
        place.act(StepKind::SwitchDags, &one).await.unwrap();
        place.act(StepKind::SwitchDags, &two).await.unwrap();
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(reader.join().unwrap() > 100);
}

#[tokio::test]
async fn differences_are_found_and_mended() {
    let place = place();
    let one = bundle(&place.bundles, V1).await;
    place.roll_out(&one).await;
    let version = place.version(&one);

    // Airflow's bytecode is no difference.
    fs::create_dir(version.join("lib/__pycache__")).unwrap();
    fs::write(version.join("lib/__pycache__/tools.cpython-311.pyc"), "x").unwrap();
    assert!(place.done(StepKind::Verify, &one).await);

    let damages: [Damage<'_>; 6] = [
        ("missing", &|v| fs::remove_file(v.join("etl.py")).unwrap()),
        ("bytes instead of", &|v| fs::write(v.join("etl.py"), "longer").unwrap()),
        ("not part of", &|v| fs::write(v.join("extra.py"), "x").unwrap()),
        ("not part of", &|v| symlink("/etc", v.join("linked")).unwrap()),
        ("not part of", &|v| {
            fs::remove_file(v.join("etl.py")).unwrap();
            symlink("/etc/hostname", v.join("etl.py")).unwrap();
        }),
        ("missing", &|v| fs::remove_dir_all(v.join("lib")).unwrap()),
    ];
    for (word, damage) in damages {
        damage(&version);
        let seen = place.observe(StepKind::StageDags, &one).await.unwrap();
        assert!(!seen.done && seen.detail.contains(word), "{word}: {seen:?}");
        let refused = place.act(StepKind::SwitchDags, &one).await.unwrap_err();
        assert!(refused.0.contains("nothing is switched"), "{refused}");
        let lines = place.act(StepKind::StageDags, &one).await.unwrap();
        assert!(lines.iter().any(|line| line.contains("replaced")), "{lines:?}");
        assert!(place.done(StepKind::Verify, &one).await, "{word}");
        assert_eq!(place.names("versions"), [one.hex()]);
    }
}

#[tokio::test]
async fn what_the_step_before_compared_is_trusted_once() {
    let place = place();
    let (one, two) = (bundle(&place.bundles, V1).await, bundle(&place.bundles, V2).await);
    place.roll_out(&one).await;
    place.roll_out(&two).await;
    let missing = |bundle: &BundleDigest| fs::remove_file(place.version(bundle).join("etl.py")).unwrap();

    assert!(place.done(StepKind::StageDags, &one).await);
    missing(&one);
    place.act(StepKind::SwitchDags, &one).await.expect("its files were complete a moment ago");
    let seen = place.observe(StepKind::Verify, &one).await.unwrap();
    assert!(!seen.done && seen.detail.contains("missing"), "verifying finds what happened since: {seen:?}");
    let refused = place.act(StepKind::SwitchDags, &one).await.unwrap_err();
    assert!(refused.0.contains("nothing is switched"), "it was trusted once: {refused}");

    // Of another bundle it says nothing, and a comparison that fails takes it back.
    assert!(place.done(StepKind::StageDags, &two).await);
    assert!(place.act(StepKind::SwitchDags, &one).await.unwrap_err().0.contains("nothing is switched"));
    assert!(place.done(StepKind::StageDags, &two).await);
    missing(&two);
    assert!(!place.done(StepKind::StageDags, &two).await);
    assert!(place.act(StepKind::SwitchDags, &two).await.unwrap_err().0.contains("nothing is switched"));
}

#[tokio::test]
async fn verify_reads_every_file() {
    let place = place();
    let one = bundle(&place.bundles, V1).await;
    place.roll_out(&one).await;
    fs::write(place.version(&one).join("etl.py"), "eno").unwrap();
    assert!(place.done(StepKind::StageDags, &one).await, "names and sizes are right");
    let seen = place.observe(StepKind::Verify, &one).await.unwrap();
    assert!(!seen.done && seen.detail.contains("etl.py has another content"), "{seen:?}");
}

#[tokio::test]
async fn what_killed_attempts_left_is_removed_and_never_read() {
    let place = place();
    let one = bundle(&place.bundles, V1).await;
    let left = place.root.join("versions").join(format!(".tmp-{}-Ab12Cd", one.hex()));
    fs::create_dir_all(left.join("lib")).unwrap();
    fs::write(left.join("etl.py"), "half").unwrap();
    symlink("versions/nothing", place.root.join(".tmp-current-Xy12Zz")).unwrap();
    fs::write(place.root.join("mine.txt"), "an operator's file").unwrap();
    place.roll_out(&one).await;
    assert_eq!(place.names("versions"), [one.hex()]);
    assert_eq!(place.names(""), ["current", "mine.txt", "versions"]);
}

#[tokio::test]
async fn a_dangling_link_is_not_done() {
    let place = place();
    let one = bundle(&place.bundles, V1).await;
    symlink(Path::new("versions").join(one.hex()), place.root.join("current")).unwrap();
    let seen = place.observe(StepKind::SwitchDags, &one).await.unwrap();
    assert!(!seen.done && seen.detail.contains("missing"), "{seen:?}");
}

#[tokio::test]
async fn what_lies_in_the_way_is_named_and_left() {
    let place = place();
    let one = bundle(&place.bundles, V1).await;
    let steps = [StepKind::StageDags, StepKind::SwitchDags, StepKind::Verify];
    let cases: [Damage<'_>; 5] = [
        ("versions is a plain file", &|r| fs::write(r.join("versions"), "x").unwrap()),
        ("versions is a link", &|r| symlink("/tmp", r.join("versions")).unwrap()),
        ("current is a folder", &|r| fs::create_dir(r.join("current")).unwrap()),
        ("current is a plain file", &|r| fs::write(r.join("current"), "x").unwrap()),
        ("is missing", &|r| fs::remove_dir(r).unwrap()),
    ];
    for (words, put) in cases {
        fs::create_dir_all(&place.root).unwrap();
        put(&place.root);
        let before = place.root.exists().then(|| place.names(""));
        for step in steps {
            for error in [place.observe(step, &one).await.unwrap_err(), place.act(step, &one).await.unwrap_err()] {
                assert!(error.0.contains(words), "{step}: {words}: {error}");
            }
        }
        assert_eq!(place.root.exists().then(|| place.names("")), before, "nothing changed");
        let _ = fs::remove_dir_all(&place.root);
    }
    fs::write(&place.root, "x").unwrap();
    let error = place.observe(StepKind::StageDags, &one).await.unwrap_err();
    assert!(error.0.contains("is a plain file, not a folder"), "{error}");
}

#[tokio::test]
async fn a_bundle_that_is_gone_changes_nothing() {
    let place = place();
    let one = bundle(&place.bundles, V1).await;
    place.roll_out(&one).await;
    let none: BundleDigest = digest_of('a').parse().unwrap();
    for step in [StepKind::StageDags, StepKind::SwitchDags] {
        let error = place.act(step, &none).await.unwrap_err();
        assert!(error.0.contains("not in Backstep's store"), "{error}");
    }
    assert!(place.done(StepKind::Verify, &one).await);
    assert_eq!(place.names("versions"), [one.hex()]);
}

#[tokio::test]
async fn a_damaged_store_leaves_no_half_tree() {
    let place = place();
    let one = bundle(&place.bundles, V1).await;
    let manifest = place.bundles.manifest(&one).await.unwrap().unwrap();
    let hex = &manifest.files[0].sha256;
    let objects = place.root.parent().unwrap().join("data/objects/blobs");
    fs::remove_file(objects.join(&hex[..2]).join(hex)).unwrap();
    let error = place.act(StepKind::StageDags, &one).await.unwrap_err();
    assert!(error.0.contains("not intact"), "{error}");
    assert!(place.names("versions").is_empty());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_says_so() {
    let place = place();
    let one = bundle(&place.bundles, V1).await;
    // Nobody, not even root, makes folders there.
    let target = DirectoryTarget::new("dags".to_owned(), "/proc/self".into(), place.bundles.clone());
    let (log, _) = log();
    let error = target.act(&input(StepKind::StageDags, Some(&one), None), &log).await.unwrap_err();
    assert!(error.0.contains("could not be created") || error.0.contains("may not write"), "{error}");
}

#[tokio::test]
async fn old_versions_go_by_the_window_and_never_what_runs() {
    let place = place();
    let mut all = Vec::new();
    for text in ["a", "b", "c", "d"] {
        let digest = bundle(&place.bundles, &[("etl.py", text)]).await;
        place.roll_out(&digest).await;
        all.push(digest);
    }
    fs::create_dir(place.root.join("versions/mine")).unwrap();
    let removed = place.target.prune(&BTreeSet::from([all[1].clone()])).await.unwrap();
    assert_eq!(removed, 2);
    let mut left = vec![all[1].hex().to_owned(), all[3].hex().to_owned(), "mine".to_owned()];
    left.sort();
    assert_eq!(place.names("versions"), left);
    assert_eq!(place.read("etl.py"), "d");
    assert_eq!(place.target.prune(&BTreeSet::new()).await.unwrap(), 1);
    assert_eq!(place.read("etl.py"), "d");
}
