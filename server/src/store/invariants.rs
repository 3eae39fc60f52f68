//! What holds of every Deploy History, checked: the schema keeps it, unless somebody went around the schema.

mod schema;
mod statuses;
mod told_elsewhere;

use backstep_domain::{Flaw, FlawKind};

use super::{
    StoreError,
    pool::{Tx, within},
    rows::unsigned,
};

const COUNT: &str = "select count(*) from deploys";
const GAPS: &str = "select d.name, count(*), max(s.number) from deploys s join deployments d on d.id = s.deployment_id \
                    group by d.id, d.name having count(*) <> max(s.number) or min(s.number) <> 1";
const NOT_ALONE: &str = "select d.name, s.status, count(*) from deploy_states s join deployments d on d.id = \
                         s.deployment_id where s.status in ('running', 'queued') group by d.id, d.name, s.status having \
                         count(*) > 1 union all select d.name, 'live', count(*) from deploy_states s join deployments d on \
                         d.id = s.deployment_id where s.live_from is not null and s.live_until is null group by d.id, \
                         d.name having count(*) > 1";
const WITHOUT_STATE: &str = "select d.name, s.number from deploys s join deployments d on d.id = s.deployment_id where not \
                             exists (select 1 from deploy_states t where t.deployment_id = s.deployment_id and t.number = \
                             s.number) order by d.name, s.number";
const WITHOUT_DEPLOY: &str = "select coalesce(d.name, s.deployment_id), s.number from deploy_states s left join deployments \
                              d on d.id = s.deployment_id where not exists (select 1 from deploys t where t.deployment_id \
                              = s.deployment_id and t.number = s.number)";
/// The last status that the events tell is the one that the projection has; a body is JSON of our own making.
const STATUS: &str = "select d.name, p.number, t.status from deploys p join deployments d on d.id = p.deployment_id join \
                      deploy_states t on t.deployment_id = p.deployment_id and t.number = p.number where not exists (select \
                      1 from deploy_events e where e.id = (select max(id) from deploy_events where deploy_id = p.id and kind \
                      = 'status') and e.body like '%\"status\":\"' || t.status || '\"%') order by d.name, p.number";

/// Whether the schema is what the migrations made.
pub(super) async fn schema(tx: &mut Tx) -> Result<Vec<Flaw>, StoreError> {
    schema::check(tx).await
}

/// What holds between statuses, rollouts, rows, audit log, keys and outbox.
pub(super) async fn others(tx: &mut Tx) -> Result<Vec<Flaw>, StoreError> {
    let mut flaws = statuses::check(tx).await?;
    flaws.extend(told_elsewhere::check(tx).await?);
    Ok(flaws)
}

pub(super) async fn histories(tx: &mut Tx) -> Result<(u64, Vec<Flaw>), StoreError> {
    let mut flaws = Vec::new();
    let (deploys,): (i64,) = within!(tx, c => sqlx::query_as(COUNT).fetch_one(c).await)?;
    let gaps: Vec<(String, i64, i64)> = within!(tx, c => sqlx::query_as(GAPS).fetch_all(c).await)?;
    for (name, count, newest) in gaps {
        let message =
            format!("{name} has {count} deploys, but the newest is #{newest}: deploys were removed or put in.");
        flaws.push(Flaw::new(FlawKind::NumbersHaveGaps, message).on(&name, None));
    }
    let not_alone: Vec<(String, String, i64)> = within!(tx, c => sqlx::query_as(NOT_ALONE).fetch_all(c).await)?;
    for (name, status, count) in not_alone {
        let message = format!("{name} has {count} deploys that are {status} at once; there is at most one.");
        flaws.push(Flaw::new(FlawKind::NotAlone, message).on(&name, None));
    }
    let without_state: Vec<(String, i64)> = within!(tx, c => sqlx::query_as(WITHOUT_STATE).fetch_all(c).await)?;
    for (name, number) in without_state {
        let message = format!("#{number} of {name} has no state.");
        flaws.push(Flaw::new(FlawKind::EventsDiffer, message).on(&name, Some(number)));
    }
    let without_deploy: Vec<(String, i64)> = within!(tx, c => sqlx::query_as(WITHOUT_DEPLOY).fetch_all(c).await)?;
    for (name, number) in without_deploy {
        let message = format!("#{number} of {name} has a state, but no deploy.");
        flaws.push(Flaw::new(FlawKind::EventsDiffer, message).on(&name, Some(number)));
    }
    let status: Vec<(String, i64, String)> = within!(tx, c => sqlx::query_as(STATUS).fetch_all(c).await)?;
    for (name, number, status) in status {
        let message = format!("#{number} of {name} is said to be {status}, but its events do not tell that.");
        flaws.push(Flaw::new(FlawKind::EventsDiffer, message).on(&name, Some(number)));
    }
    Ok((unsigned(deploys)?, flaws))
}
