//! `cargo xtask run`: builds everything and serves the demo.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::build;
use crate::workspace::Workspace;

/// Build everything and serve the demo.
#[derive(Args)]
pub struct Run {
    /// Port on 127.0.0.1.
    #[arg(long, default_value_t = 7411)]
    port: u16,
    /// Run what `build --release` makes.
    #[arg(long)]
    release: bool,
    /// More arguments for `backstep serve`, after `--`.
    #[arg(last = true)]
    server: Vec<String>,
}

impl Run {
    /// Becomes the server's process, so that Ctrl+C and signals reach it directly.
    pub fn execute(&self, workspace: &Workspace) -> Result<()> {
        let binary = build::server(workspace, self.release)?;
        let mut server = Command::new(&binary);
        server
            .args(["serve", "--demo", "--listen", &format!("127.0.0.1:{}", self.port), "--data"])
            .arg(workspace.output().join("demo"))
            .args(&self.server)
            .env("BACKSTEP_SITE", workspace.site());
        Err(server.exec()).with_context(|| format!("could not start {}", binary.display()))
    }
}
