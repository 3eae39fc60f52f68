//! `cargo xtask`: builds, runs, tests and measures Backstep. It fetches what it lacks and says so; one file a command.

mod apt;
mod bench;
mod build;
mod chromium;
mod faketime;
mod node;
mod postgres;
mod process;
mod python;
mod run;
mod size;
mod strace;
mod suites;
mod test;
mod toolchain;
mod torture;
mod web;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};
use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, runs, tests and measures Backstep.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and serve the demo.
    Run(run::Run),
    /// Build the web part and the server.
    Build(build::Build),
    /// Run the suites, or those named, and count.
    Test(test::Test),
    /// Measure what a browser downloads and compare it with the budget.
    Size,
    Bench(bench::Bench),
    Torture(torture::Torture),
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let workspace = Workspace::find()?;
    match cli.command {
        Command::Run(run) => run.execute(&workspace),
        Command::Build(build) => build.execute(&workspace),
        Command::Test(test) => test.execute(&workspace),
        Command::Size => size::execute(&workspace),
        Command::Bench(bench) => bench.execute(&workspace),
        Command::Torture(torture) => torture.execute(&workspace),
    }
}
