//! The directory target: `<root>/versions/<sha256>/` and the link `<root>/current`, which Airflow reads.
//!
//! Each DAG bundle is a folder of its own, written under another name and renamed when it is complete; switching is one
//! rename of a link. Nothing is ever replaced in place: Python keys its bytecode by time and size of the source, so a file
//! restored in place can go on running as the one that it replaced.

mod compared;
mod link;
mod prune;
mod root;
mod stage;
mod tree;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use backstep_domain::{BundleDigest, DeploymentId, KeptSetting, Manifest, StepKind, TargetAbility};

use self::{compared::Compared, root::Root, tree::Depth};
use super::{Observed, Runs, StepInput, StepLog, Target, TargetError, quoted};
use crate::bundles::Bundles;

/// Names of what is not finished begin like this; a folder of such a name is never read.
const TEMPORARY: &str = ".tmp-";

/// Whether the folder is there, as it should be, and writable; and versions can be renamed into place.
pub(super) fn look(path: &Path) -> Result<(), TargetError> {
    use std::os::unix::fs::MetadataExt as _;
    let root = Root::open(path)?;
    root.check_writable(root.path())?;
    let versions = root.versions();
    if !versions.exists() {
        return Ok(());
    }
    root.check_writable(&versions)?;
    let device = |path: &Path| std::fs::metadata(path).map(|found| found.dev()).map_err(|e| failed("read", path, &e));
    if device(path)? != device(&versions)? {
        return Err(TargetError::new(format!(
            "{} is on another file system than {}. Mount the root, not its versions.",
            versions.display(),
            path.display()
        )));
    }
    Ok(())
}

/// A folder on this machine. Several Deployments never share one.
#[derive(Clone, Debug)]
pub struct DirectoryTarget {
    name: String,
    root: PathBuf,
    bundles: Bundles,
    compared: Compared,
}

impl DirectoryTarget {
    /// What it can do.
    pub const STEPS: [StepKind; 3] = [StepKind::StageDags, StepKind::SwitchDags, StepKind::Verify];

    pub fn new(name: String, root: PathBuf, bundles: Bundles) -> Self {
        Self { name, root, bundles, compared: Compared::default() }
    }

    async fn manifest(&self, bundle: &BundleDigest) -> Result<Manifest, TargetError> {
        match self.bundles.manifest(bundle).await {
            Ok(Some(manifest)) => Ok(manifest),
            Ok(None) => Err(TargetError::new(format!(
                "The DAG bundle {} is not in Backstep's store. Upload the same files again.",
                bundle.short()
            ))),
            Err(error) => Err(TargetError::new(error.problem().message)),
        }
    }

    /// Compares the bundle's folder with the bundle.
    async fn compare(&self, bundle: &BundleDigest, depth: Depth) -> Result<Observed, TargetError> {
        let manifest = self.manifest(bundle).await?;
        let version = self.root.join("versions").join(bundle.hex());
        let short = bundle.short().to_owned();
        blocking(move || {
            Ok(match tree::difference(&version, &manifest, depth)? {
                None => {
                    Observed { done: true, detail: format!("versions/{short} has all {} files", manifest.files.len()) }
                }
                Some(difference) => Observed { done: false, detail: format!("versions/{short}: {difference}") },
            })
        })
        .await
    }

    async fn linked(&self, bundle: &BundleDigest) -> Result<Observed, TargetError> {
        let (root, bundle) = (self.open()?, bundle.clone());
        blocking(move || link::observe(&root, &bundle)).await
    }

    fn open(&self) -> Result<Root, TargetError> {
        Root::open(&self.root)
    }
}

/// The DAG bundle of a step. The engine plans DAG steps only for deploys that have one.
fn bundle_of(input: &StepInput) -> Result<&BundleDigest, TargetError> {
    input.bundle.as_ref().ok_or_else(|| TargetError::new(format!("{} has no DAG bundle to roll out.", input.number)))
}

#[async_trait]
impl Target for DirectoryTarget {
    fn name(&self) -> &str {
        &self.name
    }

    async fn ability(&self) -> Result<TargetAbility, TargetError> {
        Ok(TargetAbility { name: self.name.clone(), steps: Self::STEPS.to_vec(), database: false, mechanism: false })
    }

    async fn observe(&self, input: &StepInput) -> Result<Observed, TargetError> {
        let bundle = bundle_of(input)?;
        self.open()?;
        match input.step {
            StepKind::StageDags => {
                let files = self.compare(bundle, Depth::NamesAndSizes).await?;
                self.compared.note(input, files.done);
                Ok(files)
            }
            StepKind::SwitchDags => self.linked(bundle).await,
            StepKind::Verify => {
                let link = self.linked(bundle).await?;
                if !link.done {
                    return Ok(link);
                }
                let files = self.compare(bundle, Depth::Contents).await?;
                Ok(Observed { detail: format!("{}; {}, each compared by sha256", link.detail, files.detail), ..files })
            }
            StepKind::SwitchImage => Err(not_for_images()),
        }
    }

    async fn act(&self, input: &StepInput, log: &StepLog) -> Result<(), TargetError> {
        let bundle = bundle_of(input)?;
        let root = self.open()?;
        match input.step {
            StepKind::StageDags => {
                let manifest = self.manifest(bundle).await?;
                stage::stage(&root, &self.bundles, bundle, &manifest, log).await
            }
            StepKind::SwitchDags => {
                // The step before has just looked at every file; what happened to them since, verifying finds out.
                if !self.compared.take(input) {
                    let staged = self.compare(bundle, Depth::NamesAndSizes).await?;
                    if !staged.done {
                        let found = staged.detail;
                        return Err(TargetError::new(format!(
                            "The DAG files are not complete, so nothing is switched: {found}."
                        )));
                    }
                }
                let (bundle, log) = (bundle.clone(), log.clone());
                blocking(move || link::switch(&root, &bundle, &log)).await
            }
            // Reading back needs no act; the observation says what differs.
            StepKind::Verify => Ok(()),
            StepKind::SwitchImage => Err(not_for_images()),
        }
    }

    async fn kept(&self, _deployment: &DeploymentId) -> Result<Option<Vec<KeptSetting>>, TargetError> {
        Ok(None)
    }

    async fn runs(&self, _deployment: &DeploymentId) -> Result<Runs, TargetError> {
        let root = self.open()?;
        let bundle = blocking(move || Ok(link::read(&root)?.bundle())).await?;
        Ok(Runs { bundle, image: None })
    }

    fn by_hand(&self, input: &StepInput) -> Option<String> {
        let bundle = input.bundle.as_ref()?;
        let at = |name: &str| quoted(&self.root.join(name).display().to_string());
        // As the switch itself does it: a new link beside the old one, renamed over it.
        let (new, current) = (at("current.by-hand"), at("current"));
        Some(format!("ln -s versions/{} {new} && mv -T {new} {current}", bundle.hex()))
    }

    async fn prune(&self, keep: &BTreeSet<BundleDigest>) -> Result<u32, TargetError> {
        let (root, keep) = (self.open()?, keep.clone());
        blocking(move || prune::prune(&root, &keep)).await
    }
}

fn not_for_images() -> TargetError {
    TargetError::new("A directory target holds DAG files; images need a target of another kind, such as `command`.")
}

/// File work on a thread where waiting for the disk holds nobody up.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TargetError> + Send + 'static,
) -> Result<T, TargetError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(TargetError::new("The file work broke off; the details are in the server's log.")),
    }
}

/// An error of the operating system, with what was being done.
fn failed(doing: &str, path: &Path, error: &std::io::Error) -> TargetError {
    TargetError::new(format!("{} could not be {doing}: {error}.", path.display()))
}

fn sync_folder(folder: &Path) -> Result<(), TargetError> {
    std::fs::File::open(folder).and_then(|f| f.sync_all()).map_err(|e| failed("synced to disk", folder, &e))
}
