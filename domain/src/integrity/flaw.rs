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
        /// A status that no deploy can have after the one before it.
        StatusesOutOfOrder = "statuses_out_of_order",
        /// Another deploy is live than the one that succeeded last.
        LiveDiffers = "live_differs",
        /// A rollout or its steps that do not fit the deploy's status.
        RolloutDiffers = "rollout_differs",
        /// A deploy that is not what its state or the audit log say of it.
        DeployDiffers = "deploy_differs",
        /// A deploy that the audit log tells of, and that is in no history.
        DeployGone = "deploy_gone",
        /// An idempotency key that stands for several things.
        KeyTwice = "key_twice",
        /// A line that waits to be exported twice, or that tells of nothing.
        OutboxDiffers = "outbox_differs",
        /// A table, index, trigger or function that is not as the migrations made it.
        SchemaDiffers = "schema_differs",
        /// What the database itself says of its file.
        DatabaseDamaged = "database_damaged",
        /// The DAG bundle of a deploy that is kept is not there.
        BundleMissing = "bundle_missing",
        /// It is there, but not with the files that its name stands for.
        BundleDamaged = "bundle_damaged",
        /// A DAG bundle or a file that nothing names: a warning.
        BundleOrphaned = "bundle_orphaned",
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
    /// The Deployment's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// The deploy's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy: Option<i64>,
    /// In words for a person.
    pub message: String,
}

impl Flaw {
    pub fn new(kind: FlawKind, message: impl Into<String>) -> Self {
        Self { kind, seq: None, entry: None, deployment: None, deploy: None, message: message.into() }
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

    #[must_use]
    pub fn on(mut self, deployment: &str, deploy: Option<i64>) -> Self {
        self.deployment = Some(deployment.to_owned());
        self.deploy = deploy;
        self
    }
}
