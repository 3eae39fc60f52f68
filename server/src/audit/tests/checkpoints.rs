use backstep_domain::{ChainHash, Millis, SealedUpTo};

use super::super::{BadCheckpoint, Checkpoint, CheckpointKey};

fn key(n: u8) -> CheckpointKey {
    CheckpointKey::from_seed(&[n; 32])
}

fn head(seq: u64) -> SealedUpTo {
    SealedUpTo { seq, hash: ChainHash::seal(&ChainHash::START, seq, seq, "{}"), at: None }
}

#[test]
fn a_checkpoint_says_what_was_signed() {
    let checkpoint = key(1).sign(&head(1000), Millis(1_780_000_000_000));
    assert_eq!(checkpoint.check(), Ok(head(1000).hash));
    assert_eq!(checkpoint.public_key, key(1).public_key());
}

#[test]
fn whatever_is_changed_shows() {
    let good = key(1).sign(&head(1000), Millis(1_780_000_000_000));
    let other = key(2).sign(&head(1000), good.at);
    let changed = [
        (Checkpoint { seq: 999, ..good.clone() }, BadCheckpoint::Signature),
        (Checkpoint { hash: head(1).hash.to_string(), ..good.clone() }, BadCheckpoint::Signature),
        (Checkpoint { at: good.at.plus(1), ..good.clone() }, BadCheckpoint::Signature),
        (Checkpoint { signature: other.signature.clone(), ..good.clone() }, BadCheckpoint::Signature),
        (Checkpoint { public_key: other.public_key.clone(), ..good.clone() }, BadCheckpoint::OtherName),
        (Checkpoint { key: other.key.clone(), ..good.clone() }, BadCheckpoint::OtherName),
        (
            Checkpoint { key: other.key.clone(), public_key: other.public_key.clone(), ..good.clone() },
            BadCheckpoint::Signature,
        ),
        (Checkpoint { signature: "?".to_owned(), ..good.clone() }, BadCheckpoint::Unreadable),
        (Checkpoint { hash: good.hash.to_uppercase(), ..good.clone() }, BadCheckpoint::Unreadable),
        (Checkpoint { public_key: String::new(), ..good.clone() }, BadCheckpoint::OtherName),
    ];
    for (checkpoint, why) in changed {
        assert_eq!(checkpoint.check(), Err(why), "{checkpoint:?}");
    }
}

/// Whoever has the file can check it without Backstep; so its form stays.
#[test]
fn the_file_is_plain_json() {
    let checkpoint = key(1).sign(&head(2), Millis(86_400_000));
    let text = serde_json::to_value(&checkpoint).unwrap();
    let expected = serde_json::json!({
        "seq": 2,
        "hash": head(2).hash.to_string(),
        "at": "1970-01-02T00:00:00.000Z",
        "key": checkpoint.key,
        "publicKey": key(1).public_key(),
        "signature": checkpoint.signature,
    });
    assert_eq!(text, expected);
    assert_eq!(serde_json::from_value::<Checkpoint>(text).unwrap(), checkpoint);
}

#[test]
fn the_key_of_a_data_folder_is_made_once() {
    let data = tempfile::tempdir().unwrap();
    assert_eq!(CheckpointKey::public_key_in(data.path()).unwrap(), None);
    let key = CheckpointKey::of(data.path()).unwrap();
    assert_eq!(CheckpointKey::public_key_in(data.path()).unwrap(), Some(key.public_key()));
    assert_eq!(CheckpointKey::of(data.path()).unwrap().public_key(), key.public_key());
    let seed = std::fs::read_to_string(data.path().join("audit.key")).unwrap();
    assert!(!format!("{key:?}").contains(&seed), "a secret is in no log");
}
