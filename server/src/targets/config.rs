//! The targets of the configuration file.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use backstep_domain::{Deployment, StepKind, TargetAbility, Targets, Workspace};
use serde::{Deserialize, Serialize};

use super::{CommandTarget, DirectoryTarget, Target, TargetError, command, directory};
use crate::bundles::Bundles;

/// A target as the configuration file defines it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum TargetConfig {
    /// A folder on this machine that Airflow reads DAGs from, through `<root>/current`.
    Directory {
        root: PathBuf,
        /// Workspaces, by name or id, whose people may give it to a Deployment of theirs.
        #[serde(default)]
        workspaces: Vec<String>,
    },
    /// The operator's program. `program` is the path or name and its arguments; no shell reads it.
    Command {
        program: Vec<String>,
        #[serde(default = "ten_minutes")]
        timeout_seconds: u64,
        #[serde(default)]
        workspaces: Vec<String>,
    },
}

impl TargetConfig {
    fn workspaces(&self) -> &[String] {
        match self {
            Self::Directory { workspaces, .. } | Self::Command { workspaces, .. } => workspaces,
        }
    }
}

fn ten_minutes() -> u64 {
    600
}

/// Targets that cannot be used as they are defined.
#[derive(Debug, thiserror::Error)]
pub enum BadTargets {
    #[error("[targets.{name}] root = \"{root}\": write the whole path, beginning with /")]
    Relative { name: String, root: PathBuf },
    #[error(
        "[targets.{name}] and [targets.{other}] use the same folder, or one lies in the other. \
         Give each Deployment a folder of its own."
    )]
    Shared { name: String, other: String },
    #[error("[targets.{name}] program is empty; write [\"/path/to/program\", \"argument\"]")]
    NoProgram { name: String },
    #[error("[targets.{name}] timeout_seconds is 1 to 86400")]
    Timeout { name: String },
    #[error("the folder {path} for the locks of programs cannot be made: {error}")]
    Locks { path: PathBuf, error: std::io::Error },
}

/// The targets, by name. Cheap to clone.
#[derive(Clone, Default)]
pub struct TargetSet {
    targets: Arc<BTreeMap<String, Arc<dyn Target>>>,
    /// Target to Workspaces.
    open_to: Arc<BTreeMap<String, Vec<String>>>,
}

impl TargetSet {
    /// `data` is the data folder, where programs are locked; `key` is the secret behind the hashes of kept settings.
    pub fn from_config(
        targets: &BTreeMap<String, TargetConfig>,
        data: &Path,
        bundles: Bundles,
        key: [u8; 32],
    ) -> Result<Self, BadTargets> {
        if let Some(problem) = problems(targets).into_iter().next() {
            return Err(problem);
        }
        let locks = data.join("locks");
        std::fs::create_dir_all(&locks).map_err(|error| BadTargets::Locks { path: locks.clone(), error })?;
        let mut set = BTreeMap::<String, Arc<dyn Target>>::new();
        for (name, target) in targets {
            let target: Arc<dyn Target> = match target {
                TargetConfig::Directory { root, .. } => {
                    Arc::new(DirectoryTarget::new(name.clone(), root.clone(), bundles.clone()))
                }
                TargetConfig::Command { program, timeout_seconds, .. } => {
                    let limit = std::time::Duration::from_secs(*timeout_seconds);
                    Arc::new(CommandTarget::new(name.clone(), program.clone(), limit, locks.clone(), key))
                }
            };
            set.insert(name.clone(), target);
        }
        let open_to = targets.iter().map(|(name, target)| (name.clone(), target.workspaces().to_vec())).collect();
        Ok(Self { targets: Arc::new(set), open_to: Arc::new(open_to) })
    }

    /// Targets made in code: for tests.
    pub fn of(targets: impl IntoIterator<Item = Arc<dyn Target>>) -> Self {
        let targets = targets.into_iter().map(|t| (t.name().to_owned(), t)).collect();
        Self { targets: Arc::new(targets), open_to: Arc::default() }
    }

    pub fn get(&self, name: &str) -> Option<&Arc<dyn Target>> {
        self.targets.get(name)
    }

    /// Whether the configuration opens a target to the people of a Workspace.
    pub fn is_open_to(&self, name: &str, workspace: &Workspace) -> bool {
        let open = self.open_to.get(name).into_iter().flatten();
        open.into_iter().any(|open| *open == workspace.name || open == workspace.id.as_str())
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.targets.keys().map(String::as_str)
    }

    /// What a Deployment's targets can do. One that does not answer can do nothing, and the log says why.
    pub async fn for_deployment(&self, deployment: &Deployment) -> Targets {
        let dags = self.ability_of(deployment.dags_target.as_deref());
        let image = self.ability_of(deployment.image_target.as_deref());
        let (dags, image) = tokio::join!(dags, image);
        Targets { dags, image }
    }

    /// Asks every target what it can do, so that the first plan need not wait; an answer is remembered.
    pub async fn ask_all(&self) {
        for name in self.targets.keys() {
            self.ability_of(Some(name)).await;
        }
    }

    async fn ability_of(&self, name: Option<&str>) -> Option<TargetAbility> {
        let name = name?;
        let nothing = || TargetAbility { name: name.to_owned(), steps: Vec::new(), database: false, mechanism: false };
        // A name that left the configuration: what it can do is nothing, and a plan says so.
        let Some(target) = self.get(name) else { return Some(nothing()) };
        Some(target.ability().await.unwrap_or_else(|error| {
            tracing::warn!(target_name = name, %error, "the target does not say what it can do");
            nothing()
        }))
    }
}

impl fmt::Debug for TargetSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.targets.keys()).finish()
    }
}

/// What of the targets cannot be used as it is defined.
pub fn problems(targets: &BTreeMap<String, TargetConfig>) -> Vec<BadTargets> {
    let mut problems = Vec::new();
    // Every directory target has a folder of its own: two in one would switch each other's DAGs.
    let mut seen: Vec<(&String, PathBuf)> = Vec::new();
    for (named, target) in targets {
        let name = named.clone();
        match target {
            TargetConfig::Command { program, .. } if program.first().is_none_or(String::is_empty) => {
                problems.push(BadTargets::NoProgram { name });
            }
            TargetConfig::Command { timeout_seconds, .. } if !(1..=86_400).contains(timeout_seconds) => {
                problems.push(BadTargets::Timeout { name });
            }
            TargetConfig::Command { .. } => {}
            TargetConfig::Directory { root, .. } if !root.is_absolute() => {
                problems.push(BadTargets::Relative { name, root: root.clone() });
            }
            TargetConfig::Directory { root, .. } => {
                // A folder that is not there yet is compared as it is written.
                let real = root.canonicalize().unwrap_or_else(|_| root.components().collect());
                let shares = |path: &PathBuf| path.starts_with(&real) || real.starts_with(path);
                if let Some((other, _)) = seen.iter().find(|(_, path)| shares(path)) {
                    problems.push(BadTargets::Shared { name, other: (*other).clone() });
                }
                seen.push((named, real));
            }
        }
    }
    problems
}

/// The steps that a target says it can do, asked now; no Deployment is touched.
pub async fn ask(name: &str, target: &TargetConfig) -> Result<Vec<StepKind>, TargetError> {
    match target {
        TargetConfig::Directory { .. } => Ok(DirectoryTarget::STEPS.to_vec()),
        TargetConfig::Command { program, timeout_seconds, .. } => {
            let limit = std::time::Duration::from_secs(*timeout_seconds);
            // What it can do is asked without a lock and without the key.
            let target = CommandTarget::new(name.to_owned(), program.clone(), limit, PathBuf::new(), [0; 32]);
            Ok(target.ability().await?.steps)
        }
    }
}

/// Whether what a target needs on this machine is there: its folder, writable, or its program. Changes nothing.
pub fn look(target: &TargetConfig) -> Result<(), TargetError> {
    match target {
        TargetConfig::Directory { root, .. } => directory::look(root),
        TargetConfig::Command { program, .. } => command::look(program.first().map_or("", String::as_str)),
    }
}
