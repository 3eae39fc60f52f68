//! The browser of the end-to-end tests.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{apt, node, process};

/// The browser to use; the Playwright configuration reads the same variable.
pub const VARIABLE: &str = "BACKSTEP_CHROMIUM";

/// The Chromium that Playwright is to start; none means the one that Playwright installed for itself.
pub fn find(end2end: &Path) -> Result<Option<PathBuf>> {
    if let Some(file) = env::var_os(VARIABLE).map(PathBuf::from) {
        ensure!(process::is_executable(&file), "{VARIABLE}={} is not a program", file.display());
        return Ok(Some(file));
    }
    if let Some(file) = on_path() {
        return Ok(Some(file));
    }
    match apt::install("chromium", "the end-to-end suite") {
        Ok(()) => {
            if let Some(file) = on_path() {
                return Ok(Some(file));
            }
        }
        Err(error) => eprintln!("xtask: {error:#}"),
    }
    eprintln!("xtask: no Chromium on this system; asking Playwright for its own");
    process::run(node::playwright(end2end)?.args(["install", "chromium"]))
        .with_context(|| format!("no Chromium was found or installed; install one and name it in {VARIABLE}"))?;
    Ok(None)
}

fn on_path() -> Option<PathBuf> {
    // Asked for its version, because Ubuntu's `chromium-browser` may be a stub that only names the snap to install.
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
        .into_iter()
        .filter_map(process::which)
        .find(|file| Command::new(file).arg("--version").output().is_ok_and(|output| output.status.success()))
}
