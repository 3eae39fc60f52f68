//! How the export of log lines stands.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// How the export of log lines stands, over all servers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportStatus {
    /// Whether an export is configured. If not, nothing is kept for it.
    pub enabled: bool,
    /// Where to, without credentials.
    pub address: String,
    /// The pattern of the index names.
    pub index: String,
    /// Lines that are not sent yet.
    pub waiting: u64,
    /// Those of them that were put off by themselves, and are tried again.
    pub put_off: u64,
    /// When the oldest of them was written.
    pub oldest_at: Option<Millis>,
    /// How long ago that is, in milliseconds; 0 while nothing waits.
    pub lag_ms: i64,
    /// Lines that were accepted since the export began.
    pub sent: u64,
    /// Lines that were given up because more waited than is kept.
    pub dropped: u64,
    /// Lines that will never be accepted as they are.
    pub rejected: u64,
    pub last_success_at: Option<Millis>,
    pub last_error_at: Option<Millis>,
    /// What went wrong last; it may be over since.
    pub last_error: Option<String>,
    /// The newest rejected lines.
    pub newest_rejected: Vec<RejectedLine>,
}

impl ExportStatus {
    /// Whether the last that happened is an error.
    pub fn in_trouble(&self) -> bool {
        self.last_error_at.is_some() && self.last_error_at > self.last_success_at
    }
}

/// A line that will never be accepted as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedLine {
    /// Its id in the index, had it got there.
    pub document: String,
    pub at: Millis,
    pub rejected_at: Millis,
    pub error: String,
}
