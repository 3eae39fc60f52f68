//! fmt and clippy: each thing checked counts as one.

use std::process::Command;

use anyhow::Result;

use super::Counts;
use crate::workspace::Workspace;
use crate::{process, toolchain};

/// rustfmt over every crate.
pub fn fmt(workspace: &Workspace) -> Result<Counts> {
    toolchain::component(workspace, "fmt", "rustfmt")?;
    one(workspace.cargo().args(["fmt", "--all", "--check"]))
}

/// clippy over the native crates with all their targets, and over what is compiled to WASM.
pub fn clippy(workspace: &Workspace) -> Result<Counts> {
    toolchain::component(workspace, "clippy", "clippy")?;
    toolchain::wasm_target(workspace)?;
    let mut counts = one(workspace.cargo().args(["clippy", "--all-targets", "--", "-D", "warnings"]))?;
    counts += one(workspace
        .cargo()
        .args(["clippy", "--package", "backstep-frontend", "--package", "backstep-app"])
        .args(["--features", "backstep-app/hydrate", "--target", toolchain::WASM, "--profile", "wasm-dev"])
        .args(["--", "-D", "warnings"])
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS"))?;
    Ok(counts)
}

fn one(command: &mut Command) -> Result<Counts> {
    let success = process::status(command)?.success();
    Ok(Counts { passed: success.into(), failed: (!success).into(), skipped: 0 })
}
