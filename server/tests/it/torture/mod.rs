//! Servers killed at random while clients deploy and roll back: whatever was acknowledged is there, once, and true.
//!
//! `cargo xtask test` kills 200 times, `cargo xtask torture` a thousand times or as often as it is told.

mod checks;
mod client;
mod servers;

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use rand::Rng as _;

use self::{client::Client, servers::Servers};
use super::support::Place;

const DEPLOYMENTS: usize = 3;
/// Clients that write to one Deployment at once.
const CLIENTS: usize = 2;
/// The load rests so often, to see how long it takes until nothing is under way any more.
const REST_EVERY: u32 = 20;
const FINAL_WITHIN: Duration = Duration::from_secs(5);

fn kills() -> u32 {
    let said = std::env::var("BACKSTEP_TORTURE_KILLS").ok();
    said.map_or(200, |said| said.parse().expect("BACKSTEP_TORTURE_KILLS is a number"))
}

/// What a run came to.
#[derive(Debug, Default)]
struct Outcome {
    kills: u32,
    acknowledged: usize,
    /// From a server's start until no rollout was under way any more; the longest.
    slowest: Duration,
    violations: Vec<String>,
}

async fn run(place: Place, servers: usize, kills: u32) -> Outcome {
    let servers = Arc::new(Servers::start(place, servers));
    let deployments = servers.deployments(DEPLOYMENTS).await;
    let over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..DEPLOYMENTS * CLIENTS)
        .map(|n| {
            let client = Client::new(n, servers.clone(), deployments[n % DEPLOYMENTS].clone(), over.clone());
            tokio::spawn(client.work())
        })
        .collect();
    let mut outcome = Outcome::default();
    while outcome.kills < kills {
        let (pause, victim) = {
            let mut random = rand::rng();
            (Duration::from_millis(random.random_range(20..400)), random.random_range(0..servers.count()))
        };
        tokio::time::sleep(pause).await;
        servers.kill_and_restart(victim).await;
        outcome.kills += 1;
        if outcome.kills.is_multiple_of(REST_EVERY) {
            let rested = servers.rest(&deployments).await;
            outcome.slowest = outcome.slowest.max(rested);
            if rested > FINAL_WITHIN {
                outcome.violations.push(format!("after kill {} it took {rested:?} to a final state", outcome.kills));
            }
        }
    }
    over.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut said = Vec::new();
    for client in clients {
        said.extend(client.await.unwrap());
    }
    servers.rest(&deployments).await;
    outcome.acknowledged = said.iter().filter(|said| said.number.is_some()).count();
    outcome.violations.extend(checks::violations(&servers, &deployments, &said).await);
    outcome
}

fn report(database: &str, outcome: &Outcome) {
    println!(
        "torture ({database}): {} kills, {} acknowledged writes checked, {} violations; final within {} ms of a restart",
        outcome.kills,
        outcome.acknowledged,
        outcome.violations.len(),
        outcome.slowest.as_millis()
    );
    assert!(outcome.violations.is_empty(), "{:#?}", outcome.violations);
    // A run in which nothing got through proves nothing.
    assert!(outcome.acknowledged > outcome.kills as usize / 2, "{} writes", outcome.acknowledged);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_on_sqlite_and_two_on_postgresql_lose_nothing() {
    let half = kills() / 2;
    let sqlite = run(Place::of(DEPLOYMENTS), 1, half).await;
    report("SQLite", &sqlite);
    let postgres = run(Place::of(DEPLOYMENTS).on_postgres().await, 2, kills() - half).await;
    report("PostgreSQL", &postgres);
    println!(
        "torture: {} kills, {} acknowledged writes checked, {} violations",
        sqlite.kills + postgres.kills,
        sqlite.acknowledged + postgres.acknowledged,
        sqlite.violations.len() + postgres.violations.len()
    );
}
