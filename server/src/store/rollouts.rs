//! Rollouts: claimed under a lease, with an epoch that fences off whoever lost it.

use backstep_domain::{
    AuditAction, AuditEntry, Deploy, DeployId, DeployStatus, KeptSetting, Millis, Revision, Step, StepKind, StepStatus,
    WorkspaceId, past_return,
};
use serde_json::json;

use super::{
    Store, StoreError, audit,
    deployment_tx::{event, lock_within, search_text},
    pool::{Tx, read, within},
    rows::{DeployRow, StepRow, deploy_columns, to_json, without_nul, word},
};

/// A rollout that this worker carries out, while its lease lasts.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    pub deploy: Deploy,
    /// Where its Deployment is.
    pub workspace: WorkspaceId,
    pub owner: String,
    /// Grows with each worker; a write with an older one changes nothing.
    pub epoch: i64,
    /// Another worker began it.
    pub resumed: bool,
}

/// How a rollout ended.
#[derive(Clone, Debug, PartialEq)]
pub enum RolloutEnd {
    /// The deploy is live now; the settings that the image target keeps, for later plans.
    Succeeded {
        kept: Vec<KeptSetting>,
    },
    Failed {
        reason: String,
    },
    Cancelled {
        reason: String,
    },
}

impl RolloutEnd {
    /// The status that the deploy ends with.
    pub fn status(&self) -> DeployStatus {
        match self {
            Self::Succeeded { .. } => DeployStatus::Succeeded,
            Self::Failed { .. } => DeployStatus::Failed,
            Self::Cancelled { .. } => DeployStatus::Cancelled,
        }
    }
}

impl Claim {
    /// For the audit log: what the server does is in the name of whoever asked for the deploy.
    fn entry(&self, at: Millis, action: AuditAction, detail: String) -> AuditEntry {
        AuditEntry::of_rollout(&self.deploy, &self.workspace, at, action, detail)
    }
}

const CANCEL: &str = "select cancel_reason from rollouts where deploy_id = $1";
const STEPS: &str =
    "select position, kind, status, started_at, ended_at, error from steps where deploy_id = $1 order by position";
const BY_NUMBER: &str = concat!(deploy_columns!(), "where d.deployment_id = $1 and d.number = $2");

impl Store {
    /// Takes a rollout whose lease ended, else a queued deploy whose Deployment runs nothing.
    pub async fn claim_rollout(&self, owner: &str, now: Millis, lease_ms: i64) -> Result<Option<Claim>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let until = now.plus(lease_ms);
        let claim = match take_over(&mut tx, owner, now, until).await? {
            Some(claim) => Some(claim),
            None => start(&mut tx, owner, now, until).await?,
        };
        tx.commit().await?;
        Ok(claim)
    }

    /// Ends the leases of every other owner at once: for a start on SQLite, where no other server can be alive.
    pub async fn expire_leases_of_others(&self, owner: &str) -> Result<(), StoreError> {
        const SQL: &str = "update rollouts set lease_until = 0 where done = 0 and owner <> $1";
        let mut tx = self.pool.begin().await?;
        within!(&mut tx, c => sqlx::query(SQL).bind(owner).execute(c).await.map(|_| ()))?;
        tx.commit().await
    }

    /// Whether this process alone can use the database.
    pub fn is_exclusive(&self) -> bool {
        matches!(self.pool, super::pool::Pool::Sqlite { .. })
    }

    /// # Errors
    /// `Fenced` if the lease was lost; the same for everything below.
    pub async fn renew(&self, claim: &Claim, until: Millis) -> Result<(), StoreError> {
        const SQL: &str = "update rollouts set lease_until = $3 where deploy_id = $1 and epoch = $2 and done = 0";
        let mut tx = self.pool.begin().await?;
        let rows = within!(&mut tx, c => sqlx::query(SQL).bind(claim.deploy.id.as_str()).bind(claim.epoch).bind(until.0).execute(c).await.map(|r| r.rows_affected()))?;
        fenced(rows)?;
        tx.commit().await
    }

    /// The steps of a deploy's rollout, in order; none before it started.
    pub async fn steps(&self, id: &DeployId) -> Result<Vec<Step>, StoreError> {
        let rows: Vec<StepRow> = read!(self, c => sqlx::query_as(STEPS).bind(id.as_str()).fetch_all(c).await)?;
        rows.into_iter().map(Step::try_from).collect()
    }

    /// Why the rollout of a deploy shall stop, if it was asked to.
    pub async fn cancel_requested(&self, id: &DeployId) -> Result<Option<String>, StoreError> {
        let row: Option<(Option<String>,)> =
            read!(self, c => sqlx::query_as(CANCEL).bind(id.as_str()).fetch_optional(c).await)?;
        Ok(row.and_then(|(reason,)| reason))
    }

    /// The revision as it is rolled out: on top of what runs by now. Appended, like everything that happens to a deploy.
    pub async fn rebase(&self, claim: &Claim, revision: &Revision, at: Millis) -> Result<(), StoreError> {
        const SQL: &str =
            "update deploy_states set revision = $3, search_text = $4 where deployment_id = $1 and number = $2";
        let mut tx = self.guarded_under_lock(claim).await?;
        let (id, number) = (claim.deploy.deployment.as_str(), i64::from(claim.deploy.number.get()));
        // Its description may have been edited since it was claimed.
        let deploy = Deploy { revision: revision.clone(), ..deploy_within(&mut tx, id, number).await?.0 };
        let search = search_text(&deploy, &deploy.description);
        within!(&mut tx, c => sqlx::query(SQL).bind(id).bind(number).bind(to_json(revision)).bind(search).execute(c).await.map(|_| ()))?;
        event(&mut tx, &claim.deploy.id, at, "revision", &json!({ "revision": revision })).await?;
        tx.commit().await
    }

    /// Writes down the steps, all pending; does nothing if they are there already.
    pub async fn plan_steps(&self, claim: &Claim, kinds: &[StepKind]) -> Result<(), StoreError> {
        const SQL: &str = "insert into steps (deploy_id, position, kind, status) values ($1, $2, $3, 'pending') on conflict \
                           (deploy_id, position) do nothing";
        let mut tx = self.guarded(claim).await?;
        for (position, kind) in (0i64..).zip(kinds) {
            within!(&mut tx, c => sqlx::query(SQL).bind(claim.deploy.id.as_str()).bind(position).bind(kind.as_str()).execute(c).await.map(|_| ()))?;
        }
        tx.commit().await
    }

    /// Begins a step; or not, if the rollout was asked to stop and still can: then the answer is why it shall.
    pub async fn start_step(&self, claim: &Claim, index: u32, at: Millis) -> Result<Option<String>, StoreError> {
        const SQL: &str = "update steps set status = 'running', started_at = coalesce(started_at, $3) where deploy_id = $1 \
                           and position = $2 returning kind";
        let id = &claim.deploy.id;
        let mut tx = self.guarded(claim).await?;
        let (stop,): (Option<String>,) =
            within!(&mut tx, c => sqlx::query_as(CANCEL).bind(id.as_str()).fetch_one(c).await)?;
        if stop.is_some() && !past_return(&steps_within(&mut tx, id).await?) {
            return Ok(stop);
        }
        let (kind,): (String,) = within!(&mut tx, c => sqlx::query_as(SQL).bind(id.as_str()).bind(i64::from(index)).bind(at.0).fetch_one(c).await)?;
        let detail = word::<StepKind>(&kind)?.label().to_owned();
        audit::append(&mut tx, &claim.entry(at, AuditAction::StepStarted, detail)).await?;
        tx.commit().await?;
        Ok(None)
    }

    pub async fn end_step(
        &self,
        claim: &Claim,
        index: u32,
        status: StepStatus,
        error: Option<&str>,
        at: Millis,
    ) -> Result<(), StoreError> {
        const SQL: &str = "update steps set status = $3, error = $4, ended_at = $5 where deploy_id = $1 and position = $2 \
                           returning kind";
        let error = error.map(without_nul);
        let mut tx = self.guarded(claim).await?;
        let (kind,): (String,) = within!(&mut tx, c => sqlx::query_as(SQL).bind(claim.deploy.id.as_str()).bind(i64::from(index)).bind(status.as_str()).bind(error.as_deref()).bind(at.0).fetch_one(c).await)?;
        let detail = with_why(&format!("{}: {status}", word::<StepKind>(&kind)?.label()), error.as_deref());
        audit::append(&mut tx, &claim.entry(at, AuditAction::StepEnded, detail)).await?;
        tx.commit().await
    }

    /// Appends log lines; their numbers have no gaps within a rollout.
    pub async fn log_lines(&self, claim: &Claim, step: u32, lines: &[(Millis, String)]) -> Result<(), StoreError> {
        const SQL: &str = "insert into step_log (deploy_id, seq, step, at, line) values ($1, (select coalesce(max(seq), 0) + \
                           1 from step_log where deploy_id = $1), $2, $3, $4)";
        let mut tx = self.guarded(claim).await?;
        for (at, line) in lines {
            let line = without_nul(line);
            within!(&mut tx, c => sqlx::query(SQL).bind(claim.deploy.id.as_str()).bind(i64::from(step)).bind(at.0).bind(&*line).execute(c).await.map(|_| ()))?;
        }
        tx.commit().await
    }

    /// Ends the rollout. On success the deploy is live, and the one before it is not any more, in one transaction.
    pub async fn finish_rollout(&self, claim: &Claim, end: RolloutEnd, at: Millis) -> Result<(), StoreError> {
        const DONE: &str = "update rollouts set done = 1 where deploy_id = $1";
        const END_LIVE: &str = "update deploy_states set live_until = $2 where deployment_id = $1 and live_from is not null \
                                and live_until is null";
        const STATE: &str = "update deploy_states set status = $3, reason = $4, ended_at = $5, live_from = $6, kept = $7 \
                             where deployment_id = $1 and number = $2";
        let status = end.status();
        let (reason, kept) = match &end {
            RolloutEnd::Succeeded { kept } => (None, to_json(kept)),
            RolloutEnd::Failed { reason } | RolloutEnd::Cancelled { reason } => {
                (Some(without_nul(reason)), "[]".to_owned())
            }
        };
        let reason = reason.as_deref();
        let live_from = (status == DeployStatus::Succeeded).then_some(at.0);
        let mut tx = self.guarded_under_lock(claim).await?;
        let (id, number) = (claim.deploy.deployment.as_str(), i64::from(claim.deploy.number.get()));
        within!(&mut tx, c => sqlx::query(DONE).bind(claim.deploy.id.as_str()).execute(c).await.map(|_| ()))?;
        if live_from.is_some() {
            within!(&mut tx, c => sqlx::query(END_LIVE).bind(id).bind(at.0).execute(c).await.map(|_| ()))?;
        }
        within!(&mut tx, c => {
            sqlx::query(STATE).bind(id).bind(number).bind(status.as_str()).bind(reason).bind(at.0).bind(live_from)
                .bind(kept).execute(c).await.map(|_| ())
        })?;
        event(&mut tx, &claim.deploy.id, at, "status", &json!({ "status": status, "reason": reason })).await?;
        let detail = with_why(status.as_str(), reason);
        audit::append(&mut tx, &claim.entry(at, AuditAction::RolloutEnded, detail)).await?;
        tx.commit().await
    }

    /// A transaction that begins by making sure of the lease.
    async fn guarded(&self, claim: &Claim) -> Result<Tx, StoreError> {
        let mut tx = self.pool.begin().await?;
        guard(&mut tx, claim).await?;
        Ok(tx)
    }

    /// The same under the Deployment's lock: what is live does not change for whoever decides on a rollback.
    async fn guarded_under_lock(&self, claim: &Claim) -> Result<Tx, StoreError> {
        let mut tx = self.pool.begin().await?;
        lock_within(&mut tx, &claim.deploy.deployment).await?;
        guard(&mut tx, claim).await?;
        Ok(tx)
    }
}

/// The steps of a deploy's rollout, in order; none before it started.
pub(super) async fn steps_within(tx: &mut Tx, id: &DeployId) -> Result<Vec<Step>, StoreError> {
    let rows: Vec<StepRow> = within!(tx, c => sqlx::query_as(STEPS).bind(id.as_str()).fetch_all(c).await)?;
    rows.into_iter().map(Step::try_from).collect()
}

async fn guard(tx: &mut Tx, claim: &Claim) -> Result<(), StoreError> {
    // An update, not a look: it takes the row's lock, so that nobody claims it meanwhile.
    const SQL: &str = "update rollouts set epoch = epoch where deploy_id = $1 and epoch = $2 and done = 0";
    let rows = within!(tx, c => sqlx::query(SQL).bind(claim.deploy.id.as_str()).bind(claim.epoch).execute(c).await.map(|r| r.rows_affected()))?;
    fenced(rows)
}

fn fenced(rows: u64) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Fenced) }
}

type Found = (String, String, i64);

/// The rollout whose lease ended first.
macro_rules! expired {
    () => {
        "select deploy_id, deployment_id, number from rollouts where done = 0 and lease_until <= $1 order by lease_until \
         limit 1"
    };
}
pub(super) const EXPIRED: &str = expired!();
const EXPIRED_PG: &str = concat!(expired!(), " for update skip locked");

/// The oldest queued deploy whose Deployment runs nothing.
macro_rules! queued {
    () => {
        "select d.id, s.deployment_id, s.number from deploy_states s join deploys d on d.deployment_id = s.deployment_id \
         and d.number = s.number join deployments p on p.id = s.deployment_id where s.status = 'queued' and not exists \
         (select 1 from deploy_states r where r.deployment_id = s.deployment_id and r.status = 'running') order by \
         s.created_at limit 1"
    };
}
pub(super) const QUEUED: &str = queued!();
/// Under the Deployment's lock; one that somebody has is passed over, for what is queued there may change.
const QUEUED_PG: &str = concat!(queued!(), " for no key update of p, s skip locked");

async fn take_over(tx: &mut Tx, owner: &str, now: Millis, until: Millis) -> Result<Option<Claim>, StoreError> {
    const SQL: &str =
        "update rollouts set owner = $2, lease_until = $3, epoch = epoch + 1 where deploy_id = $1 returning epoch";
    let found: Option<Found> = match tx {
        Tx::Sqlite(tx) => sqlx::query_as(EXPIRED).bind(now.0).fetch_optional(&mut **tx).await?,
        Tx::Postgres(tx) => sqlx::query_as(EXPIRED_PG).bind(now.0).fetch_optional(&mut **tx).await?,
    };
    let Some((id, deployment, number)) = found else { return Ok(None) };
    let (epoch,): (i64,) =
        within!(tx, c => sqlx::query_as(SQL).bind(&id).bind(owner).bind(until.0).fetch_one(c).await)?;
    let (deploy, workspace) = deploy_within(tx, &deployment, number).await?;
    Ok(Some(Claim { deploy, workspace, owner: owner.to_owned(), epoch, resumed: true }))
}

async fn start(tx: &mut Tx, owner: &str, now: Millis, until: Millis) -> Result<Option<Claim>, StoreError> {
    const ROLLOUT: &str = "insert into rollouts (deploy_id, deployment_id, number, owner, epoch, lease_until) values ($1, \
                           $2, $3, $4, 1, $5)";
    const STATE: &str = "update deploy_states set status = 'running', reason = null, started_at = $3 where deployment_id = \
                         $1 and number = $2";
    let found: Option<Found> = match tx {
        Tx::Sqlite(tx) => sqlx::query_as(QUEUED).fetch_optional(&mut **tx).await?,
        Tx::Postgres(tx) => sqlx::query_as(QUEUED_PG).fetch_optional(&mut **tx).await?,
    };
    let Some((id, deployment, number)) = found else { return Ok(None) };
    within!(tx, c => sqlx::query(ROLLOUT).bind(&id).bind(&deployment).bind(number).bind(owner).bind(until.0).execute(c).await.map(|_| ()))?;
    within!(tx, c => sqlx::query(STATE).bind(&deployment).bind(number).bind(now.0).execute(c).await.map(|_| ()))?;
    let (deploy, workspace) = deploy_within(tx, &deployment, number).await?;
    event(tx, &deploy.id, now, "status", &json!({ "status": DeployStatus::Running })).await?;
    Ok(Some(Claim { deploy, workspace, owner: owner.to_owned(), epoch: 1, resumed: false }))
}

async fn deploy_within(tx: &mut Tx, deployment: &str, number: i64) -> Result<(Deploy, WorkspaceId), StoreError> {
    const WORKSPACE: &str = "select workspace_id from deployments where id = $1";
    let row: DeployRow = within!(tx, c => sqlx::query_as(BY_NUMBER).bind(deployment).bind(number).fetch_one(c).await)?;
    let (workspace,): (String,) = within!(tx, c => sqlx::query_as(WORKSPACE).bind(deployment).fetch_one(c).await)?;
    Ok((row.try_into()?, WorkspaceId::new(workspace)))
}

/// `failed: why`; the status alone where there is no why.
fn with_why(what: &str, why: Option<&str>) -> String {
    why.map_or_else(|| what.to_owned(), |why| format!("{what}: {why}"))
}
