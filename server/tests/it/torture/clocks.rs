//! Servers whose clocks are up to a day apart.

use std::{path::Path, time::Duration};

use rand::Rng as _;

use super::{super::support::Place, DEPLOYMENTS, Load};

const RESTARTS: usize = 20;

/// Debian's and most others' place of the library behind `faketime`.
fn faketime() -> String {
    let arch = std::env::consts::ARCH;
    let places = [
        format!("/usr/lib/{arch}-linux-gnu/faketime/libfaketime.so.1"),
        "/usr/lib64/faketime/libfaketime.so.1".to_owned(),
        "/usr/lib/faketime/libfaketime.so.1".to_owned(),
    ];
    let found = places.into_iter().find(|place| Path::new(place).exists());
    found.expect("libfaketime is installed; `cargo xtask test integration` does that")
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_a_day_apart_take_nothing_from_each_other() {
    let library = faketime();
    let mut load = Load::start(Place::of(DEPLOYMENTS).on_postgres().await, 2).await;
    for restart in 0..RESTARTS {
        let seconds = match restart {
            0 => -86_400,
            1 => 86_400,
            _ => rand::rng().random_range(-86_400..=86_400),
        };
        let env = [("LD_PRELOAD", library.as_str()), ("FAKETIME", &format!("{seconds:+}"))];
        load.servers.kill_and_restart(restart % 2, &env).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        if restart % 5 == 4 {
            load.rest().await;
        }
    }
    load.end().await.report(&format!("{RESTARTS} clocks up to a day off"), RESTARTS);
}
