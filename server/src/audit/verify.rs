//! The check of a whole store: the audit log's chain, its checkpoints, the histories.

use std::collections::BTreeSet;

use backstep_domain::{Flaw, FlawKind, Millis, Walk};
use serde::Serialize;

use super::Checkpoint;
use crate::{
    http::api::dto::Time,
    store::{Snapshot, StoreError},
};

/// Rows that are read at once.
const PAGE: u32 = 1000;

/// A running server seals within a second; what is younger than this may just not have its seal yet.
const GRACE_MS: i64 = 10_000;

/// Whose checkpoints count.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    /// Public keys, base64. Empty: each checkpoint's own, which proves less.
    pub keys: Vec<String>,
}

/// What was checked, and what is not right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub ok: bool,
    /// When it was looked.
    pub at: String,
    /// Entries with a seal.
    pub sealed_entries: u64,
    /// Entries of the last seconds, which have no seal yet.
    pub waiting_entries: u64,
    /// Checkpoints of the store, and those that were given.
    pub checkpoints: usize,
    pub deploys: u64,
    /// DAG bundles that are kept.
    pub bundles: usize,
    pub flaws: Vec<Flaw>,
    /// What is odd, and harms nothing.
    pub warnings: Vec<Flaw>,
}

/// Checks everything. `given`: checkpoints that were kept elsewhere; only they tell a log that was cut or written anew.
pub async fn verify(
    snapshot: &mut Snapshot,
    given: &[Checkpoint],
    trusted: &Trusted,
    now: Millis,
) -> Result<Report, StoreError> {
    let kept = snapshot.checkpoints().await?;
    let checkpoints: Vec<_> = kept.iter().map(|c| (c, "kept in the store")).collect();
    let checkpoints: Vec<_> = checkpoints.into_iter().chain(given.iter().map(|c| (c, "given"))).collect();

    let mut walk = Walk::watching(checkpoints.iter().map(|(c, _)| c.seq).collect::<BTreeSet<_>>());
    let (mut sealed_entries, mut above) = (0, 0);
    loop {
        let seals = snapshot.seals(above, PAGE).await?;
        let Some(last) = seals.last() else { break };
        above = last.seq;
        for seal in seals {
            sealed_entries += u64::from(seal.stored.is_some());
            walk.step(seal);
        }
    }
    let waiting_entries = unsealed(snapshot, &mut walk, now).await?;
    let wrong: Vec<_> = checkpoints.iter().filter_map(|(c, from)| check(c, from, &walk, trusted)).collect();
    let mut flaws = walk.finish();
    flaws.extend(wrong);
    let (deploys, wrong) = snapshot.histories().await?;
    flaws.extend(wrong);
    Ok(Report {
        ok: flaws.is_empty(),
        at: Time(now).to_string(),
        sealed_entries,
        waiting_entries,
        checkpoints: checkpoints.len(),
        deploys,
        bundles: 0,
        flaws,
        warnings: Vec::new(),
    })
}

/// Tells the walk of entries without a seal; answers how many are too young to have one.
async fn unsealed(snapshot: &mut Snapshot, walk: &mut Walk, now: Millis) -> Result<u64, StoreError> {
    let (mut waiting, mut above) = (0, 0);
    loop {
        let entries = snapshot.unsealed(above, PAGE).await?;
        let Some((last, _)) = entries.last() else { return Ok(waiting) };
        above = *last;
        for (id, entry) in entries {
            if now.since(Millis(entry.at)) < GRACE_MS {
                waiting += 1;
            } else {
                walk.unsealed(id, &entry);
            }
        }
    }
}

/// What of a checkpoint is not right, itself or against the log.
fn check(checkpoint: &Checkpoint, from: &str, walk: &Walk, trusted: &Trusted) -> Option<Flaw> {
    let seq = checkpoint.seq;
    let name = format!("The checkpoint at place {seq} of {} ({from})", Time(checkpoint.at));
    let flaw = |kind, message: String| Some(Flaw::new(kind, message).at(seq));
    let hash = match checkpoint.check() {
        Ok(hash) => hash,
        Err(why) => return flaw(FlawKind::BadSignature, format!("{name} proves nothing: {why}.")),
    };
    if !trusted.keys.is_empty() && !trusted.keys.contains(&checkpoint.public_key) {
        let message = format!(
            "{name} was signed with the key {}, which is not trusted here. If it was a key of this installation, name it \
             with --public-key.",
            checkpoint.key
        );
        return flaw(FlawKind::OtherKey, message);
    }
    if seq > walk.last() {
        let message = format!(
            "The log was cut: it ends at place {}, but at {} it reached place {seq} ({from}).",
            walk.last(),
            Time(checkpoint.at)
        );
        return flaw(FlawKind::LogTruncated, message);
    }
    if walk.hash_at(seq) != Some(hash) {
        let message = format!("{name} was made of another log: something up to that place was written anew.");
        return flaw(FlawKind::CheckpointDiffers, message);
    }
    None
}
