//! What differs between two DAG bundles.

use std::{cmp::Ordering, time::Duration};

use backstep_domain::{BundleDigest, BundleFile, DiffLine, DiffTag, FileChange, FileChangeKind, FileDiff, Manifest};
use similar::{ChangeTag, TextDiff};

use super::{Bundles, error::BundleError, shown::Shown, store::find, workers::blocking};

/// Larger files are not compared line by line.
const SHOWN_BYTES: u64 = 1_000_000;
const SHOWN_LINES: usize = 20_000;
const CONTEXT: usize = 3;
/// After this the diff is still right, but no longer the shortest.
const DEADLINE: Duration = Duration::from_millis(500);

/// The files that differ, sorted by path.
pub fn files_between(old: &Manifest, new: &Manifest) -> Vec<FileChange> {
    let change = |kind, old: Option<&BundleFile>, new: Option<&BundleFile>| FileChange {
        path: old.or(new).map(|file| file.path.clone()).unwrap_or_default(),
        kind,
        old_size: old.map(|file| file.size),
        new_size: new.map(|file| file.size),
    };
    let (mut old, mut new) = (old.files.iter().peekable(), new.files.iter().peekable());
    let mut changes = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.path.as_bytes().cmp(b.path.as_bytes()),
        };
        match order {
            Ordering::Less => changes.push(change(FileChangeKind::Removed, old.next(), None)),
            Ordering::Greater => changes.push(change(FileChangeKind::Added, None, new.next())),
            Ordering::Equal => {
                let (a, b) = (old.next(), new.next());
                if a.map(|file| &file.sha256) != b.map(|file| &file.sha256) {
                    changes.push(change(FileChangeKind::Changed, a, b));
                }
            }
        }
    }
}

impl Bundles {
    /// The lines of one file that differ between two bundles; where a bundle is `None`, or has no such file, the file
    /// counts as empty.
    pub async fn file_diff(
        &self,
        old: Option<&BundleDigest>,
        new: Option<&BundleDigest>,
        path: &str,
    ) -> Result<FileDiff, BundleError> {
        let (old, new) = (self.side(old, path).await?, self.side(new, path).await?);
        let sizes = [&old, &new].map(|file| file.as_ref().map_or(0, |file| file.size));
        let unshown =
            |reason: &str| Ok(FileDiff { path: path.to_owned(), hunks: Vec::new(), unshown: Some(reason.to_owned()) });
        if old.is_none() && new.is_none() {
            return Err(BundleError::NoSuchFile { path: Shown::new(path) });
        }
        if sizes.iter().any(|size| *size > SHOWN_BYTES) {
            return unshown("larger than 1 MB");
        }
        let (Some(old), Some(new)) = (self.text(old).await?, self.text(new).await?) else {
            return unshown("not text (binary, or not UTF-8)");
        };
        if [&old, &new].iter().any(|text| text.lines().count() > SHOWN_LINES) {
            return unshown("more than 20,000 lines");
        }
        let hunks = blocking(move || hunks(&old, &new)).await;
        Ok(FileDiff { path: path.to_owned(), hunks, unshown: None })
    }

    async fn side(&self, digest: Option<&BundleDigest>, path: &str) -> Result<Option<BundleFile>, BundleError> {
        let Some(digest) = digest else { return Ok(None) };
        let manifest = self.manifest(digest).await?.ok_or_else(|| BundleError::Missing(digest.clone()))?;
        Ok(find(&manifest, path).cloned())
    }

    /// `None` if it is not text.
    async fn text(&self, file: Option<BundleFile>) -> Result<Option<String>, BundleError> {
        let Some(file) = file else { return Ok(Some(String::new())) };
        let bytes = self.blob(&file).await?;
        let text = std::str::from_utf8(&bytes).ok().filter(|text| !text.contains('\0'));
        Ok(text.map(str::to_owned))
    }
}

fn hunks(old: &str, new: &str) -> Vec<Vec<DiffLine>> {
    let diff = TextDiff::configure().timeout(DEADLINE).diff_lines(old, new);
    let mut unified = diff.unified_diff();
    let hunks = unified.context_radius(CONTEXT).iter_hunks();
    hunks.map(|hunk| hunk.iter_changes().flat_map(|change| lines_of(&change)).collect()).collect()
}

/// A line; and, as `diff` and git show it, a note below one that ends the file without a line break.
fn lines_of(change: &similar::Change<&str>) -> impl Iterator<Item = DiffLine> + use<> {
    let number = |index: Option<usize>| index.and_then(|at| u32::try_from(at + 1).ok());
    let line = change.value();
    let line = DiffLine {
        tag: match change.tag() {
            ChangeTag::Equal => DiffTag::Same,
            ChangeTag::Insert => DiffTag::Added,
            ChangeTag::Delete => DiffTag::Removed,
        },
        old: number(change.old_index()),
        new: number(change.new_index()),
        text: line.strip_suffix('\n').unwrap_or(line).to_owned(),
    };
    let note = change.missing_newline().then(|| DiffLine {
        tag: DiffTag::Same,
        old: None,
        new: None,
        text: "\\ No newline at end of file".to_owned(),
    });
    [Some(line), note].into_iter().flatten()
}
