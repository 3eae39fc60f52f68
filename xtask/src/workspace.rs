//! Where things are, and how cargo is called from inside cargo.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The checkout this command was started in.
pub struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target folder, which may be outside the checkout and shared with others.
    pub target: PathBuf,
}

impl Workspace {
    /// Finds the checkout. The manifest folder is read at run time: with a shared target folder this binary may have been
    /// compiled in another checkout.
    pub fn find() -> Result<Self> {
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = manifest.parent().context("the xtask crate lies in the workspace root")?.to_owned();
        let output = bare_cargo(&root)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .context("could not run cargo metadata")?;
        if !output.status.success() {
            bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let metadata: serde_json::Value =
            serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?;
        let target = metadata["target_directory"].as_str().context("cargo metadata has no target_directory")?;
        Ok(Self { target: PathBuf::from(target), root })
    }

    /// A cargo command in the workspace root, free of what the outer `cargo run` put into the environment.
    pub fn cargo(&self) -> Command {
        bare_cargo(&self.root)
    }

    /// Our own outputs. Always inside the checkout, also where cargo's target folder is elsewhere: the server's `embed`
    /// feature needs a fixed place.
    pub fn output(&self) -> PathBuf {
        self.root.join("target")
    }

    /// The web assets that the server serves or embeds.
    pub fn site(&self) -> PathBuf {
        self.output().join("site")
    }

    /// The server's binary of a cargo profile folder (`debug`, `release`).
    pub fn server_binary(&self, profile: &str) -> PathBuf {
        self.target.join(profile).join("backstep")
    }
}

fn bare_cargo(root: &Path) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.current_dir(root);
    // Build scripts (ring's, for one) watch these; left in place, every nested call would compile them again.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}
