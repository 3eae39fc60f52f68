//! The web part: WASM, its JavaScript glue, the style sheet and the hand-written scripts, ready to be served.
//!
//! The result is a folder, `target/site` in the workspace root:
//!
//! ```text
//! manifest.json                        the one file whose name is fixed; not to be cached
//! pkg/backstep-<hash>.wasm             each file's name holds 16 hex digits of its content's SHA-256: cacheable for ever
//! pkg/backstep-<hash>.wasm.br  .gz     the same bytes compressed; every file under pkg/ has both siblings
//! pkg/backstep-<hash>.js  .css         ...
//! ```
//!
//! `manifest.json` is one flat JSON object: logical name to path below the folder.
//!
//! ```json
//! {
//!   "app.css": "pkg/backstep-0a1b2c3d4e5f6071.css",
//!   "app.js": "pkg/backstep-....js",
//!   "app.wasm": "pkg/backstep-....wasm",
//!   "panel.js": "pkg/panel-....js",
//!   "document.js": "pkg/document-....js",
//!   "start.js": "pkg/start-....js"
//! }
//! ```
//!
//! - `app.js` is wasm-bindgen's glue: `init()` as its default export, and what the frontend crate exports.
//! - `start.js` (`frontend/start.js`) is the module that a live page loads, `document.js` that of a page of plain links and
//!   forms; `panel.js` (`frontend/panel.js`) is the one a portal loads.
//! - In both, and in the glue, a quoted path that ends in `/app.js`, `/app.wasm`, `/app.css` (or another logical name) is
//!   pointed at the hashed file, so `import init from "./app.js"` in `start.js` works.
//! - Scripts that Rust dependencies bring along are `snippets/...` entries.
//!
//! Nothing is done again whose inputs did not change: cargo watches the Rust code, a stamp of all inputs the rest.

mod assets;
mod compress;
mod manifest;
mod sources;
mod style;
mod wasm;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use manifest::Manifest;

use crate::workspace::Workspace;

/// How the web part is built.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Profile {
    /// Quick to build.
    Dev,
    /// Small to download.
    Release,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }

    /// The profile in the workspace's `Cargo.toml`, which is also cargo's folder name.
    fn cargo(self) -> &'static str {
        match self {
            Self::Dev => "wasm-dev",
            Self::Release => "wasm-release",
        }
    }

    fn brotli_quality(self) -> i32 {
        match self {
            Self::Dev => 4,
            Self::Release => 11,
        }
    }

    fn gzip_level(self) -> u32 {
        match self {
            Self::Dev => 4,
            Self::Release => 9,
        }
    }
}

/// A built web part: a folder in the form described above.
pub struct Site {
    /// The folder.
    pub folder: PathBuf,
    /// Its `manifest.json`.
    pub manifest: Manifest,
    stamp: String,
}

/// Builds the web part and puts it where the server reads or embeds it.
pub fn publish(workspace: &Workspace, profile: Profile) -> Result<()> {
    let built = build(workspace, profile)?;
    let site = workspace.site();
    let stamp = workspace.output().join("web/site.stamp");
    if site.join(manifest::FILE).is_file() && fs::read_to_string(&stamp).is_ok_and(|text| text == built.stamp) {
        return Ok(());
    }
    replace(&site, |fresh| copy(&built.folder, fresh))?;
    fs::write(&stamp, &built.stamp).context("could not write the site's stamp")
}

/// Builds the web part into a folder of its profile's own and leaves the served site as it is.
pub fn build(workspace: &Workspace, profile: Profile) -> Result<Site> {
    let compiled = wasm::compile(workspace, profile)?;
    let sources = sources::Sources::read(&workspace.root)?;
    let stamp = sources.stamp(&compiled, profile);
    let folder = workspace.output().join("web").join(profile.name());
    let stamp_file = folder.with_extension("stamp");
    let unchanged = fs::read_to_string(&stamp_file).is_ok_and(|text| text == stamp);
    if unchanged && let Ok(manifest) = Manifest::read(&folder) {
        return Ok(Site { folder, manifest, stamp });
    }
    eprintln!("xtask: bundling the web part ({})", profile.name());
    let bound = wasm::bind(compiled, profile)?;
    let assets = assets::assemble(bound, &sources)?;
    let mut manifest = Manifest::default();
    replace(&folder, |fresh| {
        for asset in &assets {
            asset.write(fresh, profile)?;
            manifest.insert(asset);
        }
        manifest.write(fresh)
    })?;
    fs::write(&stamp_file, &stamp).context("could not write the web part's stamp")?;
    Ok(Site { folder, manifest, stamp })
}

/// Fills a new folder beside the old one and swaps them, so that an interrupted build leaves no half a site.
fn replace(folder: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let fresh = folder.with_extension("new");
    remove(&fresh)?;
    fs::create_dir_all(&fresh).with_context(|| format!("could not create {}", fresh.display()))?;
    fill(&fresh)?;
    remove(folder)?;
    fs::rename(&fresh, folder).with_context(|| format!("could not put {} in place", folder.display()))
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("could not remove {}", folder.display()))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("could not read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).with_context(|| format!("could not copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}
