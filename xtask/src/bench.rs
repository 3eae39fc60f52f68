//! `cargo xtask bench`: builds the benches for release and runs them.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::process;
use crate::workspace::Workspace;

/// Measure against limits and peers: a table of ratios, each with how far its rounds lie apart.
///
/// `switch` rolls back the DAGs of 2,000 files, against the least that a durable switch can be, `git reset --hard` and
/// `tar xzf`. `history` reads pages of a million deploys (they take some GB below target/ and a minute to load), against
/// 50 rows read by the primary key. Run it on a machine that does nothing else.
#[derive(Args)]
pub struct Bench {
    /// Only these; without any, all.
    #[arg(value_enum)]
    benches: Vec<Which>,
    /// Write the figures to this file, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Fail if a figure's rounds lie more than 15 % apart.
    #[arg(long)]
    strict: bool,
    /// More arguments for the benches, after `--`; `--help` among them.
    #[arg(last = true)]
    more: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    /// Rolling back the DAGs of 2,000 files.
    Switch,
    /// A page of the history of a million deploys.
    History,
}

impl Bench {
    /// Builds, measures and prints. An error if the benches could not run, or if they lie too far apart with `--strict`.
    pub fn execute(&self, workspace: &Workspace) -> Result<()> {
        process::run(workspace.cargo().args(["build", "--release", "--package", "backstep-bench"]))?;
        let mut bench = std::process::Command::new(workspace.target.join("release/backstep-bench"));
        for which in &self.benches {
            let name = which.to_possible_value().context("every bench has a name")?;
            bench.arg(name.get_name());
        }
        bench.arg("--folder").arg(workspace.output().join("bench"));
        if let Some(json) = &self.json {
            bench.arg("--json").arg(json);
        }
        if self.strict {
            bench.arg("--strict");
        }
        process::run(bench.args(&self.more))
    }
}
