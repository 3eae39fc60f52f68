use sha2::{Digest, Sha256};

use crate::*;

#[test]
fn a_hash_is_what_anybody_can_compute() {
    let mut bytes = b"backstep audit seal 1\n".to_vec();
    bytes.extend([0; 32]);
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 1]);
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 7]);
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 2]);
    bytes.extend(b"{}");
    let expected = format!("{:x}", Sha256::digest(&bytes));
    assert_eq!(ChainHash::seal(&ChainHash::START, 1, 7, "{}").to_string(), expected);
}

#[test]
fn every_part_counts() {
    let first = ChainHash::seal(&ChainHash::START, 1, 7, "{}");
    let others = [
        ChainHash::seal(&first, 1, 7, "{}"),
        ChainHash::seal(&ChainHash::START, 2, 7, "{}"),
        ChainHash::seal(&ChainHash::START, 1, 8, "{}"),
        ChainHash::seal(&ChainHash::START, 1, 7, "{ }"),
        ChainHash::seal(&ChainHash::START, 7, 1, "{}"),
    ];
    for (i, other) in others.iter().enumerate() {
        assert_ne!(first, *other, "{i}");
    }
}

#[test]
fn is_read_as_it_was_written_and_in_no_other_way() {
    let hash = ChainHash::seal(&ChainHash::START, 1, 7, "{}");
    let text = hash.to_string();
    assert_eq!(text.parse(), Ok(hash));
    for bad in [&text[1..], &text.to_uppercase(), "", &format!("{text}0"), &text.replacen(|_: char| true, "g", 1)] {
        assert_eq!(bad.parse::<ChainHash>(), Err(BadChainHash), "{bad}");
    }
}
