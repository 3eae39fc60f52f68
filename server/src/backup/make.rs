//! Making a backup.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use backstep_domain::BundleDigest;
use indicatif::ProgressBar;

use super::{
    Copied, DUMP, FORMAT, KEYS, LIST, List, OBJECTS, SQLITE,
    copy::{copy_file, make_folder, sha256_of, sync, sync_folders},
    name_of, parent_of, postgres, sqlite,
};
use crate::{
    bundles::Objects,
    store::{self, Contents, Found, Snapshot},
};

/// Makes a backup in a new folder, also while servers run. It has its name once it is whole and on the disk.
///
/// # Errors
/// If `to` is there already, if something cannot be read or written, or if `pg_dump` fails. Nothing stays behind.
pub async fn make(data: &Path, database: &str, to: &Path, now: String, bar: &ProgressBar) -> Result<List> {
    ensure!(!to.exists(), "{} is there already; name a new folder", to.display());
    match store::look(database).await.context("the database")? {
        Found::Backstep(_) => {}
        Found::Nothing | Found::Other => bail!("there is no Backstep in {}", store::masked(database)),
    }
    let name = to.file_name().with_context(|| format!("{} names no folder", to.display()))?;
    make_folder(parent_of(to))?;
    // Readable by its owner only, like a data folder; gone if it comes to nothing.
    let partial = tempfile::Builder::new()
        .prefix(&format!(".{}-", name.to_string_lossy()))
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(parent_of(to))
        .with_context(|| format!("{} cannot be made", to.display()))?;
    let list = fill(data, database, partial.path(), now, bar).await?;
    let text = serde_json::to_vec_pretty(&list)?;
    fs::write(partial.path().join(LIST), text)?;
    sync(&partial.path().join(LIST))?;
    sync(partial.path())?;
    fs::rename(partial.path(), to).with_context(|| format!("{} cannot get its name", to.display()))?;
    // It is not there any more under the name that would be removed.
    let _ = partial.keep();
    sync(parent_of(to))?;
    Ok(list)
}

async fn fill(data: &Path, database: &str, to: &Path, now: String, bar: &ProgressBar) -> Result<List> {
    let objects = Objects::of(data);
    // From before the database's moment on, so that what it names is there to be copied.
    let _held = match data.is_dir() {
        true => Some(objects.share().with_context(|| format!("{} cannot be locked", data.display()))?),
        false => None,
    };
    bar.set_message("Copying the database");
    let (copy, contents) = copy_database(database, to).await?;
    sync(&copy)?;
    let size = fs::metadata(&copy)?.len();
    let mut files = vec![Copied { path: name_of(&copy), size, sha256: sha256_of(&copy)? }];
    for key in KEYS.iter().filter(|key| data.join(key).exists()) {
        files.push(copy_file(data, to, Path::new(key))?);
    }
    let (wanted, bytes, missing) = files_of(data, &objects, &contents.bundles)?;
    bar.set_message("Copying the DAG bundles");
    bar.set_length(bytes);
    for path in wanted {
        let copied = copy_file(data, to, &path)?;
        bar.inc(copied.size);
        files.push(copied);
    }
    sync_folders(to, &files)?;
    let (backstep, schema) = (env!("CARGO_PKG_VERSION").to_owned(), contents.schema);
    Ok(List { format: FORMAT, backstep, schema, made_at: now, audit: contents.audit, files, missing })
}

/// The copy, and what is in it: both of one moment.
async fn copy_database(database: &str, to: &Path) -> Result<(PathBuf, Contents)> {
    if let Some(file) = sqlite(database) {
        let copy = to.join(SQLITE);
        store::copy_sqlite(file, &copy).await.context("the database cannot be copied")?;
        let mut snapshot = Snapshot::open(&format!("sqlite://{}", copy.display())).await?;
        return Ok((copy, snapshot.contents().await?));
    }
    let copy = to.join(DUMP);
    let mut snapshot = Snapshot::open(database).await.context("the database")?;
    let contents = snapshot.contents().await?;
    let version = snapshot.postgres_version().await?.context("the database is no PostgreSQL")?;
    postgres::check_program("pg_dump", version).await?;
    let moment = snapshot.exported().await.context("the database")?.context("the database is no PostgreSQL")?;
    postgres::dump(database, &moment, &copy).await?;
    Ok((copy, contents))
}

/// The files of the bundles that the history names, relative to the data folder, and their bytes; and which are not whole.
fn files_of(
    data: &Path,
    objects: &Objects,
    bundles: &BTreeSet<BundleDigest>,
) -> Result<(BTreeSet<PathBuf>, u64, Vec<BundleDigest>)> {
    let (mut files, mut bytes, mut missing) = (BTreeSet::new(), 0, Vec::new());
    let relative = |path: PathBuf| path.strip_prefix(data).map(Path::to_owned).unwrap_or(path);
    for digest in bundles {
        let manifest = match objects.manifest(digest) {
            Ok(Some(manifest)) => manifest,
            Ok(None) => {
                missing.push(digest.clone());
                continue;
            }
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                missing.push(digest.clone());
                continue;
            }
            Err(error) => return Err(error).with_context(|| format!("the DAG bundle {} in {OBJECTS}", digest.short())),
        };
        let mut whole = true;
        for file in &manifest.files {
            match objects.size_of(file)? {
                Some(size) if files.insert(relative(objects.blob_at(&file.sha256))) => bytes += size,
                Some(_) => {}
                None => whole = false,
            }
        }
        files.insert(relative(objects.manifest_at(digest)));
        if !whole {
            missing.push(digest.clone());
        }
    }
    Ok((files, bytes, missing))
}
