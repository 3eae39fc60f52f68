//! What goes into the web part besides the compiled Rust.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::{Profile, style};

/// To be raised when the bundling itself changes, so that old results are not taken for new ones.
const RECIPE: &[u8] = b"2";

/// The hand-written parts. A script that does not exist yet is left out of the site.
pub struct Sources {
    pub style: String,
    pub start: Option<String>,
    pub document: Option<String>,
    pub panel: Option<String>,
}

impl Sources {
    /// Reads `style/` and `frontend/*.js`.
    pub fn read(root: &Path) -> Result<Self> {
        Ok(Self {
            style: style::concatenate(&root.join("style"))?,
            start: script(root, "frontend/start.js")?,
            document: script(root, "frontend/document.js")?,
            panel: script(root, "frontend/panel.js")?,
        })
    }

    /// A digest of everything that decides the result.
    pub fn stamp(&self, wasm: &[u8], profile: Profile) -> String {
        let mut hash = Sha256::new();
        for part in [
            RECIPE,
            profile.name().as_bytes(),
            wasm,
            self.style.as_bytes(),
            self.start.as_deref().unwrap_or_default().as_bytes(),
            self.document.as_deref().unwrap_or_default().as_bytes(),
            self.panel.as_deref().unwrap_or_default().as_bytes(),
        ] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hex::encode(hash.finalize())
    }
}

fn script(root: &Path, path: &str) -> Result<Option<String>> {
    let file = root.join(path);
    if !file.is_file() {
        eprintln!("xtask: {path} does not exist; the site is built without it");
        return Ok(None);
    }
    fs::read_to_string(&file).map(Some).with_context(|| format!("could not read {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        Sources { style: "a".into(), start: Some("b".into()), document: None, panel: None }
    }

    #[test]
    fn every_input_moves_the_stamp() {
        let before = sources().stamp(b"wasm", Profile::Dev);
        assert_eq!(before, sources().stamp(b"wasm", Profile::Dev));
        let others = [
            sources().stamp(b"other", Profile::Dev),
            sources().stamp(b"wasm", Profile::Release),
            Sources { style: "c".into(), ..sources() }.stamp(b"wasm", Profile::Dev),
            Sources { start: None, ..sources() }.stamp(b"wasm", Profile::Dev),
            Sources { document: Some("d".into()), ..sources() }.stamp(b"wasm", Profile::Dev),
            Sources { panel: Some("p".into()), ..sources() }.stamp(b"wasm", Profile::Dev),
            Sources { start: None, panel: Some("b".into()), ..sources() }.stamp(b"wasm", Profile::Dev),
        ];
        for (index, other) in others.iter().enumerate() {
            assert_ne!(&before, other, "input {index}");
        }
    }
}
