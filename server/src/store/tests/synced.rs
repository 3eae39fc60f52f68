//! A commit on SQLite is on the disk when it is acknowledged: seen in the system calls of a process that writes, and seen to
//! be missing where SQLite is told to sync less.

use std::{
    env,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use super::{database::Database, given::*};
use crate::store::Store;

on_each_database!(sqlite only: every_commit_is_synced_before_it_is_acknowledged, with_less_than_full_they_are_not);

const FILE: &str = "BACKSTEP_TEST_FILE";
const ACKNOWLEDGED: &str = "BACKSTEP_TEST_ACKNOWLEDGED";
const SYNCHRONOUS: &str = "BACKSTEP_TEST_SYNCHRONOUS";
const COMMITS: usize = 200;

/// Not a test by itself: the process that the tests below look at. It writes a line after each commit.
#[tokio::test]
async fn as_writer() {
    let (Ok(file), Ok(acknowledged)) = (env::var(FILE), env::var(ACKNOWLEDGED)) else { return };
    let store = Store::open(&format!("sqlite://{file}")).await.unwrap();
    let prod = prod(&store).await;
    if let Ok(less) = env::var(SYNCHRONOUS) {
        store.execute(&format!("pragma synchronous = {less}")).await.unwrap();
    }
    let mut acknowledged = std::fs::File::create(acknowledged).unwrap();
    for n in 1..=COMMITS {
        insert(&store, &[superseded(&prod, u32::try_from(n).unwrap())]).await;
        acknowledged.write_all(format!("{n}\n").as_bytes()).unwrap();
    }
}

/// What the process did, in its order.
#[derive(Debug, Default)]
struct Traced {
    syncs: usize,
    acknowledged: usize,
    /// Acknowledged without a sync of the database's log since the one before.
    unsynced: usize,
}

fn trace(file: &Path, synchronous: Option<&str>) -> Traced {
    let (log, acknowledged) = (file.with_extension("strace"), file.with_extension("acknowledged"));
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-qq", "-e", "trace=fsync,fdatasync,write", "-o"]).arg(&log);
    command.arg(env::current_exe().unwrap()).args(["--exact", "store::tests::synced::as_writer"]);
    command.env(FILE, file).env(ACKNOWLEDGED, &acknowledged).stdout(Stdio::null());
    command.envs(synchronous.map(|less| (SYNCHRONOUS, less)));
    let status = command.status().expect("strace is installed; `cargo xtask test store` does that");
    assert!(status.success(), "strace: {status}; it must be allowed to trace what it starts");
    let (mut traced, mut synced) = (Traced::default(), false);
    for line in std::fs::read_to_string(&log).unwrap().lines() {
        if line.contains("sync(") && line.contains("-wal>") {
            traced.syncs += 1;
            synced = true;
        } else if line.contains("write(") && line.contains(".acknowledged>") {
            traced.acknowledged += 1;
            traced.unsynced += usize::from(!synced);
            synced = false;
        }
    }
    assert_eq!(traced.acknowledged, COMMITS);
    traced
}

async fn every_commit_is_synced_before_it_is_acknowledged(db: &Database) {
    let traced = trace(db.file.as_ref().unwrap(), None);
    println!("synced: {COMMITS} commits acknowledged, {} syncs, {} without", traced.syncs, traced.unsynced);
    assert!(traced.syncs >= COMMITS && traced.unsynced == 0, "{traced:?}");
}

/// The test above can fail.
async fn with_less_than_full_they_are_not(db: &Database) {
    let traced = trace(db.file.as_ref().unwrap(), Some("normal"));
    println!("synced: with NORMAL {} syncs, {} commits without", traced.syncs, traced.unsynced);
    assert!(traced.syncs < COMMITS / 2 && traced.unsynced > COMMITS / 2, "{traced:?}");
}
