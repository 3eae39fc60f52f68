//! System packages, where we may install them ourselves.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// Installs a Debian package. As another user than root, or without apt, the error says what to do by hand.
pub fn install(package: &str, needed_for: &str) -> Result<()> {
    if process::which("apt-get").is_none() {
        bail!("{needed_for} needs `{package}`: install it with this system's package manager");
    }
    if !process::is_root() {
        bail!("{needed_for} needs `{package}`: run `sudo apt-get update && sudo apt-get install -y {package}`");
    }
    eprintln!("xtask: installing the system package {package}");
    process::run(Command::new("apt-get").arg("update"))?;
    process::run(
        Command::new("apt-get")
            .args(["install", "-y", "--no-install-recommends", package])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}
