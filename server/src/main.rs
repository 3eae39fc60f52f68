//! `backstep`: the server and the command line.

use std::process::ExitCode;

use backstep::cli::Cli;
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::parse().run().await
}
