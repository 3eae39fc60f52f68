use std::{sync::Arc, time::Duration};

use backstep_domain::{AuditAction, AuditEntry, Author, HOUR, Millis, Origin};
use tokio_util::sync::CancellationToken;

use super::super::{CheckpointKey, Sealer};
use crate::{clock::FixedClock, store::Store};

const START: Millis = Millis(1_780_000_000_000);

fn entry(detail: &str) -> AuditEntry {
    AuditEntry {
        at: START,
        actor: Author { id: "a".to_owned(), name: "Ada".to_owned() },
        action: AuditAction::SignedIn,
        workspace: None,
        deployment: None,
        deploy: None,
        detail: detail.to_owned(),
        origin: Origin::default(),
    }
}

struct World {
    store: Store,
    clock: Arc<FixedClock>,
    sealer: Sealer,
    _folder: tempfile::TempDir,
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite://{}", folder.path().join("a.db").display())).await.unwrap();
    let clock = Arc::new(FixedClock::at(START));
    let sealer = Sealer::new(store.clone(), CheckpointKey::from_seed(&[1; 32]), clock.clone());
    World { store, clock, sealer, _folder: folder }
}

impl World {
    fn run(&self) -> (CancellationToken, tokio::task::JoinHandle<()>) {
        let (stop, sealer) = (CancellationToken::new(), self.sealer.clone());
        let stopped = stop.clone();
        (stop, tokio::spawn(async move { sealer.run(stopped).await }))
    }

    async fn sealed(&self) -> u64 {
        self.store.sealed_up_to().await.unwrap().map_or(0, |head| head.seq)
    }

    /// Waits until the log is sealed up to there.
    async fn until_sealed(&self, seq: u64) {
        let reached = async {
            while self.sealed().await < seq {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), reached).await.expect("the sealer seals what is written");
    }
}

#[tokio::test]
async fn what_is_written_is_sealed_without_being_asked() {
    let world = world().await;
    let (stop, running) = world.run();
    for seq in 1..=3 {
        world.store.audit(&entry("while it runs")).await.unwrap();
        world.until_sealed(seq).await;
    }
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_stop_seals_the_rest_and_signs_it() {
    let world = world().await;
    for _ in 0..3 {
        world.store.audit(&entry("in the last moment")).await.unwrap();
    }
    let (stop, running) = world.run();
    stop.cancel();
    running.await.unwrap();
    assert_eq!(world.sealed().await, 3);
    let checkpoint = world.store.last_checkpoint().await.unwrap().unwrap();
    assert_eq!((checkpoint.seq, checkpoint.at), (3, START));
    assert!(checkpoint.check().is_ok());
}

#[tokio::test]
async fn an_empty_log_has_no_checkpoint() {
    let world = world().await;
    assert_eq!(world.sealer.checkpoint().await.unwrap(), None);
    let (stop, running) = world.run();
    stop.cancel();
    running.await.unwrap();
    assert_eq!(world.store.last_checkpoint().await.unwrap(), None);
}

#[tokio::test]
async fn what_was_stated_is_not_stated_again() {
    let world = world().await;
    world.store.audit(&entry("one")).await.unwrap();
    let first = world.sealer.checkpoint().await.unwrap().unwrap();
    world.clock.advance(HOUR);
    assert_eq!(world.sealer.checkpoint().await.unwrap().unwrap(), first);
    world.store.audit(&entry("two")).await.unwrap();
    let second = world.sealer.checkpoint().await.unwrap().unwrap();
    assert_eq!((second.seq, second.at), (2, START.plus(HOUR)));
}

/// A row that somebody put into the table is not handed out as the server's word.
#[tokio::test]
async fn a_forged_checkpoint_is_not_handed_out() {
    let world = world().await;
    world.store.audit(&entry("one")).await.unwrap();
    world.store.seal().await.unwrap();
    let head = world.store.sealed_up_to().await.unwrap().unwrap();
    world.store.keep_checkpoint(&CheckpointKey::from_seed(&[2; 32]).sign(&head, START)).await.unwrap();
    let given = world.sealer.checkpoint().await.unwrap().unwrap();
    assert_eq!(given.public_key, CheckpointKey::from_seed(&[1; 32]).public_key());
}

#[tokio::test]
async fn a_checkpoint_is_due_an_hour_after_the_last() {
    let world = world().await;
    let seqs = async |world: &World| world.store.last_checkpoint().await.unwrap().map(|c| c.seq);
    world.store.audit(&entry("one")).await.unwrap();
    world.store.seal().await.unwrap();
    world.sealer.sign_if_due().await.unwrap();
    assert_eq!(seqs(&world).await, Some(1), "the first is due at once");
    world.store.audit(&entry("two")).await.unwrap();
    world.store.seal().await.unwrap();
    world.clock.advance(HOUR - 1);
    world.sealer.sign_if_due().await.unwrap();
    assert_eq!(seqs(&world).await, Some(1));
    world.clock.advance(1);
    world.sealer.sign_if_due().await.unwrap();
    assert_eq!(seqs(&world).await, Some(2));
}
