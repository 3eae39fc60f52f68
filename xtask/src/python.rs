//! Python, for tools that come from PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{apt, process};

/// A virtual environment below the target folder with exactly these requirements; answers its folder of programs.
pub fn environment(workspace: &Workspace, name: &str, requirements: &Path, needed_for: &str) -> Result<PathBuf> {
    let folder = workspace.output().join("python").join(name);
    let (programs, stamp) = (folder.join("bin"), folder.join("requirements.txt"));
    let wanted =
        std::fs::read_to_string(requirements).with_context(|| format!("could not read {}", requirements.display()))?;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(programs);
    }
    if process::which("python3").is_none() {
        apt::install("python3", needed_for)?;
    }
    let create = || process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
    if create().is_err() {
        // Debian keeps what makes them apart.
        apt::install("python3-venv", needed_for)?;
        create()?;
    }
    let mut pip = Command::new(programs.join("pip"));
    process::run(pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements))?;
    std::fs::write(&stamp, wanted).context("could not write down what is installed")?;
    Ok(programs)
}
