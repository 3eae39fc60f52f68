//! `backstep-bench`: sets up, measures, prints. `cargo xtask bench` builds it for release and runs it.

mod history;
mod switch;

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, ensure};
use backstep_bench::Report;
use clap::{Parser, ValueEnum};

/// Measures Backstep against its limits and its peers.
#[derive(Debug, Parser)]
struct Cli {
    /// Only these.
    #[arg(value_enum)]
    benches: Vec<Bench>,
    /// Where to work: a folder on a disk, for what is measured is durable.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// Rounds, seven at least.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(7..))]
    rounds: u16,
    /// Deploys in the large history.
    #[arg(long, default_value_t = 1_000_000)]
    deploys: u32,
    /// Write the figures to this file, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Fail if a figure's rounds lie more than 15 % apart.
    #[arg(long)]
    strict: bool,
    /// Leave the databases of the history for the next run.
    #[arg(long)]
    keep: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Bench {
    /// Rolling back the DAGs of 2,000 files.
    Switch,
    /// A page of the history of a million deploys.
    History,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    if cfg!(debug_assertions) {
        eprintln!("This is no release build; its figures say nothing. Use `cargo xtask bench`.");
    }
    fs::create_dir_all(&cli.folder)?;
    ensure_on_disk(&cli.folder)?;
    let mut report = Report::default();
    let wanted = |bench| cli.benches.is_empty() || cli.benches.contains(&bench);
    let temporary = tempfile::tempdir_in(&cli.folder)?;
    if wanted(Bench::Switch) {
        println!("== switch ==");
        report.figures.extend(switch::measure(temporary.path(), cli.rounds.into()).await?);
    }
    if wanted(Bench::History) {
        println!("== history ==");
        let folder = if cli.keep { cli.folder.as_path() } else { temporary.path() };
        report.figures.extend(history::measure(folder, cli.deploys, cli.rounds.into()).await?);
    }
    drop(temporary);
    if let Some(path) = &cli.json {
        let text = serde_json::to_string_pretty(&report.json())?;
        fs::write(path, text + "\n").with_context(|| format!("{} cannot be written", path.display()))?;
    }
    print!("\n{}", report.table());
    let warning = report.warning();
    if let Some(warning) = &warning {
        eprintln!("\n{warning}");
    }
    Ok(if cli.strict && warning.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// In memory there is nothing to sync, and a commit costs nothing.
fn ensure_on_disk(folder: &std::path::Path) -> anyhow::Result<()> {
    const TMPFS: u64 = 0x0102_1994;
    let found = rustix::fs::statfs(folder)?;
    ensure!(
        u64::try_from(found.f_type) != Ok(TMPFS),
        "{} is in memory; choose a folder on a disk with --folder",
        folder.display()
    );
    Ok(())
}
