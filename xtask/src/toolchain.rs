//! What rustup must have installed.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::Workspace;

/// The target of the web part.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Installs the WASM target where it is missing.
pub fn wasm_target(workspace: &Workspace) -> Result<()> {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(&workspace.root).args(["--print", "target-libdir", "--target", WASM]);
    let folder = process::output(&mut rustc)?;
    if Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    eprintln!("xtask: installing the Rust target {WASM}");
    rustup(workspace, &["target", "add", WASM])
}

/// Installs a rustup component whose cargo subcommand is missing.
pub fn component(workspace: &Workspace, subcommand: &str, component: &str) -> Result<()> {
    if workspace.cargo().args([subcommand, "--version"]).output().is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    eprintln!("xtask: installing the Rust component {component}");
    rustup(workspace, &["component", "add", component])
}

fn rustup(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    process::run(Command::new("rustup").current_dir(&workspace.root).args(arguments)).with_context(|| {
        format!("the Rust toolchain is incomplete and rustup could not mend it; run `rustup {}`", arguments.join(" "))
    })
}
