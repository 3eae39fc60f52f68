//! The files of the interface: hashed names, compressed at build time, held in memory.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use axum::{
    body::{Body, Bytes},
    extract::{Path as UrlPath, State},
    response::{IntoResponse, Response},
};
use backstep_app::assets::Assets as Links;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::HttpState;

/// One file, with its forms as they are sent.
#[derive(Clone, Debug)]
pub struct Asset {
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    mime: &'static str,
}

/// Every file of the interface, by path below the site folder.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    files: BTreeMap<String, Asset>,
    /// Logical name to path: `app.css` to `pkg/backstep-0a1b.css`.
    manifest: BTreeMap<String, String>,
}

/// The web part is not there.
#[derive(Debug, thiserror::Error)]
pub enum NoAssets {
    #[error(
        "the web part is not in {0}. `cargo xtask run` builds it; a binary of `cargo xtask build --release` carries it inside"
    )]
    Missing(PathBuf),
    #[error("the web part in {path} cannot be read: {error}")]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error(
        "the web part is incomplete: its manifest.json does not name `{0}`. Build it again with `cargo xtask build`"
    )]
    Incomplete(&'static str),
}

impl Assets {
    /// The files inside the binary where it carries them, else those of a folder.
    pub fn load(folder: Option<&Path>) -> Result<Self, NoAssets> {
        if let Some(folder) = folder {
            return Self::from_folder(folder);
        }
        #[cfg(feature = "embed")]
        {
            Self::from_binary()
        }
        #[cfg(not(feature = "embed"))]
        {
            Self::from_folder(Path::new("target/site"))
        }
    }

    #[cfg(feature = "embed")]
    fn from_binary() -> Result<Self, NoAssets> {
        #[derive(rust_embed::RustEmbed)]
        #[folder = "../target/site"]
        struct Site;
        let bytes = |path: &str| Site::get(path).map(|f| Bytes::from(f.data.into_owned()));
        Self::collect(Site::iter().map(|p| p.to_string()), bytes, Path::new("the binary"))
    }

    fn from_folder(folder: &Path) -> Result<Self, NoAssets> {
        if !folder.join("manifest.json").is_file() {
            return Err(NoAssets::Missing(folder.to_owned()));
        }
        let unreadable = |error| NoAssets::Unreadable { path: folder.to_owned(), error };
        let mut paths = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(&next).map_err(unreadable)? {
                let path = entry.map_err(unreadable)?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Some(below) = path.strip_prefix(folder).ok().and_then(Path::to_str) {
                    paths.push(below.to_owned());
                }
            }
        }
        let bytes = |path: &str| std::fs::read(folder.join(path)).ok().map(Bytes::from);
        Self::collect(paths.into_iter(), bytes, folder)
    }

    fn collect(
        paths: impl Iterator<Item = String>,
        bytes: impl Fn(&str) -> Option<Bytes>,
        from: &Path,
    ) -> Result<Self, NoAssets> {
        let mut assets = Self::default();
        for path in paths.filter(|p| !p.ends_with(".br") && !p.ends_with(".gz")) {
            let Some(plain) = bytes(&path) else { continue };
            if path == "manifest.json" {
                assets.manifest = serde_json::from_slice(&plain)
                    .map_err(|error| NoAssets::Unreadable { path: from.join("manifest.json"), error: error.into() })?;
                continue;
            }
            let asset = Asset {
                plain,
                brotli: bytes(&format!("{path}.br")),
                gzip: bytes(&format!("{path}.gz")),
                mime: mime(&path),
            };
            assets.files.insert(path, asset);
        }
        for needed in ["app.css", "app.js", "app.wasm", "start.js", "document.js", "panel.js"] {
            let there = assets.manifest.get(needed).is_some_and(|path| assets.files.contains_key(path));
            if !there {
                return Err(NoAssets::Incomplete(needed));
            }
        }
        Ok(assets)
    }

    /// What a page links to.
    pub fn links(&self) -> Links {
        Links {
            css: self.path_of("app.css"),
            start: self.path_of("start.js"),
            document: self.path_of("document.js"),
            wasm: self.path_of("app.wasm"),
        }
    }

    /// The URL path of a file by its logical name.
    pub fn path_of(&self, name: &str) -> String {
        format!("/{}", self.manifest.get(name).map_or(name, String::as_str))
    }

    pub fn named(&self, name: &str) -> Option<&Asset> {
        self.files.get(self.manifest.get(name)?)
    }
}

/// `GET /pkg/...`: a file whose name changes with its content, so it is kept for ever.
pub async fn serve(State(state): State<HttpState>, UrlPath(file): UrlPath<String>, headers: HeaderMap) -> Response {
    asset_response(state.assets.files.get(&format!("pkg/{file}")), &headers, "public, max-age=31536000, immutable")
}

/// `GET /favicon.svg`
pub async fn favicon() -> impl IntoResponse {
    const ICON: &str = include_str!("favicon.svg");
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")], ICON)
}

/// The smallest form that the browser takes.
pub fn asset_response(asset: Option<&Asset>, headers: &HeaderMap, cache: &'static str) -> Response {
    let Some(asset) = asset else { return StatusCode::NOT_FOUND.into_response() };
    let takes = |coding: &str| {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|a| a.to_str().ok()).unwrap_or_default();
        accepted.split(',').any(|a| {
            let mut parts = a.split(';');
            parts.next().is_some_and(|name| name.trim() == coding) && !parts.any(|q| q.trim() == "q=0")
        })
    };
    let (bytes, coding) = match (&asset.brotli, &asset.gzip) {
        (Some(brotli), _) if takes("br") => (brotli.clone(), Some("br")),
        (_, Some(gzip)) if takes("gzip") => (gzip.clone(), Some("gzip")),
        _ => (asset.plain.clone(), None),
    };
    let mut response = Response::new(Body::from(bytes));
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.mime));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding, origin"));
    if let Some(coding) = coding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

fn mime(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, e)| e) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
