//! Statuses, as events tell them one after the other, and what follows from them.

use backstep_domain::{Flaw, FlawKind};

use super::super::{
    StoreError,
    pool::{Tx, within},
};

/// The status in the body of an event, which is JSON of our own making; null where it is not.
macro_rules! told {
    (sqlite) => {
        "case when json_valid(e.body) then e.body ->> 'status' end"
    };
    (postgres) => {
        // A quotation mark within a text has a backslash before it, so that this is found as a key only.
        "substring(e.body from '\"status\":\"([a-z]+)\"')"
    };
}

/// Pairs of statuses that follow each other, but for those that may.
macro_rules! out_of_order {
    ($database:ident) => {
        concat!(
            "select d.name, x.number, coalesce(x.before, ''), coalesce(x.status, '') from (select p.deployment_id, \
             p.number, ",
            told!($database),
            " as status, lag(",
            told!($database),
            ") over (partition by e.deploy_id order by e.id) as before, row_number() over (partition by e.deploy_id order \
             by e.id) as place from deploy_events e join deploys p on p.id = e.deploy_id where e.kind = 'status') x join \
             deployments d on d.id = x.deployment_id where x.status is null or x.place > 1 and not coalesce(\
             x.before = 'queued' and x.status in ('held', 'running', 'cancelled') or \
             x.before = 'held' and x.status in ('queued', 'cancelled') or \
             x.before = 'running' and x.status in ('succeeded', 'failed', 'cancelled'), false) order by d.name, x.number"
        )
    };
}

/// The last deploy that succeeded is the one that is live.
macro_rules! live {
    ($database:ident) => {
        concat!(
            "with last as (select p.deployment_id, max(e.id) as id from deploy_events e join deploys p on p.id = \
             e.deploy_id where e.kind = 'status' and ",
            told!($database),
            " = 'succeeded' group by p.deployment_id), live as (select deployment_id, max(number) as number from \
             deploy_states where live_from is not null and live_until is null group by deployment_id) select d.name, \
             cast(coalesce(p.number, 0) as bigint), cast(coalesce(v.number, 0) as bigint) from deployments d left join \
             last on last.deployment_id = d.id left join deploy_events e on e.id = last.id left join deploys p on p.id = \
             e.deploy_id left join live v on v.deployment_id = d.id where coalesce(p.number, 0) <> coalesce(v.number, 0) \
             order by d.name"
        )
    };
}

const NEVER_LIVE: &str = "select d.name, s.number, s.status from deploy_states s join deployments d on d.id = \
                          s.deployment_id where (s.status = 'succeeded') <> (s.live_from is not null) or s.live_until < \
                          s.live_from order by d.name, s.number";
/// A deploy that is running has a rollout that is not at its end, and no other has one.
const ROLLOUTS: &str = "select d.name, s.number, s.status from deploy_states s join deployments d on d.id = s.deployment_id \
                        where (s.status = 'running') <> exists (select 1 from rollouts r where r.deployment_id = \
                        s.deployment_id and r.number = s.number and r.done = 0) order by d.name, s.number";
const STEPS: &str = "select d.name, s.number, t.kind from deploy_states s join deployments d on d.id = s.deployment_id join \
                     rollouts r on r.deployment_id = s.deployment_id and r.number = s.number join steps t on t.deploy_id = \
                     r.deploy_id where s.status = 'succeeded' and t.status <> 'succeeded' order by d.name, s.number";

pub(super) async fn check(tx: &mut Tx) -> Result<Vec<Flaw>, StoreError> {
    let mut flaws = Vec::new();
    let order: Vec<(String, i64, String, String)> = match tx {
        Tx::Sqlite(tx) => sqlx::query_as(out_of_order!(sqlite)).fetch_all(&mut **tx).await?,
        Tx::Postgres(tx) => sqlx::query_as(out_of_order!(postgres)).fetch_all(&mut **tx).await?,
    };
    for (name, number, before, status) in order {
        let message = match status.as_str() {
            "" => format!("#{number} of {name} has an event that says no status."),
            _ => format!("#{number} of {name} went from {before} to {status}; no deploy does."),
        };
        flaws.push(Flaw::new(FlawKind::StatusesOutOfOrder, message).on(&name, Some(number)));
    }
    let live: Vec<(String, i64, i64)> = match tx {
        Tx::Sqlite(tx) => sqlx::query_as(live!(sqlite)).fetch_all(&mut **tx).await?,
        Tx::Postgres(tx) => sqlx::query_as(live!(postgres)).fetch_all(&mut **tx).await?,
    };
    for (name, last, live) in live {
        let in_words = |number: i64| if number == 0 { "none".to_owned() } else { format!("#{number}") };
        let message =
            format!("{} of {name} succeeded last, but {} is said to be live.", in_words(last), in_words(live));
        flaws.push(Flaw::new(FlawKind::LiveDiffers, message).on(&name, Some(last.max(live))));
    }
    let never: Vec<(String, i64, String)> = within!(tx, c => sqlx::query_as(NEVER_LIVE).fetch_all(c).await)?;
    for (name, number, status) in never {
        let message = format!("#{number} of {name} is {status}, which its times of being live do not fit.");
        flaws.push(Flaw::new(FlawKind::LiveDiffers, message).on(&name, Some(number)));
    }
    let rollouts: Vec<(String, i64, String)> = within!(tx, c => sqlx::query_as(ROLLOUTS).fetch_all(c).await)?;
    for (name, number, status) in rollouts {
        let message = match status.as_str() {
            "running" => format!("#{number} of {name} is running, but has no rollout that is under way."),
            _ => format!("#{number} of {name} is {status}, but has a rollout that is not at its end."),
        };
        flaws.push(Flaw::new(FlawKind::RolloutDiffers, message).on(&name, Some(number)));
    }
    let steps: Vec<(String, i64, String)> = within!(tx, c => sqlx::query_as(STEPS).fetch_all(c).await)?;
    for (name, number, step) in steps {
        let message = format!("#{number} of {name} succeeded, but its step {step} did not.");
        flaws.push(Flaw::new(FlawKind::RolloutDiffers, message).on(&name, Some(number)));
    }
    Ok(flaws)
}
