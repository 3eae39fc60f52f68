//! A tree of DAG files in two versions that differ in ten files.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use backstep::bundles::{Limits, Packed, pack};
use sha2::{Digest, Sha256};

const CHANGED: usize = 10;
const IN_A_FOLDER: usize = 50;
const LINES: usize = 100;

/// Both versions as folders and as archives.
pub struct Tree {
    pub files: usize,
    folders: [PathBuf; 2],
    pub packed: [Packed; 2],
}

impl Tree {
    /// Writes both versions below `folder`.
    pub fn write(folder: &Path, files: usize) -> anyhow::Result<Self> {
        let folders = [folder.join(format!("tree-{files}-a")), folder.join(format!("tree-{files}-b"))];
        for (version, folder) in folders.iter().enumerate() {
            for index in 0..files {
                let path = folder.join(format!("team_{:03}/dag_{index:05}.py", index / IN_A_FOLDER));
                fs::create_dir_all(path.parent().context("a file of the tree is in a folder")?)?;
                let every = files / CHANGED;
                let version = if index % every == every / 2 { version } else { 0 };
                fs::write(path, text(index, version))?;
            }
        }
        let packed = [pack(&folders[0], &Limits::default())?, pack(&folders[1], &Limits::default())?];
        Ok(Self { files, folders, packed })
    }

    pub fn folder(&self, version: usize) -> &Path {
        &self.folders[version]
    }

    /// The files of a version, by path and sha256.
    pub fn contents(&self, version: usize) -> BTreeMap<String, String> {
        let files = &self.packed[version].manifest.files;
        files.iter().map(|file| (file.path.clone(), file.sha256.clone())).collect()
    }
}

/// A DAG file of a hundred lines.
fn text(index: usize, version: usize) -> String {
    (0..LINES).fold(format!("VERSION = {version}\n"), |mut text, line| {
        let number = index * 7919 + line * 104_729;
        writeln!(text, "task_{line} = PythonOperator(task_id=\"load_{number}\", python_callable=load, retries={line})")
            .expect("writing to a String does not fail");
        text
    })
}

/// The files below a folder, by path and sha256; `.git` is not looked into.
pub fn contents_of(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, below)) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            if name == ".git" {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), format!("{name}/")));
            } else {
                files.insert(name, hex::encode(Sha256::digest(fs::read(entry.path())?)));
            }
        }
    }
    Ok(files)
}
