use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;

/// How the export of log lines stands, over all servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportStatus {
    /// Whether an export is configured.
    pub enabled: bool,
    /// Whether the last that happened is an error.
    pub failing: bool,
    /// Where to, without credentials; the pattern of the index names. Empty if none is configured.
    pub address: String,
    pub index: String,
    /// Lines that are not sent yet.
    pub waiting: u64,
    /// Those of them that were refused for now, and are tried again.
    pub put_off: u64,
    /// When the oldest of them was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_at: Option<Time>,
    /// How long ago that is, in milliseconds.
    pub lag_ms: i64,
    /// Lines that were accepted since the export began.
    pub sent: u64,
    /// Lines that were given up because more waited than is kept.
    pub dropped: u64,
    /// Lines that were refused for good.
    pub set_aside: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success_at: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error_at: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// The newest lines that were refused for good.
    pub newest_set_aside: Vec<SetAsideLine>,
}

/// A line that was refused for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetAsideLine {
    /// Its id in the index, had it got there.
    pub document: String,
    pub at: Time,
    pub refused_at: Time,
    pub error: String,
}

impl From<backstep_domain::ExportStatus> for ExportStatus {
    fn from(status: backstep_domain::ExportStatus) -> Self {
        let line = |line: backstep_domain::RejectedLine| SetAsideLine {
            document: line.document,
            at: line.at.into(),
            refused_at: line.rejected_at.into(),
            error: line.error,
        };
        Self {
            failing: status.in_trouble(),
            enabled: status.enabled,
            address: status.address,
            index: status.index,
            waiting: status.waiting,
            put_off: status.put_off,
            oldest_at: status.oldest_at.map(Time),
            lag_ms: status.lag_ms,
            sent: status.sent,
            dropped: status.dropped,
            set_aside: status.rejected,
            last_success_at: status.last_success_at.map(Time),
            last_error_at: status.last_error_at.map(Time),
            last_error: status.last_error,
            newest_set_aside: status.newest_rejected.into_iter().map(line).collect(),
        }
    }
}
