//! A backup: a folder with the database of one moment, the DAG bundles and the keys, and a list of all of it.
//!
//! The database is copied first. What it names is then on the disk already, and nothing there is ever changed or taken away:
//! files are kept by their content. So a backup needs no pause of the server.

mod copy;
mod postgres;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use self::copy::{copy_file, copy_tree, sha256_of, sync};
use crate::store;

const LIST: &str = "backup.json";
/// The database's file in a backup, and in a data folder.
const SQLITE: &str = "backstep.db";
const DUMP: &str = "backstep.dump";
/// DAG files by content.
const OBJECTS: &str = "objects";
/// Of the hashes of kept settings, and of checkpoints of the audit log.
const KEYS: [&str; 2] = ["settings.key", "audit.key"];
const FORMAT: u32 = 1;

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    pub format: u32,
    /// The version of Backstep that made it.
    pub backstep: String,
    /// The version of the database's schema.
    pub schema: i64,
    /// RFC 3339.
    pub made_at: String,
    pub files: Vec<Copied>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Relative to the backup.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Hexadecimal.
    pub sha256: String,
}

impl List {
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// Makes a backup in a new folder, also while servers run. It has its name once it is whole and on the disk.
///
/// # Errors
/// If `to` is there already, if something cannot be read or written, or if `pg_dump` fails.
pub async fn make(data: &Path, database: &str, to: &Path, now: String) -> Result<List> {
    ensure!(!to.exists(), "{} is there already; name a new folder", to.display());
    let partial = beside(to, "partial")?;
    if partial.exists() {
        fs::remove_dir_all(&partial).with_context(|| format!("an unfinished backup, {}", partial.display()))?;
    }
    fs::create_dir_all(&partial).with_context(|| format!("{} cannot be made", partial.display()))?;
    let schema = store::schema_of(database).await.context("the database")?;
    let Some(schema) = schema else { bail!("there is no Backstep in {}", store::masked(database)) };
    let mut files = Vec::new();
    let copy = match sqlite(database) {
        Some(file) => {
            let copy = partial.join(SQLITE);
            store::copy_sqlite(file, &copy).await.context("the database cannot be copied")?;
            copy
        }
        None => {
            let copy = partial.join(DUMP);
            postgres::dump(database, &copy).await?;
            copy
        }
    };
    sync(&copy)?;
    files.push(Copied { path: name_of(&copy), size: fs::metadata(&copy)?.len(), sha256: sha256_of(&copy)? });
    for key in KEYS.iter().filter(|key| data.join(key).exists()) {
        files.push(copy_file(data, &partial, Path::new(key))?);
    }
    if data.join(OBJECTS).exists() {
        files.extend(copy_tree(data, &partial, Path::new(OBJECTS))?);
    }
    let list = List { format: FORMAT, backstep: env!("CARGO_PKG_VERSION").to_owned(), schema, made_at: now, files };
    let text = serde_json::to_vec_pretty(&list)?;
    fs::write(partial.join(LIST), text)?;
    sync(&partial.join(LIST))?;
    sync(&partial)?;
    fs::rename(&partial, to).with_context(|| format!("{} cannot get its name", to.display()))?;
    sync(parent_of(to))?;
    Ok(list)
}

/// Puts a backup back where nothing is yet: into an empty data folder, and with PostgreSQL an empty database.
///
/// # Errors
/// If something is there, if a file of the backup is not what its list says, if a newer Backstep made it, or if `pg_restore`
/// fails. What was put down until then stays, and a second try refuses it.
pub async fn restore(from: &Path, data: &Path, database: &str) -> Result<List> {
    let list = check(from)?;
    let there = list.files.iter().any(|file| file.path == Path::new(SQLITE));
    let file = sqlite(database);
    ensure!(
        there == file.is_some(),
        "the backup is of {}, so it cannot go to {}",
        if there { "SQLite" } else { "PostgreSQL" },
        store::masked(database)
    );
    let empty = |folder: &Path| fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    ensure!(empty(data), "{} is not empty; a backup is put where nothing is", data.display());
    if let Some(file) = file {
        ensure!(!file.exists(), "{} is there already; a backup is put where nothing is", file.display());
    } else if store::schema_of(database).await.context("the database")?.is_some() {
        bail!("there is a Backstep in {} already; name an empty database", store::masked(database));
    }
    fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))?;
    for Copied { path, .. } in &list.files {
        if path == Path::new(DUMP) {
            postgres::restore(database, &from.join(DUMP)).await?;
        } else if let Some(file) = file.filter(|_| path == Path::new(SQLITE)) {
            fs::create_dir_all(parent_of(file))?;
            fs::copy(from.join(SQLITE), file).with_context(|| format!("{} cannot be written", file.display()))?;
            sync(file)?;
        } else {
            copy_file(from, data, path)?;
        }
    }
    sync(data)?;
    Ok(list)
}

/// The list of a backup, after every file was compared with it.
pub fn check(from: &Path) -> Result<List> {
    let text =
        fs::read(from.join(LIST)).with_context(|| format!("{} is no backup: it has no {LIST}", from.display()))?;
    let list: List = serde_json::from_slice(&text).with_context(|| format!("{LIST} cannot be understood"))?;
    ensure!(list.format == FORMAT, "this backup has the format {}; this Backstep reads {FORMAT}", list.format);
    let known = store::known_schema();
    ensure!(
        list.schema <= known,
        "Backstep {} made this backup, with schema {}; this one knows {known}. Use a newer Backstep",
        list.backstep,
        list.schema
    );
    for Copied { path, size, sha256 } in &list.files {
        let plain = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        ensure!(plain, "{LIST} names {}, which is outside of the backup", path.display());
        let file = from.join(path);
        let found = fs::metadata(&file).with_context(|| format!("{} is missing in the backup", path.display()))?;
        ensure!(
            found.len() == *size && sha256_of(&file)? == *sha256,
            "{} is not what it was when the backup was made",
            path.display()
        );
    }
    Ok(list)
}

fn sqlite(database: &str) -> Option<&Path> {
    database.strip_prefix("sqlite://").map(Path::new)
}

fn name_of(file: &Path) -> PathBuf {
    file.file_name().map(PathBuf::from).unwrap_or_default()
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// `NAME.ending` in the same folder.
fn beside(path: &Path, ending: &str) -> Result<PathBuf> {
    let Some(name) = path.file_name() else { bail!("{} names no folder", path.display()) };
    Ok(parent_of(path).join(format!("{}.{ending}", name.to_string_lossy())))
}
