//! What a Deployment is doing now.

use backstep_domain::{Deploy, DeployNumber, DeploymentId, Hold, RejectedPart};

use super::{
    Store, StoreError,
    pool::{Tx, within},
    rows::{DeployRow, deploy_columns, from_json, number},
};

/// What a Deployment is doing now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Present {
    pub live: Option<Deploy>,
    pub running: Option<Deploy>,
    pub queued: Option<Deploy>,
    /// The deploy that was live just before the live one.
    pub before_live: Option<DeployNumber>,
    /// It may have ended: see `Hold::is_on`.
    pub hold: Option<Hold>,
    /// What was rolled back and marked.
    pub rejected: Vec<RejectedPart>,
    /// How many deploys are held.
    pub held: u32,
    /// The newest number; `None` for an empty history.
    pub newest: Option<DeployNumber>,
}

/// Each through the index that lets there be one only, so that a long history costs nothing.
pub(super) const ACTIVE: &str = concat!(
    deploy_columns!(),
    "where s.deployment_id = $1 and s.number in (\
     select number from deploy_states where deployment_id = $1 and status = 'running' union all \
     select number from deploy_states where deployment_id = $1 and status = 'queued' union all \
     select number from deploy_states where deployment_id = $1 and live_from is not null and live_until is null)"
);
pub(super) const NUMBERS: &str = "select (select max(number) from deploys where deployment_id = $1), (select number from \
                       deploy_states where deployment_id = $1 and live_until is not null order by live_until desc, number \
                       desc limit 1), (select count(*) from deploy_states where deployment_id = $1 and status = 'held')";
const HOLD: &str = "select body from holds where deployment_id = $1";
pub(super) const REJECTED: &str = "select body from rejected_parts where deployment_id = $1 order by part, digest";

type Numbers = (Option<i64>, Option<i64>, i64);

impl Store {
    pub async fn present(&self, id: &DeploymentId) -> Result<Present, StoreError> {
        let mut moment = self.pool.snapshot().await?;
        let present = present_within(&mut moment, id).await?;
        moment.commit().await?;
        Ok(present)
    }
}

pub(super) async fn present_within(tx: &mut Tx, id: &DeploymentId) -> Result<Present, StoreError> {
    let rows: Vec<DeployRow> = within!(tx, c => sqlx::query_as(ACTIVE).bind(id.as_str()).fetch_all(c).await)?;
    let numbers: Numbers = within!(tx, c => sqlx::query_as(NUMBERS).bind(id.as_str()).fetch_one(c).await)?;
    let hold: Option<(String,)> = within!(tx, c => sqlx::query_as(HOLD).bind(id.as_str()).fetch_optional(c).await)?;
    let rejected: Vec<(String,)> = within!(tx, c => sqlx::query_as(REJECTED).bind(id.as_str()).fetch_all(c).await)?;
    let rejected = rejected.iter().map(|(body,)| from_json(body)).collect::<Result<_, _>>()?;
    Ok(Present { rejected, ..assemble(rows, numbers, hold)? })
}

fn assemble(rows: Vec<DeployRow>, numbers: Numbers, hold: Option<(String,)>) -> Result<Present, StoreError> {
    use backstep_domain::DeployStatus::{Queued, Running};
    let mut present = Present {
        newest: numbers.0.map(number).transpose()?,
        before_live: numbers.1.map(number).transpose()?,
        held: u32::try_from(numbers.2).unwrap_or(u32::MAX),
        hold: hold.map(|(body,)| from_json(&body)).transpose()?,
        ..Present::default()
    };
    for row in rows {
        let deploy = Deploy::try_from(row)?;
        match deploy.status {
            Running => present.running = Some(deploy),
            Queued => present.queued = Some(deploy),
            _ => present.live = Some(deploy),
        }
    }
    Ok(present)
}
