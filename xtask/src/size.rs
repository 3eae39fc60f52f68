//! `cargo xtask size`: what a browser downloads, and whether it is within `xtask/size-budget.toml`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::web::{self, Profile};
use crate::workspace::Workspace;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    wasm_brotli_bytes: u64,
    aim_wasm_brotli_bytes: u64,
}

/// Measures the release build and prints it; an error above the budget.
pub fn execute(workspace: &Workspace) -> Result<()> {
    let budget = workspace.root.join("xtask/size-budget.toml");
    let budget = fs::read_to_string(&budget).with_context(|| format!("could not read {}", budget.display()))?;
    let budget: Budget = toml::from_str(&budget).context("xtask/size-budget.toml")?;
    let site = web::build(workspace, Profile::Release)?;
    println!("{:<32} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip", "brotli");
    let mut wasm = 0;
    let mut total = [0; 3];
    for (logical, path) in site.manifest.iter() {
        let sizes = [size(&site.folder, path, "")?, size(&site.folder, path, ".gz")?, size(&site.folder, path, ".br")?];
        row(logical, sizes);
        total = [total[0] + sizes[0], total[1] + sizes[1], total[2] + sizes[2]];
        if logical == "app.wasm" {
            wasm = sizes[2];
        }
    }
    row("all", total);
    check(wasm, budget.wasm_brotli_bytes)?;
    if let Some(over) = wasm.checked_sub(budget.aim_wasm_brotli_bytes).filter(|over| *over > 0) {
        println!("over the aim: {over} bytes more than the {} that it has to become", budget.aim_wasm_brotli_bytes);
    }
    Ok(())
}

fn check(wasm: u64, budget: u64) -> Result<()> {
    if wasm == 0 {
        bail!("the release build holds no app.wasm");
    }
    if wasm > budget {
        bail!("the WASM is {} bytes over its budget: {wasm} of {budget} bytes after brotli", wasm - budget);
    }
    println!("within the budget: the WASM is {wasm} of {budget} bytes after brotli");
    Ok(())
}

fn row(name: &str, [raw, gzip, brotli]: [u64; 3]) {
    println!("{name:<32} {raw:>9} {gzip:>9} {brotli:>9}");
}

fn size(folder: &Path, path: &str, suffix: &str) -> Result<u64> {
    let file = folder.join(format!("{path}{suffix}"));
    Ok(fs::metadata(&file).with_context(|| format!("the release build has no {}", file.display()))?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_the_last_size_allowed() {
        assert!(check(250_000, 250_000).is_ok());
        assert!(check(250_001, 250_000).unwrap_err().to_string().contains("1 bytes over"));
        assert!(check(0, 250_000).is_err());
    }

    #[test]
    fn the_budget_file_can_be_read() {
        let budget: Budget = toml::from_str(include_str!("../size-budget.toml")).unwrap();
        assert!(budget.aim_wasm_brotli_bytes > 0);
        assert!(budget.wasm_brotli_bytes >= budget.aim_wasm_brotli_bytes);
    }
}
