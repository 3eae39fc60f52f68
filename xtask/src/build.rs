//! `cargo xtask build`: the web part, then the server; with `--release` one binary that holds both.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::process;
use crate::web::{self, Profile};
use crate::workspace::Workspace;

/// Build the web part and the server.
#[derive(Args)]
pub struct Build {
    /// One optimized binary with the web assets inside.
    #[arg(long)]
    release: bool,
}

impl Build {
    /// Builds, then prints the binary's path and size.
    pub fn execute(&self, workspace: &Workspace) -> Result<()> {
        let binary = server(workspace, self.release)?;
        let bytes = fs::metadata(&binary).with_context(|| format!("cargo left no {}", binary.display()))?.len();
        println!("{} ({:.1} MB)", binary.display(), bytes as f64 / 1e6);
        if !self.release {
            println!("web assets: {} (tell the server with BACKSTEP_SITE)", workspace.site().display());
        }
        Ok(())
    }
}

/// Builds the web part and the server and returns the server's binary.
pub fn server(workspace: &Workspace, release: bool) -> Result<PathBuf> {
    let profile = if release { Profile::Release } else { Profile::Dev };
    web::publish(workspace, profile)?;
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--package", "backstep", "--bin", "backstep"]);
    if release {
        cargo.args(["--release", "--features", "embed"]);
    }
    process::run(&mut cargo)?;
    Ok(workspace.server_binary(if release { "release" } else { "debug" }))
}
