//! Node and the npm packages of `end2end/`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::process;

const OLDEST_NODE: u32 = 20;

/// Installs the packages exactly as the lock file has them, unless they already are.
pub fn packages(end2end: &Path) -> Result<()> {
    node()?;
    let lock = fs::read(end2end.join("package-lock.json")).context("end2end/package-lock.json")?;
    let wanted = hex::encode(Sha256::digest(&lock));
    // Written last: a broken-off install has none.
    let stamp = end2end.join("node_modules/.backstep-lock");
    if fs::read_to_string(&stamp).is_ok_and(|text| text == wanted) {
        return Ok(());
    }
    let npm = process::which("npm").context("Node is here but npm is not; install npm")?;
    eprintln!("xtask: installing the npm packages of end2end/");
    process::run(
        Command::new(npm)
            .current_dir(end2end)
            .args(["ci", "--no-audit", "--no-fund"])
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
    )?;
    fs::write(&stamp, wanted).context("could not note which packages are installed")
}

/// Playwright's command line, from the installed packages.
pub fn playwright(end2end: &Path) -> Result<Command> {
    let mut command = Command::new(node()?);
    command.current_dir(end2end).arg("node_modules/@playwright/test/cli.js");
    Ok(command)
}

fn node() -> Result<std::path::PathBuf> {
    let missing =
        || format!("the end-to-end suite needs Node {OLDEST_NODE} or newer: install it so that `node` is on the PATH");
    let node = process::which("node").with_context(missing)?;
    let version = process::output(Command::new(&node).arg("--version"))?;
    let major = major(&version).with_context(|| format!("`node --version` says {version:?}"))?;
    ensure!(major >= OLDEST_NODE, "{} (found {})", missing(), version.trim());
    Ok(node)
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("20.1"), None);
        assert_eq!(major("v"), None);
    }
}
