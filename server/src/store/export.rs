//! The export's lease, what becomes of what was sent, and how it stands.

use backstep_domain::{ExportStatus, Millis, RejectedLine};

use super::{
    Store, StoreError,
    pool::{Tx, read, within},
    rows::{unsigned, without_nul},
};

/// Rejected lines that are kept for a look.
const REJECTED_KEPT: i64 = 1000;
/// Those of them that the status names.
const REJECTED_SHOWN: i64 = 20;
/// Longest error that is kept, in characters.
const ERROR_LENGTH: usize = 500;

/// The right to export, while it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportLease {
    owner: String,
    /// Grows with each holder; a write with an older one changes nothing.
    epoch: i64,
}

/// A line that was not accepted, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Its id in the outbox.
    pub id: i64,
    pub error: String,
    /// To be tried again then; `None`: never.
    pub again: Option<Millis>,
    /// Its id in the index.
    pub document: String,
}

/// What came of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Accepted, now or before.
    pub done: Vec<i64>,
    pub troubles: Vec<Trouble>,
}

impl Store {
    /// Turns the outbox on or off, and says where what is in it goes.
    pub async fn set_export(&self, to: Option<(&str, &str)>) -> Result<(), StoreError> {
        const SQL: &str = "update export_settings set enabled = $1, address = $2, index_pattern = $3";
        let (address, index) = to.unwrap_or_default();
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(i64::from(to.is_some())).bind(address).bind(index).execute(c).await.map(|_| ()))?;
        tx.commit().await
    }

    /// Takes the export if nobody has it; `None` if somebody does.
    ///
    /// With SQLite there is no other server, so whoever had it is gone.
    pub async fn claim_export(
        &self,
        owner: &str,
        now: Millis,
        until: Millis,
    ) -> Result<Option<ExportLease>, StoreError> {
        const FREE: &str = "select count(*) from export_state where lease_until <= $1";
        const SQL: &str = "update export_state set owner = $1, lease_until = $2, epoch = epoch + 1 where lease_until <= $3 \
                           returning epoch";
        let now = if self.is_exclusive() { Millis(i64::MAX) } else { now };
        // A look first: whoever waits for it does not write.
        let (free,): (i64,) = read!(self, c => sqlx::query_as(FREE).bind(now.0).fetch_one(c).await)?;
        if free == 0 {
            return Ok(None);
        }
        let mut tx = self.pool.begin().await?;
        let epoch: Option<(i64,)> =
            within!(&mut tx, c => sqlx::query_as(SQL).bind(owner).bind(until.0).bind(now.0).fetch_optional(c).await)?;
        tx.commit().await?;
        Ok(epoch.map(|(epoch,)| ExportLease { owner: owner.to_owned(), epoch }))
    }

    /// Keeps the lease until then; a time that is past gives it up.
    ///
    /// # Errors
    /// `Fenced` if another server has it; the same for everything below that takes a lease.
    pub async fn renew_export(&self, lease: &ExportLease, until: Millis) -> Result<(), StoreError> {
        const SQL: &str = "update export_state set lease_until = $3 where epoch = $1 and owner = $2";
        let mut tx = self.pool.begin().await?;
        let rows = within!(&mut tx, c => sqlx::query(SQL).bind(lease.epoch).bind(&lease.owner).bind(until.0).execute(c).await.map(|r| r.rows_affected()))?;
        if rows == 0 {
            return Err(StoreError::Fenced);
        }
        tx.commit().await
    }

    /// Drops the oldest rows above `most`, and counts them.
    pub async fn trim_outbox(&self, lease: &ExportLease, most: u64, now: Millis) -> Result<u64, StoreError> {
        // Ids have gaps, so there are never more rows than this.
        const AT_MOST: &str = "select coalesce(max(id) - min(id) + 1, 0) from export_outbox";
        const TRIM: &str = "delete from export_outbox where id <= (select id from export_outbox order by id desc limit 1 \
                            offset $1)";
        const COUNT: &str = "update export_state set dropped = dropped + $1, last_error = $2, last_error_at = $3";
        let (at_most,): (i64,) = read!(self, c => sqlx::query_as(AT_MOST).fetch_one(c).await)?;
        if unsigned(at_most)? <= most {
            return Ok(0);
        }
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut tx = self.holding(lease).await?;
        let dropped = within!(&mut tx, c => sqlx::query(TRIM).bind(most).execute(c).await.map(|r| r.rows_affected()))?;
        if dropped > 0 {
            let error = format!("{dropped} lines were dropped: more than {most} waited");
            let count = i64::try_from(dropped).map_err(|e| StoreError::Damaged(e.to_string()))?;
            within!(&mut tx, c => sqlx::query(COUNT).bind(count).bind(error).bind(now.0).execute(c).await.map(|_| ()))?;
        }
        tx.commit().await?;
        Ok(dropped)
    }

    /// Writes down what came of a request: what was accepted leaves the outbox, in one transaction with the counts.
    pub async fn settle_export(&self, lease: &ExportLease, settled: &Settled, now: Millis) -> Result<(), StoreError> {
        const PUT_OFF: &str =
            "update export_outbox set attempts = attempts + 1, not_before = $2 where id = $1 and not_before <= $3";
        const REJECT: &str = "insert into export_rejected (id, document, at, rejected_at, error) select id, $2, at, $3, $4 \
                              from export_outbox where id = $1 on conflict (id) do nothing";
        const FORGET: &str = "delete from export_rejected where id <= (select id from export_rejected order by id desc \
                              limit 1 offset $1)";
        const SENT: &str = "update export_state set sent = sent + $1, last_success_at = $2";
        const WRONG: &str = "update export_state set rejected = rejected + $1, last_error = $2, last_error_at = $3";
        let mut tx = self.holding(lease).await?;
        let sent = remove(&mut tx, &settled.done).await?;
        if sent > 0 {
            within!(&mut tx, c => sqlx::query(SENT).bind(sent).bind(now.0).execute(c).await.map(|_| ()))?;
        }
        let mut never = Vec::new();
        for trouble in &settled.troubles {
            let id = trouble.id;
            if let Some(again) = trouble.again {
                within!(&mut tx, c => sqlx::query(PUT_OFF).bind(id).bind(again.0.max(1)).bind(now.0).execute(c).await.map(|_| ()))?;
                continue;
            }
            let (document, error) = (without_nul(&trouble.document), short(&trouble.error));
            within!(&mut tx, c => sqlx::query(REJECT).bind(id).bind(&*document).bind(now.0).bind(error).execute(c).await.map(|_| ()))?;
            never.push(id);
        }
        let rejected = remove(&mut tx, &never).await?;
        if rejected > 0 {
            within!(&mut tx, c => sqlx::query(FORGET).bind(REJECTED_KEPT).execute(c).await.map(|_| ()))?;
        }
        if let Some(last) = settled.troubles.last() {
            let error = short(&last.error);
            within!(&mut tx, c => sqlx::query(WRONG).bind(rejected).bind(error).bind(now.0).execute(c).await.map(|_| ()))?;
        }
        tx.commit().await
    }

    /// A request that came to nothing as a whole.
    pub async fn export_failed(&self, lease: &ExportLease, error: &str, now: Millis) -> Result<(), StoreError> {
        const SQL: &str = "update export_state set last_error = $1, last_error_at = $2";
        let mut tx = self.holding(lease).await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(short(error)).bind(now.0).execute(c).await.map(|_| ()))?;
        tx.commit().await
    }

    /// How the export stands.
    pub async fn export_status(&self, now: Millis) -> Result<ExportStatus, StoreError> {
        const SETTINGS: &str = "select enabled, address, index_pattern from export_settings";
        const STATE: &str =
            "select sent, dropped, rejected, last_success_at, last_error_at, last_error from export_state";
        const WAITING: &str = "select count(*), (select count(*) from export_outbox where not_before > 0), (select at from \
                               export_outbox order by id limit 1) from export_outbox";
        const REJECTED: &str = "select document, at, rejected_at, error from export_rejected order by id desc limit $1";
        let mut tx = self.pool.snapshot().await?;
        let (enabled, address, index): (i64, String, String) =
            within!(&mut tx, c => sqlx::query_as(SETTINGS).fetch_one(c).await)?;
        let state: (i64, i64, i64, Option<i64>, Option<i64>, Option<String>) =
            within!(&mut tx, c => sqlx::query_as(STATE).fetch_one(c).await)?;
        let (waiting, put_off, oldest): (i64, i64, Option<i64>) =
            within!(&mut tx, c => sqlx::query_as(WAITING).fetch_one(c).await)?;
        let rejected: Vec<(String, i64, i64, String)> =
            within!(&mut tx, c => sqlx::query_as(REJECTED).bind(REJECTED_SHOWN).fetch_all(c).await)?;
        let line = |(document, at, rejected_at, error): (String, i64, i64, String)| RejectedLine {
            document,
            at: Millis(at),
            rejected_at: Millis(rejected_at),
            error,
        };
        Ok(ExportStatus {
            enabled: enabled == 1,
            address,
            index,
            waiting: unsigned(waiting)?,
            put_off: unsigned(put_off)?,
            oldest_at: oldest.map(Millis),
            lag_ms: oldest.map_or(0, |at| now.since(Millis(at))),
            sent: unsigned(state.0)?,
            dropped: unsigned(state.1)?,
            rejected: unsigned(state.2)?,
            last_success_at: state.3.map(Millis),
            last_error_at: state.4.map(Millis),
            last_error: state.5,
            newest_rejected: rejected.into_iter().map(line).collect(),
        })
    }

    /// A transaction that begins by making sure of the lease.
    async fn holding(&self, lease: &ExportLease) -> Result<Tx, StoreError> {
        // An update, not a look: it takes the row's lock, so that nobody claims it meanwhile.
        const SQL: &str = "update export_state set epoch = epoch where epoch = $1 and owner = $2";
        let mut tx = self.pool.begin().await?;
        let rows = within!(&mut tx, c => sqlx::query(SQL).bind(lease.epoch).bind(&lease.owner).execute(c).await.map(|r| r.rows_affected()))?;
        if rows == 1 { Ok(tx) } else { Err(StoreError::Fenced) }
    }
}

/// Takes rows out of the outbox by their ids; answers how many there were.
///
/// Never by a range: a row with an id in between may be committed by another server a moment later.
async fn remove(tx: &mut Tx, ids: &[i64]) -> Result<i64, StoreError> {
    const SQLITE: &str = "delete from export_outbox where id in (select value from json_each($1))";
    const POSTGRES: &str = "delete from export_outbox where id = any($1)";
    if ids.is_empty() {
        return Ok(0);
    }
    let removed = match tx {
        Tx::Sqlite(tx) => {
            let ids = serde_json::to_string(ids).expect("numbers are JSON");
            sqlx::query(SQLITE).bind(ids).execute(&mut **tx).await?.rows_affected()
        }
        Tx::Postgres(tx) => sqlx::query(POSTGRES).bind(ids).execute(&mut **tx).await?.rows_affected(),
    };
    i64::try_from(removed).map_err(|e| StoreError::Damaged(e.to_string()))
}

fn short(error: &str) -> String {
    let mut short: String = error.chars().filter(|c| *c != '\0').take(ERROR_LENGTH).collect();
    if short.len() < error.trim_end_matches('\0').len() {
        short.push('…');
    }
    short
}
