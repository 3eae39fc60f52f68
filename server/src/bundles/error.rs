//! What can go wrong with a DAG bundle, in words for the person who uploaded it.

use std::io;

use backstep_domain::{BundleDigest, Problem, ProblemCode};

use super::{
    limits::{Limits, bytes_in_words},
    paths::PathFault,
    receive::ArchiveDigest,
    shown::Shown,
};

/// A refused archive, or a store that fails. A refusal leaves nothing behind.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("The upload is {found}, not a gzip-compressed tar archive. Send `dags.tar.gz`, made with `tar -czf`.")]
    WrongType { found: &'static str },
    #[error("The upload broke off after {received} bytes. Send it again.")]
    BrokenOff { received: u64 },
    #[error(
        "The archive's digest is {actual}, but {expected} was announced: it was changed or damaged on the way. Send it again."
    )]
    WrongDigest { expected: ArchiveDigest, actual: ArchiveDigest },
    #[error("A digest of an archive is 64 hexadecimal digits, with or without `sha256:` before them.")]
    NoDigest,
    #[error("The archive is larger than {}. Leave out what Airflow does not need to read.", bytes_in_words(*.limit))]
    PackedTooLarge { limit: u64 },
    #[error("The files of the bundle are larger than {} together. Leave out what Airflow does not need to read.",
        bytes_in_words(*.limit))]
    UnpackedTooLarge { limit: u64 },
    #[error(
        "The archive grows more than {limit}-fold by unpacking (and over {floor}), as archives made to fill a disk do. \
         Leave out files of repeated content.",
        floor = bytes_in_words(Limits::RATIO_FLOOR)
    )]
    Ratio { limit: u64 },
    #[error("The bundle has more than {limit} files. Leave out what Airflow does not need to read.")]
    TooManyFiles { limit: usize },
    #[error("The bundle has more than {limit} folders. Leave out what Airflow does not need to read.")]
    TooManyFolders { limit: usize },
    #[error("The archive has more than {limit} entries. Leave out what Airflow does not need to read.")]
    TooManyEntries { limit: usize },
    #[error("{path} is larger than {}. Keep large data outside the DAG bundle.", bytes_in_words(*.limit))]
    FileTooLarge { path: Shown, limit: u64 },
    #[error("{path} {fault}.")]
    Path { path: Shown, fault: PathFault },
    #[error("{path} and {other} are the same name where case or Unicode form does not count. Rename one of them.")]
    Collision { path: Shown, other: Shown },
    #[error("{path} is in the archive twice. Pack it again from one folder.")]
    Duplicate { path: Shown },
    #[error("{path} is a file and a folder at once. Pack it again from one folder.")]
    FileAndFolder { path: Shown },
    #[error("{path} is {kind}; a bundle has only files and folders. {advice}")]
    Kind { path: Shown, kind: &'static str, advice: &'static str },
    #[error(
        "The tar header of {path} {fault}. Pack it again with GNU tar, bsdtar, Python's tarfile or `backstep deploy`."
    )]
    Header { path: Shown, fault: &'static str },
    #[error("The archive is cut off. Send it again, whole.")]
    CutOff,
    #[error("The archive is damaged: {what}. Pack and send it again.")]
    Damaged { what: &'static str },
    #[error("There is more data after the end of the archive: {what}. Pack it again as one archive.")]
    Trailing { what: &'static str },
    #[error(
        "There are no files in it. A bundle without files would make every DAG disappear, so it is refused. Check the folder."
    )]
    Empty,
    #[error("{path} is not in the DAG bundle.")]
    NoSuchFile { path: Shown },
    #[error("{path} cannot be read: {reason}.")]
    Unreadable { path: Shown, reason: String },
    #[error("{path} changed while it was being packed. Pack again when nothing writes to the folder.")]
    Moving { path: Shown },
    #[error("The DAG bundle {} is not in the store.", .0.short())]
    Missing(BundleDigest),
    #[error(
        "The DAG bundle is not intact: {path} is missing or changed in the store. Upload the same files again to mend it."
    )]
    NotIntact { path: Shown },
    #[error("{path} is not an empty folder, so no DAG bundle is written into it.")]
    NotEmpty { path: Shown },
    #[error("could not {doing}")]
    Storage { doing: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
}

impl BundleError {
    pub(super) fn storage(doing: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Storage { doing, source: source.into() }
    }

    /// The error as it crosses a border. What is internal is logged here and not part of it.
    pub fn problem(&self) -> Problem {
        let code = match self {
            Self::PackedTooLarge { .. }
            | Self::UnpackedTooLarge { .. }
            | Self::Ratio { .. }
            | Self::TooManyFiles { .. }
            | Self::TooManyFolders { .. }
            | Self::TooManyEntries { .. }
            | Self::FileTooLarge { .. } => ProblemCode::TooLarge,
            Self::Path { fault, .. } if fault.is_limit() => ProblemCode::TooLarge,
            Self::Missing(_) | Self::NotIntact { .. } => ProblemCode::Unavailable,
            Self::NoSuchFile { .. } => ProblemCode::NotFound,
            Self::NotEmpty { .. } => ProblemCode::Internal,
            Self::Storage { doing, source } => return storage_problem(doing, source.as_ref()),
            _ => ProblemCode::BadBundle,
        };
        Problem::new(code, self.to_string())
    }
}

fn storage_problem(doing: &str, source: &(dyn std::error::Error + Send + Sync + 'static)) -> Problem {
    tracing::error!(doing, error = source as &dyn std::error::Error, "the bundle store failed");
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(source);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(kind, Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)) {
            let text = "The server's disk is full, so the DAG bundle was not stored. Make room there, then try again.";
            return Problem::new(ProblemCode::Unavailable, text);
        }
        cause = error.source();
    }
    let text = "The server's bundle store did not answer as it should. Try again; the details are in the server's log.";
    Problem::new(ProblemCode::Unavailable, text)
}
