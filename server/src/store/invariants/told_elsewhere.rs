//! What is told in two places is the same in both: row and state, history and audit log, outbox and what it tells of.

use backstep_domain::{Flaw, FlawKind};

use super::super::{
    StoreError,
    pool::{Tx, within},
};

const ROWS: &str = "select d.name, p.number from deploys p join deployments d on d.id = p.deployment_id join deploy_states s \
                    on s.deployment_id = p.deployment_id and s.number = p.number where s.kind <> p.kind or s.author_id <> \
                    p.author_id or s.created_at <> p.created_at or s.revision <> p.revision and not exists (select 1 from \
                    deploy_events e where e.deploy_id = p.id and e.kind = 'revision') or s.description <> p.description \
                    and not exists (select 1 from deploy_events e where e.deploy_id = p.id and e.kind = 'description') \
                    order by d.name, p.number";

/// The number in the text of an entry, which is JSON of our own making.
macro_rules! recorded {
    ($number:literal) => {
        concat!(
            "select coalesce(d.name, x.deployment_id), cast(x.number as bigint), cast(case when p.number is null then 1 else \
             0 end as bigint) from (select a.deployment_id, a.actor_id, ",
            $number,
            " as number from audit a where a.action in ('deploy.recorded', 'rollback.recorded')) x left join deployments d \
             on d.id = x.deployment_id left join deploys p on p.deployment_id = x.deployment_id and p.number = x.number \
             where x.number is not null and (p.number is null or p.author_id <> x.actor_id) order by 1, 2"
        )
    };
}
const SQLITE: &str = recorded!("case when json_valid(a.body) then a.body ->> 'deploy' end");
const POSTGRES: &str = recorded!("substring(a.body from '\"deploy\":([0-9]+)')::bigint");

const KEYS: &str = "select author, key, count(*) from idempotency group by author, key having count(*) > 1";

const OUTBOX: &str = "select o.kind, o.stream, o.seq, count(*) from export_outbox o where o.kind = 'line' and not exists \
                      (select 1 from step_log l where l.deploy_id = o.stream and l.seq = o.seq) or o.kind = 'status' and \
                      not exists (select 1 from deploy_events e where e.id = o.seq and e.deploy_id = o.stream) or o.kind = \
                      'audit' and not exists (select 1 from audit a where a.id = o.seq) group by o.kind, o.stream, o.seq";
const TWICE: &str =
    "select kind, stream, seq, count(*) from export_outbox group by kind, stream, seq having count(*) > 1";
const ONE_EACH: &str = "select (select count(*) from export_settings), (select count(*) from export_state)";

pub(super) async fn check(tx: &mut Tx) -> Result<Vec<Flaw>, StoreError> {
    let mut flaws = Vec::new();
    let rows: Vec<(String, i64)> = within!(tx, c => sqlx::query_as(ROWS).fetch_all(c).await)?;
    for (name, number) in rows {
        let message = format!("#{number} of {name} and its state do not say the same: one of them was changed.");
        flaws.push(Flaw::new(FlawKind::DeployDiffers, message).on(&name, Some(number)));
    }
    let recorded: Vec<(String, i64, i64)> = match tx {
        Tx::Sqlite(tx) => sqlx::query_as(SQLITE).fetch_all(&mut **tx).await?,
        Tx::Postgres(tx) => sqlx::query_as(POSTGRES).fetch_all(&mut **tx).await?,
    };
    for (name, number, gone) in recorded {
        let (kind, message) = match gone {
            1 => (
                FlawKind::DeployGone,
                format!("#{number} of {name} is recorded in the audit log, but not in the history."),
            ),
            _ => (FlawKind::DeployDiffers, format!("#{number} of {name} is by somebody else than the audit log says.")),
        };
        flaws.push(Flaw::new(kind, message).on(&name, Some(number)));
    }
    let keys: Vec<(String, String, i64)> = within!(tx, c => sqlx::query_as(KEYS).fetch_all(c).await)?;
    for (author, key, count) in keys {
        let message = format!("The idempotency key {key} of {author} stands for {count} things; it is one.");
        flaws.push(Flaw::new(FlawKind::KeyTwice, message));
    }
    flaws.extend(outbox(tx).await?);
    Ok(flaws)
}

async fn outbox(tx: &mut Tx) -> Result<Vec<Flaw>, StoreError> {
    let mut flaws = Vec::new();
    let lines: Vec<(String, String, i64, i64)> = within!(tx, c => sqlx::query_as(OUTBOX).fetch_all(c).await)?;
    for (kind, stream, seq, _) in lines {
        let message = format!("The outbox has {kind} {seq} of {stream}, which is not in the store.");
        flaws.push(Flaw::new(FlawKind::OutboxDiffers, message));
    }
    let twice: Vec<(String, String, i64, i64)> = within!(tx, c => sqlx::query_as(TWICE).fetch_all(c).await)?;
    for (kind, stream, seq, count) in twice {
        let message = format!("The outbox has {kind} {seq} of {stream} {count} times; it waits once.");
        flaws.push(Flaw::new(FlawKind::OutboxDiffers, message));
    }
    let (settings, state): (i64, i64) = within!(tx, c => sqlx::query_as(ONE_EACH).fetch_one(c).await)?;
    if (settings, state) != (1, 1) {
        let message = "The export has no settings or no state of its own, or several.";
        flaws.push(Flaw::new(FlawKind::OutboxDiffers, message));
    }
    Ok(flaws)
}
