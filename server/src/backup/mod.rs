//! A backup: a folder with the database of one moment, the DAG bundles that it names and the keys, and a list of all of it.
//!
//! The database is copied first. What it names is then on the disk already, is never changed, and is not removed while the
//! backup holds it: so a backup needs no pause of the server.

mod copy;
mod list;
mod make;
mod postgres;
mod restore;

use std::path::{Path, PathBuf};

pub use self::{
    list::{Copied, List, check},
    make::make,
    restore::restore,
};

const LIST: &str = "backup.json";
/// The database's file in a backup, and in a data folder.
const SQLITE: &str = "backstep.db";
const DUMP: &str = "backstep.dump";
/// DAG files by content.
const OBJECTS: &str = "objects";
/// Of the hashes of kept settings, and of checkpoints of the audit log.
const KEYS: [&str; 2] = ["settings.key", "audit.key"];
const FORMAT: u32 = 1;

fn sqlite(database: &str) -> Option<&Path> {
    database.strip_prefix("sqlite://").map(Path::new)
}

fn name_of(file: &Path) -> PathBuf {
    file.file_name().map(PathBuf::from).unwrap_or_default()
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}
