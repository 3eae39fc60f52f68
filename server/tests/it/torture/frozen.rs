//! A server stands still for longer than its leases hold, and then goes on as if nothing had been.

use std::time::Duration;

use rustix::process::Signal;

use super::{super::support::Place, DEPLOYMENTS, Load};

const TIMES: usize = 8;
/// Longer than a lease.
const STILL: Duration = Duration::from_millis(3500);

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stood_still_changes_nothing_that_another_took_over() {
    let mut load = Load::start(Place::of(DEPLOYMENTS).on_postgres().await, 2).await;
    for time in 0..TIMES {
        let pause = {
            use rand::Rng as _;
            Duration::from_millis(rand::rng().random_range(300..700))
        };
        tokio::time::sleep(pause).await;
        load.servers.signal(time % 2, Signal::STOP);
        tokio::time::sleep(STILL).await;
        load.servers.signal(time % 2, Signal::CONT);
        if time % 4 == 3 {
            load.rest().await;
        }
    }
    load.end().await.report(&format!("{TIMES} servers that stood still"), TIMES);
}
