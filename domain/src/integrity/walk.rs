//! A walk along the chain: seal by seal in their order, remembering what is not right.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{ChainHash, Flaw, FlawKind};

/// An entry of the audit log as it is stored, columns and all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    pub at: i64,
    pub action: String,
    pub actor_id: String,
    pub workspace_id: Option<String>,
    pub deployment_id: Option<String>,
    pub search_text: String,
    pub body: String,
}

/// A seal as it is stored, with the entry that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSeal {
    /// 1, 2, 3 ... without gaps.
    pub seq: u64,
    /// The entry's id.
    pub entry: u64,
    pub hash: String,
    /// `None`: there is no entry with this id.
    pub stored: Option<StoredEntry>,
}

/// More damage than this is not searched for entries that only moved; it is reported all the same.
const SUSPECTS: usize = 300;

/// How many hashes the seal after a flaw may build on.
const CANDIDATES: usize = 6;

/// A seal that does not fit its entry: one that was changed, or one whose entry stands elsewhere now.
#[derive(Clone, Debug)]
struct Suspect {
    before: Vec<ChainHash>,
    seal: StoredSeal,
    body: String,
}

/// The walk. Cheap enough for a log of millions: it keeps no entry but those that are not right.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    at: u64,
    /// What the next seal may build on: what is stored, and after a flaw also what should be. Empty: unknown.
    before: Vec<ChainHash>,
    watched: BTreeSet<u64>,
    seen: BTreeMap<u64, ChainHash>,
    suspects: Vec<Suspect>,
    flaws: Vec<Flaw>,
}

impl Walk {
    /// Remembers the hashes at these places, for checkpoints.
    pub fn watching(watched: BTreeSet<u64>) -> Self {
        Self { before: vec![ChainHash::START], watched, ..Self::default() }
    }

    /// The next seal of the store, in the order of `seq`.
    pub fn step(&mut self, seal: StoredSeal) {
        if seal.seq <= self.at {
            let message = format!("There are two seals {}: one of them was put there.", seal.seq);
            self.flaws.push(Flaw::new(FlawKind::EntryMoved, message).at(seal.seq).of(seal.entry));
            return;
        }
        if seal.seq > self.at + 1 {
            self.seals_missing(self.at + 1, seal.seq);
        }
        self.at = seal.seq;
        let stored = seal.hash.parse::<ChainHash>().ok();
        if let Some(hash) = stored.filter(|_| self.watched.contains(&seal.seq)) {
            self.seen.insert(seal.seq, hash);
        }
        let Some(entry) = &seal.stored else {
            let message =
                format!("Entry {} was deleted: it is sealed at place {}, but not there.", seal.entry, seal.seq);
            self.flaws.push(Flaw::new(FlawKind::EntryDeleted, message).at(seal.seq).of(seal.entry));
            self.before = stored.into_iter().collect();
            return;
        };
        self.flaws.extend(columns(seal.entry, entry).map(|flaw| flaw.at(seal.seq)));
        let due: Vec<_> =
            self.before.iter().map(|before| ChainHash::seal(before, seal.seq, seal.entry, &entry.body)).collect();
        let (fits, nothing_before) = (stored.is_some_and(|hash| due.contains(&hash)), due.is_empty());
        // After a gap there is nothing to check the first seal against; the gap itself is reported.
        if fits || (nothing_before && stored.is_some()) {
            self.before = stored.into_iter().collect();
            return;
        }
        let body = entry.body.clone();
        let before = std::mem::take(&mut self.before);
        // What the next seal builds on: was it the entry, the stored hash; have two seals changed places, the one of the
        // place before; was it the hash, what it should be.
        self.before = stored.into_iter().chain(before.iter().copied()).chain(due).take(CANDIDATES).collect();
        self.suspects.push(Suspect { before, seal, body });
    }

    /// An entry without a seal that is older than a server takes to seal it.
    pub fn unsealed(&mut self, id: u64, entry: &StoredEntry) {
        let message = format!(
            "Entry {id} was never sealed. It was put there beside the server, or the server was killed within the second \
             before it sealed it; a server that starts seals it."
        );
        self.flaws.push(Flaw::new(FlawKind::EntryUnsealed, message).of(id));
        self.flaws.extend(columns(id, entry));
    }

    /// The last place of the chain; 0 while it is empty.
    pub fn last(&self) -> u64 {
        self.at
    }

    /// The stored hash at a place that is watched.
    pub fn hash_at(&self, seq: u64) -> Option<ChainHash> {
        self.seen.get(&seq).copied()
    }

    /// Everything that is not right, in the order of the chain.
    pub fn finish(mut self) -> Vec<Flaw> {
        let suspects = std::mem::take(&mut self.suspects);
        for (index, suspect) in suspects.iter().enumerate() {
            let elsewhere = (suspects.len() <= SUSPECTS).then(|| found_elsewhere(&suspects, index)).flatten();
            self.flaws.push(flaw_of(suspect, elsewhere));
        }
        self.flaws.sort_by_key(|flaw| (flaw.seq.unwrap_or(u64::MAX), flaw.entry));
        self.flaws
    }

    fn seals_missing(&mut self, from: u64, next: u64) {
        let places = match next - from {
            1 => format!("The seal at place {from} was deleted"),
            _ => format!("The seals at places {from} to {} were deleted", next - 1),
        };
        let message = format!("{places}; what the one at place {next} builds on cannot be told without.");
        self.flaws.push(Flaw::new(FlawKind::SealMissing, message).at(from));
        self.before = Vec::new();
    }
}

/// The place where what belongs to a suspect is now: entries, their ids or their seals may have changed places.
fn found_elsewhere(suspects: &[Suspect], index: usize) -> Option<u64> {
    let suspect = &suspects[index];
    let belongs = |other: &&Suspect| {
        let (seal, there) = (&suspect.seal, &other.seal);
        seal.seq != there.seq
            && suspect.before.iter().any(|before| {
                [seal.entry, there.entry].iter().any(|entry| {
                    let hash = ChainHash::seal(before, seal.seq, *entry, &other.body).to_string();
                    hash == seal.hash || hash == there.hash
                })
            })
    };
    suspects.iter().find(belongs).map(|other| other.seal.seq)
}

fn flaw_of(suspect: &Suspect, elsewhere: Option<u64>) -> Flaw {
    let (seq, entry) = (suspect.seal.seq, suspect.seal.entry);
    let flaw = match elsewhere {
        Some(there) => {
            let message =
                format!("Entry {entry} was reordered: what was sealed at place {seq} is now at place {there}.");
            Flaw::new(FlawKind::EntryMoved, message)
        }
        None => {
            let message = format!("Entry {entry}, or its seal at place {seq}, was changed after it was sealed.");
            Flaw::new(FlawKind::EntryChanged, message)
        }
    };
    flaw.at(seq).of(entry)
}

/// What of an entry the columns repeat. Read leniently: a newer version may know more actions and fields.
#[derive(Deserialize)]
struct Repeated {
    at: i64,
    actor: Actor,
    action: String,
    workspace: Option<String>,
    deployment: Option<String>,
    detail: String,
}

#[derive(Deserialize)]
struct Actor {
    id: String,
    name: String,
}

/// The columns that say something else than the entry itself.
fn columns(id: u64, stored: &StoredEntry) -> impl Iterator<Item = Flaw> + use<> {
    let differing = match serde_json::from_str::<Repeated>(&stored.body) {
        Err(_) => vec!["body"],
        Ok(entry) => {
            let search_text = search_text(&entry.actor.name, &entry.detail);
            let columns = [
                ("at", stored.at == entry.at),
                ("action", stored.action == entry.action),
                ("actor_id", stored.actor_id == entry.actor.id),
                ("workspace_id", stored.workspace_id == entry.workspace),
                ("deployment_id", stored.deployment_id == entry.deployment),
                ("search_text", stored.search_text == search_text),
            ];
            columns.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
        }
    };
    differing.into_iter().map(move |column| {
        let message = match column {
            "body" => format!("Entry {id} does not read as an entry."),
            _ => format!("The column {column} of entry {id} was changed: the entry itself says something else."),
        };
        Flaw::new(FlawKind::ColumnDiffers, message).of(id)
    })
}

/// What a search of the audit log looks at. Without the character that PostgreSQL cannot store.
pub fn search_text(actor_name: &str, detail: &str) -> String {
    format!("{actor_name}\n{detail}").to_lowercase().replace('\0', " ")
}
