//! Reading the history: by number downwards, never by offset, and never through all of it.

use std::borrow::Cow;

use backstep_domain::{Deploy, DeployId, DeployNumber, DeploymentId, HistoryFilter, LogLine, Millis};

use super::{
    Store, StoreError,
    deployment_tx::HELD,
    pool::read,
    rows::{DeployRow, deploy_columns, deploys, without_nul},
    search::{like, trigrams},
};

/// The rollback window, as far as the store needs it for "eligible only".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EligibleWhen {
    /// Created, or still live, at or after this.
    pub created_or_live_since: Millis,
    /// Always eligible by age.
    pub before_live: Option<DeployNumber>,
}

/// What else a page is asked for. What is bound to null does not restrict.
macro_rules! restrictions {
    () => {
        "($3 is null or s.kind = $3) and ($4 is null or s.status = $4) and ($5 is null or s.author_id = $5) \
         and ($6 is null or s.search_text like $6 escape '\\') \
         and ($7 is null or s.created_at >= $7) and ($8 is null or s.created_at < $8) \
         and ($9 = 0 or s.rollback = 1) \
         and ($10 = 0 or (s.live_from is not null and s.live_until is not null and s.artifact_missing = 0 \
             and (s.created_at >= $11 or s.live_until >= $11 or s.number = $12))) "
    };
}
/// Every deploy below a number, newest first; the first argument restricts more.
macro_rules! page {
    ($($more:literal)?) => {
        concat!(
            $crate::store::rows::deploy_columns!(),
            "where s.deployment_id = $1 and s.number < $2 and ",
            $($more, " and ",)?
            $crate::store::history::restrictions!(),
            "order by s.number desc limit $13"
        )
    };
}
/// Binds what a page is asked for, in the order of the numbers above.
macro_rules! bound {
    ($sql:expr, $asked:expr) => {
        sqlx::query_as($sql)
            .bind($asked.id)
            .bind($asked.before)
            .bind($asked.filter.kind.map(|k| k.as_str()))
            .bind($asked.filter.status.map(|s| s.as_str()))
            .bind($asked.author.as_deref())
            .bind($asked.like.as_deref())
            .bind($asked.filter.since.map(|t| t.0))
            .bind($asked.filter.until.map(|t| t.0))
            .bind(i64::from($asked.filter.rollbacks_only))
            .bind(i64::from($asked.filter.eligible_only))
            .bind($asked.eligible.created_or_live_since.0)
            .bind($asked.eligible.before_live.map(|n| i64::from(n.get())))
            .bind($asked.limit)
    };
}
pub(super) use {bound, page, restrictions};

/// Down the numbers of one Deployment.
pub(super) const PAGE: &str = page!();
/// Down those of one status: the last of a rare one may be a long way back.
pub(super) const PAGE_OF_STATUS: &str = page!("s.status = $4");
/// Among those of the rollback window, so that nobody looks through all that lies before it.
pub(super) const PAGE_OF_WINDOW: &str = page!(
    "s.number in (select number from deploy_states where deployment_id = $1 and live_until >= $11 union all \
     select number from deploy_states where deployment_id = $1 and live_until is not null and created_at >= $11 \
     union all select cast($12 as bigint))"
);

pub(super) const ONE: &str = concat!(deploy_columns!(), "where d.deployment_id = $1 and d.number = $2");
pub(super) const BY_ID: &str = concat!(deploy_columns!(), "where d.id = $1");
pub(super) const ABOVE: &str =
    concat!(deploy_columns!(), "where s.deployment_id = $1 and s.number > $2 order by s.number");

/// What a page is asked for, as the statements take it.
pub(super) struct Asked<'a> {
    pub id: &'a str,
    pub before: i64,
    pub filter: &'a HistoryFilter,
    pub author: Option<Cow<'a, str>>,
    pub like: Option<String>,
    pub eligible: &'a EligibleWhen,
    pub limit: i64,
}

/// No deploy has a number above this.
const ABOVE_ALL: i64 = i64::MAX;

impl Store {
    /// At most `limit` deploys below `before`, newest first.
    pub async fn history(
        &self,
        id: &DeploymentId,
        filter: &HistoryFilter,
        eligible: &EligibleWhen,
        before: Option<DeployNumber>,
        limit: u32,
    ) -> Result<Vec<Deploy>, StoreError> {
        let text = filter.text.as_deref().map(str::trim).filter(|t| !t.is_empty());
        let asked = Asked {
            id: id.as_str(),
            before: before.map_or(ABOVE_ALL, |n| i64::from(n.get())),
            filter,
            author: filter.author.as_deref().map(without_nul),
            like: text.map(like),
            eligible,
            limit: i64::from(limit),
        };
        let rows = match text.and_then(trigrams) {
            Some(trigrams) => self.searched(&asked, trigrams).await?,
            None => {
                let sql = match filter {
                    HistoryFilter { eligible_only: true, .. } => PAGE_OF_WINDOW,
                    HistoryFilter { status: Some(_), .. } => PAGE_OF_STATUS,
                    _ => PAGE,
                };
                read!(self, c => bound!(sql, asked).fetch_all(c).await)?
            }
        };
        deploys(rows)
    }

    pub async fn deploy(&self, id: &DeploymentId, number: DeployNumber) -> Result<Deploy, StoreError> {
        let number = i64::from(number.get());
        let row: DeployRow = read!(self, c => sqlx::query_as(ONE).bind(id.as_str()).bind(number).fetch_one(c).await)?;
        row.try_into()
    }

    pub async fn deploy_by_id(&self, id: &DeployId) -> Result<Deploy, StoreError> {
        let row: DeployRow = read!(self, c => sqlx::query_as(BY_ID).bind(id.as_str()).fetch_one(c).await)?;
        row.try_into()
    }

    /// Every deploy with a higher number, oldest first.
    pub async fn deploys_above(&self, id: &DeploymentId, number: DeployNumber) -> Result<Vec<Deploy>, StoreError> {
        let number = i64::from(number.get());
        let rows: Vec<DeployRow> =
            read!(self, c => sqlx::query_as(ABOVE).bind(id.as_str()).bind(number).fetch_all(c).await)?;
        deploys(rows)
    }

    /// The deploys that a hold keeps back, oldest first.
    pub async fn held(&self, id: &DeploymentId) -> Result<Vec<Deploy>, StoreError> {
        let rows: Vec<DeployRow> = read!(self, c => sqlx::query_as(HELD).bind(id.as_str()).fetch_all(c).await)?;
        deploys(rows)
    }

    /// At most `limit` log lines after the one with number `after`.
    pub async fn log(&self, deploy: &DeployId, after: u64, limit: u32) -> Result<Vec<LogLine>, StoreError> {
        const SQL: &str =
            "select seq, step, at, line from step_log where deploy_id = $1 and seq > $2 order by seq limit $3";
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let rows: Vec<(i64, i64, i64, String)> = read!(self, c => {
            sqlx::query_as(SQL).bind(deploy.as_str()).bind(after).bind(i64::from(limit)).fetch_all(c).await
        })?;
        let line = |(seq, step, at, text): (i64, i64, i64, String)| {
            let damaged = |_| StoreError::Damaged("a log line's number".to_owned());
            Ok(LogLine {
                seq: u64::try_from(seq).map_err(damaged)?,
                step: u32::try_from(step).map_err(damaged)?,
                at: Millis(at),
                text,
            })
        };
        rows.into_iter().map(line).collect()
    }
}
