//! The database ends connections in the middle of whatever they were doing, a commit too.

use std::time::Duration;

use rand::Rng as _;
use sqlx::{Connection as _, PgConnection};

use super::{super::support::Place, DEPLOYMENTS, Load};

const LOST: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_connection_left_open_is_done_once_or_not_at_all() {
    const VICTIMS: &str = "select pid from pg_stat_activity where datname = current_database() and pid <> \
                           pg_backend_pid() and state <> 'idle'";
    let place = Place::of(DEPLOYMENTS).on_postgres().await;
    let mut admin = PgConnection::connect(place.database().unwrap()).await.unwrap();
    let mut load = Load::start(place, 2).await;
    let mut lost = 0;
    while lost < LOST {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let busy: Vec<i32> = sqlx::query_scalar(VICTIMS).fetch_all(&mut admin).await.unwrap();
        if busy.is_empty() {
            continue;
        }
        let victim = busy[rand::rng().random_range(0..busy.len())];
        let ended: bool =
            sqlx::query_scalar("select pg_terminate_backend($1)").bind(victim).fetch_one(&mut admin).await.unwrap();
        lost += usize::from(ended);
        if lost.is_multiple_of(50) {
            load.rest().await;
        }
    }
    load.end().await.report(&format!("{LOST} lost connections"), 50);
}
