use serde::{Deserialize, Serialize};

use crate::deploy::word_enum;

word_enum! {
    /// What is not as it was written. The names are stable: alerts rely on them.
    FlawKind, "flaw" {
        /// The entry, or its seal, is not what was sealed.
        EntryChanged = "entry_changed",
        /// A sealed entry is gone.
        EntryDeleted = "entry_deleted",
        /// What was sealed stands at another place.
        EntryMoved = "entry_moved",
        /// A seal is gone.
        SealMissing = "seal_missing",
        /// A column that filters use says something else than the entry.
        ColumnDiffers = "column_differs",
        /// An entry that no server sealed in time.
        EntryUnsealed = "entry_unsealed",
        /// The log ends before the checkpoint.
        LogTruncated = "log_truncated",
        /// The log is another one than the checkpoint was made of.
        CheckpointDiffers = "checkpoint_differs",
        /// A checkpoint that was changed, or not made with its key.
        BadSignature = "bad_signature",
        /// A checkpoint made with a key that is not trusted.
        OtherKey = "other_key",
        /// A history whose numbers are not 1, 2, 3 ...
        NumbersHaveGaps = "numbers_have_gaps",
        /// Two deploys of a Deployment that are running, queued or live at once.
        NotAlone = "not_alone",
        /// A deploy without its state or its events, or a state that its events do not tell.
        EventsDiffer = "events_differ",
    }
}

/// Something that is not as it was written, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaw {
    pub kind: FlawKind,
    /// The seal's place in the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The id of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// In words for a person.
    pub message: String,
}

impl Flaw {
    pub fn new(kind: FlawKind, message: impl Into<String>) -> Self {
        Self { kind, seq: None, entry: None, message: message.into() }
    }

    #[must_use]
    pub fn at(mut self, seq: u64) -> Self {
        self.seq = Some(seq);
        self
    }

    #[must_use]
    pub fn of(mut self, entry: u64) -> Self {
        self.entry = Some(entry);
        self
    }
}
