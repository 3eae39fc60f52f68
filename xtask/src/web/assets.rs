//! Names that hold their content's hash, and scripts that refer to each other by them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use super::sources::Sources;
use super::wasm::{Bound, STEM};
use super::{Profile, compress};

/// One file of the site.
pub struct Asset {
    /// Its name in the manifest, without a hash.
    pub logical: String,
    /// Its path below the site's folder.
    pub path: String,
    bytes: Vec<u8>,
}

impl Asset {
    /// `stem` and `extension` may hold folders; they end up below `pkg/`.
    fn new(logical: &str, stem: &str, extension: &str, bytes: Vec<u8>) -> Self {
        let hash = hex::encode(Sha256::digest(&bytes));
        Self { logical: logical.to_owned(), path: format!("pkg/{stem}-{}.{extension}", &hash[..16]), bytes }
    }

    /// Its path below `pkg/`.
    fn file(&self) -> &str {
        self.path.strip_prefix("pkg/").expect("every asset lies below pkg/")
    }

    /// Writes the file and its compressed siblings.
    pub fn write(&self, folder: &Path, profile: Profile) -> Result<()> {
        let file = folder.join(&self.path);
        let parent = file.parent().expect("an asset lies in a folder");
        fs::create_dir_all(parent).with_context(|| format!("could not create {}", parent.display()))?;
        let siblings = [
            ("", self.bytes.clone()),
            (".br", compress::brotli(&self.bytes, profile.brotli_quality())?),
            (".gz", compress::gzip(&self.bytes, profile.gzip_level())?),
        ];
        for (suffix, bytes) in siblings {
            let name = format!("{}{suffix}", file.display());
            fs::write(&name, bytes).with_context(|| format!("could not write {name}"))?;
        }
        Ok(())
    }
}

/// Names everything, from the leaves to the scripts that refer to them.
pub fn assemble(bound: Bound, sources: &Sources) -> Result<Vec<Asset>> {
    let mut assets = vec![
        Asset::new("app.wasm", STEM, "wasm", bound.wasm),
        Asset::new("app.css", STEM, "css", sources.style.clone().into_bytes()),
    ];
    let mut glue = bound.glue;
    for (name, text) in bound.snippets {
        let stem = name.strip_suffix(".js").unwrap_or(&name);
        let asset = Asset::new(&format!("snippets/{name}"), &format!("snippets/{stem}"), "js", text.into_bytes());
        glue = refer(&glue, &format!("./snippets/{name}"), &format!("./{}", asset.file()));
        assets.push(asset);
    }
    glue = refer(&glue, &format!("{STEM}_bg.wasm"), assets[0].file());
    ensure!(glue.contains(assets[0].file()), "wasm-bindgen's glue no longer names {STEM}_bg.wasm; look at its output");
    assets.push(Asset::new("app.js", STEM, "js", glue.into_bytes()));
    let scripts = [
        ("start.js", "start", &sources.start),
        ("document.js", "document", &sources.document),
        ("panel.js", "panel", &sources.panel),
    ];
    for (logical, stem, text) in scripts {
        let Some(text) = text else { continue };
        let text = assets.iter().fold(text.clone(), |text, asset| point(&text, &asset.logical, asset.file()));
        assets.push(Asset::new(logical, stem, "js", text.into_bytes()));
    }
    Ok(assets)
}

/// Replaces a whole quoted path.
fn refer(text: &str, path: &str, by: &str) -> String {
    ['"', '\''].iter().fold(text.to_owned(), |text, quote| {
        text.replace(&format!("{quote}{path}{quote}"), &format!("{quote}{by}{quote}"))
    })
}

/// Replaces the last segment of a quoted path that ends in `/<logical>`.
fn point(text: &str, logical: &str, file: &str) -> String {
    ['"', '\'', '`']
        .iter()
        .fold(text.to_owned(), |text, quote| text.replace(&format!("/{logical}{quote}"), &format!("/{file}{quote}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound() -> Bound {
        Bound {
            glue: "import { a } from './snippets/dep-1/inline0.js';\nnew URL('backstep_bg.wasm', import.meta.url);"
                .into(),
            wasm: b"wasm".to_vec(),
            snippets: [("dep-1/inline0.js".to_owned(), "export const a = 1".to_owned())].into(),
        }
    }

    fn sources(style: &str) -> Sources {
        Sources {
            style: style.into(),
            document: None,
            start: Some("import init from \"./app.js\"; // app.js".into()),
            panel: Some("import('../pkg/app.js'); new URL('../pkg/app.css', import.meta.url)".into()),
        }
    }

    fn find<'a>(assets: &'a [Asset], logical: &str) -> &'a Asset {
        assets.iter().find(|asset| asset.logical == logical).unwrap()
    }

    fn text(asset: &Asset) -> &str {
        str::from_utf8(&asset.bytes).unwrap()
    }

    #[test]
    fn scripts_refer_to_hashed_names() {
        let assets = assemble(bound(), &sources("")).unwrap();
        let name = |logical| find(&assets, logical).file().to_owned();
        let glue = text(find(&assets, "app.js"));
        assert!(glue.contains(&format!("'./{}'", name("snippets/dep-1/inline0.js"))), "{glue}");
        assert!(glue.contains(&format!("'{}'", name("app.wasm"))), "{glue}");
        assert_eq!(text(find(&assets, "start.js")), format!("import init from \"./{}\"; // app.js", name("app.js")));
        assert_eq!(
            text(find(&assets, "panel.js")),
            format!("import('../pkg/{}'); new URL('../pkg/{}', import.meta.url)", name("app.js"), name("app.css"))
        );
    }

    #[test]
    fn a_change_moves_the_names_of_all_that_depend_on_it() {
        let (before, after) =
            (assemble(bound(), &sources("a {}")).unwrap(), assemble(bound(), &sources("b {}")).unwrap());
        let moved = |logical| find(&before, logical).path != find(&after, logical).path;
        assert!(moved("app.css") && moved("panel.js"));
        assert!(!moved("app.wasm") && !moved("app.js") && !moved("start.js"));
    }

    #[test]
    fn glue_that_names_no_wasm_is_an_error() {
        assert!(assemble(Bound { glue: "export {}".into(), ..bound() }, &sources("")).is_err());
    }

    #[test]
    fn each_file_has_its_compressed_siblings() {
        let folder = tempfile::tempdir().unwrap();
        for asset in assemble(bound(), &sources("a {}")).unwrap() {
            asset.write(folder.path(), Profile::Dev).unwrap();
            for suffix in ["", ".br", ".gz"] {
                assert!(folder.path().join(format!("{}{suffix}", asset.path)).is_file(), "{}{suffix}", asset.path);
            }
        }
    }
}
