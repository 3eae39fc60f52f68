//! From the frontend crate to a `.wasm` file and its glue.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use super::Profile;
use crate::workspace::Workspace;
use crate::{process, toolchain};

/// What wasm-bindgen calls the files; also the stem of the hashed names.
pub const STEM: &str = "backstep";

/// The glue and the WASM that belongs to it, and the scripts that dependencies bring along.
pub struct Bound {
    pub glue: String,
    pub wasm: Vec<u8>,
    /// Path below `snippets/` and text.
    pub snippets: BTreeMap<String, String>,
}

/// Compiles the frontend crate and returns the linker's output.
pub fn compile(workspace: &Workspace, profile: Profile) -> Result<Vec<u8>> {
    toolchain::wasm_target(workspace)?;
    // Flags meant for the host break the WASM linker or, at best, make cargo compile everything a second time.
    process::run(
        workspace
            .cargo()
            .args(["build", "--package", "backstep-frontend", "--target", toolchain::WASM])
            .args(["--profile", profile.cargo()])
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS"),
    )?;
    let file = workspace.target.join(toolchain::WASM).join(profile.cargo()).join("backstep_frontend.wasm");
    fs::read(&file).with_context(|| format!("cargo left no {}", file.display()))
}

/// Makes the glue. The library is pinned to the same version as `wasm-bindgen` itself.
pub fn bind(compiled: Vec<u8>, profile: Profile) -> Result<Bound> {
    let folder = tempfile::tempdir().context("could not create a temporary folder")?;
    let mut bindgen = Bindgen::new();
    bindgen.input_bytes(STEM, compiled).typescript(false).remove_producers_section(true);
    // The names make a panic's stack readable; they would be half of what a browser downloads.
    bindgen.remove_name_section(profile == Profile::Release);
    // The library leaves it out by default, unlike the command line; then `init()` would not know what to fetch.
    bindgen.omit_default_module_path(false);
    bindgen.web(true)?;
    bindgen.generate(folder.path()).context("wasm-bindgen could not make the glue")?;
    let mut snippets = BTreeMap::new();
    collect(&folder.path().join("snippets"), "", &mut snippets)?;
    Ok(Bound {
        glue: fs::read_to_string(folder.path().join(format!("{STEM}.js")))?,
        wasm: fs::read(folder.path().join(format!("{STEM}_bg.wasm")))?,
        snippets,
    })
}

fn collect(folder: &Path, prefix: &str, snippets: &mut BTreeMap<String, String>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), snippets)?;
        } else {
            snippets.insert(name, fs::read_to_string(entry.path())?);
        }
    }
    Ok(())
}
