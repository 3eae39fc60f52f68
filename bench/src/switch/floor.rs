//! The least that a durable switch can be: a link, a rename, a sync of the folder, and one commit of SQLite.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::ensure;
use rusqlite::Connection;

use super::tree::{Tree, contents_of};

pub struct Floor {
    root: PathBuf,
    folders: [PathBuf; 2],
    db: Connection,
}

impl Floor {
    pub fn new(folder: &Path, tree: &Tree) -> anyhow::Result<Self> {
        let root = folder.join("floor");
        fs::create_dir_all(&root)?;
        let db = Connection::open(root.join("floor.db"))?;
        // The settings of the store.
        let journal: String = db.query_row("pragma journal_mode = wal", [], |row| row.get(0))?;
        ensure!(journal == "wal", "SQLite keeps its journal as {journal}");
        db.execute_batch("pragma synchronous = full; create table switches (id integer primary key, version integer)")?;
        let folders = [0, 1].map(|version| tree.folder(version).to_owned());
        Ok(Self { root, folders, db })
    }

    /// Switches; returns when it is durable and recorded.
    pub fn switch(&self, version: usize) -> anyhow::Result<()> {
        let (link, current) = (self.root.join(".link"), self.root.join("current"));
        symlink(&self.folders[version], &link)?;
        fs::rename(&link, &current)?;
        File::open(&self.root)?.sync_all()?;
        self.db.prepare_cached("insert into switches (version) values (?1)")?.execute([u32::from(version == 1)])?;
        Ok(())
    }

    pub fn check(&self, tree: &Tree) -> anyhow::Result<()> {
        for version in [0, 1] {
            self.switch(version)?;
            ensure!(contents_of(&self.root.join("current"))? == tree.contents(version), "the floor has other files");
        }
        Ok(())
    }
}
