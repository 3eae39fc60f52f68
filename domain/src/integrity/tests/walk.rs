//! Every entry of a log of a thousand, damaged in every way, alone.

use std::collections::BTreeSet;

use crate::*;

const ENTRIES: u64 = 1000;

fn stored(entry: &AuditEntry) -> StoredEntry {
    StoredEntry {
        at: entry.at.0,
        action: entry.action.to_string(),
        actor_id: entry.actor.id.clone(),
        workspace_id: entry.workspace.as_ref().map(ToString::to_string),
        deployment_id: entry.deployment.as_ref().map(ToString::to_string),
        search_text: search_text(&entry.actor.name, &entry.detail),
        body: serde_json::to_string(entry).unwrap(),
    }
}

fn entry(n: u64) -> StoredEntry {
    let number = i64::try_from(n).unwrap();
    stored(&AuditEntry {
        at: Millis(1_700_000_000_000 + number),
        actor: Author { id: format!("account-{}", n % 7), name: "Zoë Çelik".to_owned() },
        action: AuditAction::ALL[usize::try_from(n).unwrap() % AuditAction::ALL.len()],
        workspace: n.is_multiple_of(2).then(|| WorkspaceId::new("w")),
        deployment: n.is_multiple_of(4).then(|| DeploymentId::new("d")),
        deploy: None,
        detail: format!("What happened the {n}th time"),
        origin: Origin { address: "192.0.2.1".to_owned(), request: format!("r-{n}"), token: None },
    })
}

/// Ids are not places: PostgreSQL leaves gaps, and entries of one moment may be sealed in another order.
fn id(seq: u64) -> u64 {
    seq * 3 + 10
}

fn log() -> Vec<StoredSeal> {
    let mut before = ChainHash::START;
    let seal = |seq| {
        let entry = entry(seq);
        before = ChainHash::seal(&before, seq, id(seq), &entry.body);
        StoredSeal { seq, entry: id(seq), hash: before.to_string(), stored: Some(entry) }
    };
    (1..=ENTRIES).map(seal).collect()
}

/// The walk as it is before each place, so that a thousand damages need no thousand walks from the start.
fn walks(log: &[StoredSeal], watched: BTreeSet<u64>) -> Vec<Walk> {
    let mut walk = Walk::watching(watched);
    let before = |seal: &StoredSeal| {
        let before = walk.clone();
        walk.step(seal.clone());
        before
    };
    let mut walks: Vec<_> = log.iter().map(before).collect();
    walks.push(walk);
    walks
}

/// What is found when a stretch of the log, from the index `at`, is replaced.
fn found(walks: &[Walk], log: &[StoredSeal], at: usize, instead: &[StoredSeal], replaced: usize) -> Vec<Flaw> {
    let mut walk = walks[at].clone();
    let rest = log[at + replaced..].iter().take(3);
    instead.iter().chain(rest).for_each(|seal| walk.step(seal.clone()));
    walk.finish()
}

fn kinds(flaws: &[Flaw]) -> Vec<(FlawKind, Option<u64>)> {
    flaws.iter().map(|flaw| (flaw.kind, flaw.seq)).collect()
}

#[test]
fn a_log_that_nobody_touched_has_no_flaw() {
    let walks = walks(&log(), BTreeSet::new());
    let end = walks.last().unwrap().clone();
    assert_eq!((end.last(), end.finish()), (ENTRIES, vec![]));
}

#[test]
fn every_edit_is_found_at_its_place_and_nowhere_else() {
    let log = log();
    let walks = walks(&log, BTreeSet::new());
    for (at, seal) in log.iter().enumerate() {
        let mut edited = seal.clone();
        let entry = edited.stored.as_mut().unwrap();
        // The text is edited with its column, as somebody would who knows what filters look at.
        entry.body = entry.body.replace("happened", "occurred");
        entry.search_text = entry.search_text.replace("happened", "occurred");
        let flaws = found(&walks, &log, at, &[edited], 1);
        assert_eq!(kinds(&flaws), [(FlawKind::EntryChanged, Some(seal.seq))]);

        let mut resealed = seal.clone();
        resealed.hash = ChainHash::seal(&ChainHash::START, seal.seq, seal.entry, "{}").to_string();
        let flaws = found(&walks, &log, at, &[resealed.clone()], 1);
        assert_eq!(kinds(&flaws), [(FlawKind::EntryChanged, Some(seal.seq))]);
        resealed.hash = "no hash".to_owned();
        assert_eq!(kinds(&found(&walks, &log, at, &[resealed], 1)), [(FlawKind::EntryChanged, Some(seal.seq))]);
    }
}

#[test]
fn every_deletion_is_found() {
    let log = log();
    let walks = walks(&log, BTreeSet::new());
    for (at, seal) in log.iter().enumerate() {
        let without_entry = StoredSeal { stored: None, ..seal.clone() };
        let flaws = found(&walks, &log, at, &[without_entry], 1);
        assert_eq!(kinds(&flaws), [(FlawKind::EntryDeleted, Some(seal.seq))]);

        // With its seal: seen where the log goes on. At its very end only a checkpoint tells.
        let flaws = found(&walks, &log, at, &[], 1);
        let expected = if seal.seq == ENTRIES { vec![] } else { vec![(FlawKind::SealMissing, Some(seal.seq))] };
        assert_eq!(kinds(&flaws), expected);
    }
}

#[test]
fn every_deletion_whose_gap_was_closed_is_found() {
    let log = log();
    let walks = walks(&log, BTreeSet::new());
    for at in 0..log.len() - 1 {
        let mut moved_up = log[at + 1].clone();
        moved_up.seq -= 1;
        let flaws = found(&walks, &log, at, &[moved_up], 2);
        assert!(flaws.iter().any(|flaw| flaw.seq == Some(log[at].seq)), "{flaws:?}");
    }
}

#[test]
fn every_exchange_of_two_neighbours_is_found_as_what_it_is() {
    let log = log();
    let walks = walks(&log, BTreeSet::new());
    for at in 0..log.len() - 1 {
        let (first, second) = (&log[at], &log[at + 1]);
        let moved = [(FlawKind::EntryMoved, Some(first.seq)), (FlawKind::EntryMoved, Some(second.seq))];
        // The entries, or their ids.
        let entries = [
            StoredSeal { stored: second.stored.clone(), ..first.clone() },
            StoredSeal { stored: first.stored.clone(), ..second.clone() },
        ];
        assert_eq!(kinds(&found(&walks, &log, at, &entries, 2)), moved);
        // What the seals name.
        let names = [
            StoredSeal { entry: second.entry, stored: second.stored.clone(), ..first.clone() },
            StoredSeal { entry: first.entry, stored: first.stored.clone(), ..second.clone() },
        ];
        assert_eq!(kinds(&found(&walks, &log, at, &names, 2)), moved);
        // The seals with all.
        let seals = [StoredSeal { seq: first.seq, ..second.clone() }, StoredSeal { seq: second.seq, ..first.clone() }];
        let flaws = found(&walks, &log, at, &seals, 2);
        assert!(kinds(&flaws).contains(&moved[0]), "{flaws:?}");
        assert!(flaws.iter().all(|f| (first.seq..=second.seq).contains(&f.seq.unwrap())), "{flaws:?}");
    }
}

#[test]
fn every_column_that_was_changed_is_named() {
    let log = log();
    let walks = walks(&log, BTreeSet::new());
    type Change = fn(&mut StoredEntry);
    let changes: [(&str, Change); 6] = [
        ("at", |e| e.at += 1),
        ("action", |e| e.action.push('x')),
        ("actor_id", |e| e.actor_id.clear()),
        ("workspace_id", |e| e.workspace_id = Some("other".to_owned())),
        ("deployment_id", |e| e.deployment_id = Some("other".to_owned())),
        ("search_text", |e| e.search_text.clear()),
    ];
    for (at, seal) in log.iter().enumerate().step_by(50) {
        for (column, change) in &changes {
            let mut changed = seal.clone();
            change(changed.stored.as_mut().unwrap());
            let flaws = found(&walks, &log, at, &[changed], 1);
            assert_eq!(kinds(&flaws), [(FlawKind::ColumnDiffers, Some(seal.seq))]);
            assert!(flaws[0].message.contains(column), "{}", flaws[0].message);
        }
    }
}

#[test]
fn a_seal_that_stands_there_twice_is_found() {
    let log = log();
    let walks = walks(&log, BTreeSet::new());
    let flaws = found(&walks, &log, 4, &[log[4].clone(), log[4].clone()], 1);
    assert_eq!(kinds(&flaws), [(FlawKind::EntryMoved, Some(5))]);
}

#[test]
fn a_log_cut_anywhere_ends_before_what_was_watched() {
    let log = log();
    let watched = BTreeSet::from([1, ENTRIES]);
    let walks = walks(&log, watched);
    for (length, walk) in walks.iter().enumerate() {
        let length = u64::try_from(length).unwrap();
        assert_eq!((walk.last(), walk.hash_at(ENTRIES).is_some()), (length, length == ENTRIES));
        assert_eq!(walk.clone().finish(), [], "the chain itself does not tell a cut");
    }
    let end = walks.last().unwrap();
    assert_eq!(end.hash_at(ENTRIES).unwrap().to_string(), log.last().unwrap().hash);
    assert_eq!(end.hash_at(2), None);
}

#[test]
fn entries_that_were_never_sealed_are_told() {
    let mut walk = Walk::watching(BTreeSet::new());
    let mut other = entry(2);
    other.action = "session.started".to_owned();
    walk.unsealed(1, &entry(1));
    walk.unsealed(2, &other);
    let flaws = walk.finish();
    let found: Vec<_> = flaws.iter().map(|flaw| (flaw.kind, flaw.entry)).collect();
    let unsealed = FlawKind::EntryUnsealed;
    assert_eq!(found, [(unsealed, Some(1)), (unsealed, Some(2)), (FlawKind::ColumnDiffers, Some(2))]);
}
