//! Paths inside a DAG bundle.

use super::{limits::Limits, shown::is_invisible};

/// A relative path with `/`, safe below any folder: no `..`, no control characters, nothing that is another path elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BundlePath(String);

/// Why a path is refused, as the end of a sentence about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    #[error("has an empty name; pack it again with GNU tar, bsdtar or `backstep deploy`")]
    Empty,
    #[error("is an absolute path; pack the folder's contents with relative paths (`tar -C DIR -czf dags.tar.gz .`)")]
    Absolute,
    #[error("contains `..`; pack the folder's contents from inside it (`tar -C DIR -czf dags.tar.gz .`)")]
    Parent,
    #[error("contains `.` or `//` inside the path; pack it again with plain relative paths")]
    NotPlain,
    #[error("contains a backslash; use `/` between folders")]
    Backslash,
    #[error("contains a NUL character; rename the file")]
    Nul,
    #[error("contains a control character; rename the file")]
    Control,
    #[error("contains an invisible or direction-changing character; rename the file")]
    Invisible,
    #[error("is not UTF-8; rename the file")]
    NotUtf8,
    #[error("is a name that Windows reserves, so that a checkout there fails; rename the file")]
    Reserved,
    #[error("ends in a dot or a space, which some systems drop from a name; rename the file")]
    DotOrSpaceAtEnd,
    #[error("has a file's kind and a folder's name (it ends in `/`); pack it again")]
    FileWithSlash,
    #[error("is more than {0} folders deep; move it up")]
    TooDeep(usize),
    #[error("is longer than {0} bytes; shorten the path")]
    TooLong(usize),
    #[error("has a name of more than {0} bytes; shorten the name")]
    NameTooLong(usize),
}

impl PathFault {
    /// Over a limit, rather than wrong in itself.
    pub fn is_limit(self) -> bool {
        matches!(self, Self::TooDeep(_) | Self::TooLong(_) | Self::NameTooLong(_))
    }
}

impl BundlePath {
    /// Reads the path of an archive's entry. `None` is the top folder itself (`.` or `./`).
    pub fn parse(raw: &[u8], folder: bool, limits: &Limits) -> Result<Option<Self>, PathFault> {
        if raw.is_empty() {
            return Err(PathFault::Empty);
        }
        if raw.contains(&0) {
            return Err(PathFault::Nul);
        }
        let text = std::str::from_utf8(raw).map_err(|_| PathFault::NotUtf8)?;
        if text.contains('\\') {
            return Err(PathFault::Backslash);
        }
        let drive = text.as_bytes().get(1) == Some(&b':') && text.as_bytes()[0].is_ascii_alphabetic();
        if text.starts_with('/') || drive {
            return Err(PathFault::Absolute);
        }
        if text.chars().any(char::is_control) {
            return Err(PathFault::Control);
        }
        if text.chars().any(is_invisible) {
            return Err(PathFault::Invisible);
        }
        let text = match text.strip_suffix('/') {
            Some(rest) if folder => rest,
            Some(_) => return Err(PathFault::FileWithSlash),
            None => text,
        };
        let text = text.strip_prefix("./").unwrap_or(text);
        if text == "." || text.is_empty() {
            return if folder { Ok(None) } else { Err(PathFault::Empty) };
        }
        if text.len() > limits.path_bytes {
            return Err(PathFault::TooLong(limits.path_bytes));
        }
        if text.split('/').count() > limits.depth {
            return Err(PathFault::TooDeep(limits.depth));
        }
        text.split('/').try_for_each(|part| check_part(part, limits))?;
        Ok(Some(Self(text.to_owned())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folders above it, outermost first.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at])
    }

    /// Not part of any bundle: version control and compiled Python, which differ between two checkouts of one commit.
    pub fn left_out(&self) -> bool {
        self.0.split('/').any(name_left_out)
    }
}

/// [`BundlePath::left_out`] for one name, of a file or of a folder.
pub(super) fn name_left_out(name: &str) -> bool {
    name == ".git" || name == "__pycache__" || name.ends_with(".pyc")
}

fn check_part(part: &str, limits: &Limits) -> Result<(), PathFault> {
    match part {
        "" | "." => return Err(PathFault::NotPlain),
        ".." => return Err(PathFault::Parent),
        _ => {}
    }
    if part.len() > limits.name_bytes {
        return Err(PathFault::NameTooLong(limits.name_bytes));
    }
    if part.ends_with(['.', ' ']) {
        return Err(PathFault::DotOrSpaceAtEnd);
    }
    let stem = part.split('.').next().unwrap_or(part).trim_end().to_ascii_uppercase();
    let numbered =
        |name: &str| stem.strip_prefix(name).is_some_and(|n| n.len() == 1 && matches!(n.as_bytes()[0], b'1'..=b'9'));
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT") {
        return Err(PathFault::Reserved);
    }
    Ok(())
}
