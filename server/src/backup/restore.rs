//! Putting a backup back.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use indicatif::ProgressBar;

use super::{
    Copied, DUMP, KEYS, List, OBJECTS, SQLITE, check,
    copy::{copy_file, make_folder, sync, sync_folders},
    parent_of, postgres, sqlite,
};
use crate::store::{self, Found, Snapshot};

/// Puts a backup back where nothing is yet: into an empty data folder, and with PostgreSQL an empty database.
///
/// # Errors
/// If something is there, if a file of the backup is not what its list says, if a newer Backstep made it, or if `pg_restore`
/// fails. What was put down until then is taken away again.
pub async fn restore(from: &Path, data: &Path, database: &str, bar: &ProgressBar) -> Result<List> {
    let list = check(from, bar)?;
    check_place(&list, data, database).await?;
    make_folder(data)?;
    let put = put(from, &list, data, database, bar).await;
    if put.is_err() {
        for name in KEYS.into_iter().chain([OBJECTS, SQLITE]) {
            let path = data.join(name);
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
    put.map(|()| list)
}

/// Nothing is written over.
async fn check_place(list: &List, data: &Path, database: &str) -> Result<()> {
    let of_sqlite = list.files.iter().any(|file| file.path == Path::new(SQLITE));
    let file = sqlite(database);
    ensure!(
        of_sqlite == file.is_some(),
        "the backup is of {}, so it cannot go to {}",
        if of_sqlite { "SQLite" } else { "PostgreSQL" },
        store::masked(database)
    );
    let empty = |folder: &Path| fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    ensure!(empty(data), "{} is not empty; a backup is put where nothing is", data.display());
    if let Some(file) = file {
        ensure!(!file.exists(), "{} is there already; a backup is put where nothing is", file.display());
        return Ok(());
    }
    match store::look(database).await.context("the database")? {
        Found::Nothing => Ok(()),
        Found::Backstep(_) => bail!(
            "there is a Backstep in {} already; a backup is put where nothing is: name an empty database",
            store::masked(database)
        ),
        Found::Other => bail!(
            "there is something in {} already; a backup is put where nothing is: name an empty database",
            store::masked(database)
        ),
    }
}

/// The files first, then the database: without it there is no history that could name what is not there.
async fn put(from: &Path, list: &List, data: &Path, database: &str, bar: &ProgressBar) -> Result<()> {
    bar.set_message("Putting files back");
    bar.set_position(0);
    let (databases, files): (Vec<_>, Vec<_>) =
        list.files.iter().cloned().partition(|file| [SQLITE, DUMP].map(Path::new).contains(&file.path.as_path()));
    for Copied { path, sha256, .. } in &files {
        let copied = copy_file(from, data, path)?;
        ensure!(copied.sha256 == *sha256, "{} changed while it was put back", path.display());
        bar.inc(copied.size);
    }
    sync_folders(data, &files)?;
    bar.set_message("Putting the database back");
    match (sqlite(database), databases.as_slice()) {
        (Some(file), [_]) => put_sqlite(&from.join(SQLITE), file)?,
        (None, [_]) => postgres::restore(database, &from.join(DUMP)).await?,
        _ => bail!("the list of the backup names {} databases", databases.len()),
    }
    sync(data)?;
    let found = Snapshot::open(database).await.context("the database that was put back")?.contents().await?;
    ensure!(
        found.schema == list.schema && (list.audit.is_none() || found.audit == list.audit),
        "the database that was put back does not say what the list of the backup does"
    );
    Ok(())
}

/// Under another name until it is whole.
fn put_sqlite(from: &Path, file: &Path) -> Result<()> {
    let folder = parent_of(file);
    make_folder(folder)?;
    let failed = || format!("{} cannot be written", file.display());
    let partial = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    fs::copy(from, partial.path()).with_context(failed)?;
    sync(partial.path())?;
    partial.persist_noclobber(file).with_context(failed)?;
    sync(folder)
}
