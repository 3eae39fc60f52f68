//! kill -9 at random. `cargo xtask test` kills 200 times, `cargo xtask torture` as often as it is told.

use std::time::Duration;

use rand::Rng as _;

use super::{super::support::Place, DEPLOYMENTS, Load, Outcome};

/// The load rests so often, to see how long it takes until nothing is under way any more. More often than a rollout is tried
/// (20 times): on a slow machine every kill may catch the same one, which is then rightly given up.
const REST_EVERY: u32 = 16;

fn kills() -> u32 {
    let said = std::env::var("BACKSTEP_TORTURE_KILLS").ok();
    said.map_or(200, |said| said.parse().expect("BACKSTEP_TORTURE_KILLS is a number"))
}

async fn kill(place: Place, servers: usize, kills: u32) -> Outcome {
    let mut load = Load::start(place, servers).await;
    for kill in 1..=kills {
        let (pause, victim) = {
            let mut random = rand::rng();
            (Duration::from_millis(random.random_range(20..400)), random.random_range(0..servers))
        };
        tokio::time::sleep(pause).await;
        load.servers.kill_and_restart(victim, &[]).await;
        if kill.is_multiple_of(REST_EVERY) {
            load.rest().await;
        }
    }
    load.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_on_sqlite_and_two_on_postgresql_lose_nothing() {
    let half = kills() / 2;
    let sqlite = kill(Place::of(DEPLOYMENTS), 1, half).await;
    sqlite.report(&format!("SQLite, {half} kills"), half as usize / 2);
    let postgres = kill(Place::of(DEPLOYMENTS).on_postgres().await, 2, kills() - half).await;
    postgres.report(&format!("PostgreSQL, {} kills", kills() - half), half as usize / 2);
    println!(
        "torture: {} kills, {} acknowledged writes checked, {} violations",
        kills(),
        sqlite.acknowledged + postgres.acknowledged,
        sqlite.violations.len() + postgres.violations.len()
    );
}
