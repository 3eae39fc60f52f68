//! Rows as the databases give them, and the domain's types made of them.

use std::borrow::Cow;

use backstep_domain::{Author, Deploy, DeployId, DeployNumber, Deployment, DeploymentId, Millis, Step, Upload};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::FromRow;

use super::StoreError;

/// Every column of a deploy: its row, and the projection of its events.
macro_rules! deploy_fields {
    () => {
        "select d.id, d.deployment_id, d.number, d.kind, d.cause, s.revision, d.git, d.created_at, d.author_id, \
         d.author_name, s.description, s.status, s.reason, s.started_at, s.ended_at, s.live_from, s.live_until, \
         cast(case when s.rejected = 1 or exists (select 1 from rejected_parts r where r.deployment_id = s.deployment_id \
         and s.revision like '%' || r.digest || '%') then 1 else 0 end as bigint) as rejected, s.artifact_missing, s.kept "
    };
}
/// The same, and the two tables that they are from.
macro_rules! deploy_columns {
    () => {
        concat!(
            $crate::store::rows::deploy_fields!(),
            "from deploys d join deploy_states s on s.deployment_id = d.deployment_id and s.number = d.number "
        )
    };
}
pub(super) use {deploy_columns, deploy_fields};

#[derive(FromRow)]
pub(super) struct DeployRow {
    id: String,
    deployment_id: String,
    number: i64,
    kind: String,
    cause: String,
    revision: String,
    git: Option<String>,
    created_at: i64,
    author_id: String,
    author_name: String,
    description: String,
    status: String,
    reason: Option<String>,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    live_from: Option<i64>,
    live_until: Option<i64>,
    rejected: i64,
    artifact_missing: i64,
    kept: String,
}

impl TryFrom<DeployRow> for Deploy {
    type Error = StoreError;

    fn try_from(row: DeployRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: DeployId::new(row.id),
            deployment: DeploymentId::new(row.deployment_id),
            number: number(row.number)?,
            kind: word(&row.kind)?,
            cause: from_json(&row.cause)?,
            revision: from_json(&row.revision)?,
            git: row.git.as_deref().map(from_json).transpose()?,
            created_at: Millis(row.created_at),
            created_by: Author { id: row.author_id, name: row.author_name },
            description: row.description,
            status: word(&row.status)?,
            status_reason: row.reason,
            started_at: row.started_at.map(Millis),
            ended_at: row.ended_at.map(Millis),
            live_from: row.live_from.map(Millis),
            live_until: row.live_until.map(Millis),
            rejected: row.rejected == 1,
            kept: from_json(&row.kept)?,
            artifact_missing: row.artifact_missing == 1,
        })
    }
}

pub(super) fn deploys(rows: Vec<DeployRow>) -> Result<Vec<Deploy>, StoreError> {
    rows.into_iter().map(Deploy::try_from).collect()
}

#[derive(FromRow)]
pub(super) struct UploadRow {
    pub body: String,
    pub bundle: Option<String>,
    pub closed: Option<String>,
    pub finalized: i64,
}

impl TryFrom<UploadRow> for Upload {
    type Error = StoreError;

    fn try_from(row: UploadRow) -> Result<Self, StoreError> {
        let upload: Self = from_json(&row.body)?;
        let bundle = row.bundle.map(|b| b.parse().map_err(|e| StoreError::Damaged(format!("{e}")))).transpose()?;
        let finalized = (row.finalized == 1).then(|| "it was finalized already".to_owned());
        Ok(Self { bundle, closed: row.closed.or(finalized), ..upload })
    }
}

#[derive(FromRow)]
pub(super) struct StepRow {
    pub position: i64,
    pub kind: String,
    pub status: String,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub error: Option<String>,
}

impl TryFrom<StepRow> for Step {
    type Error = StoreError;

    fn try_from(row: StepRow) -> Result<Self, StoreError> {
        Ok(Self {
            index: u32::try_from(row.position).map_err(|e| StoreError::Damaged(e.to_string()))?,
            kind: word(&row.kind)?,
            status: word(&row.status)?,
            started_at: row.started_at.map(Millis),
            ended_at: row.ended_at.map(Millis),
            error: row.error,
        })
    }
}

/// A Deployment is kept as JSON beside the columns that are searched and kept unique.
pub(super) fn deployment(body: &str) -> Result<Deployment, StoreError> {
    from_json(body)
}

/// PostgreSQL's text takes no NUL, but what programs say and what is searched for may have one.
pub(super) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

pub(super) fn number(number: i64) -> Result<DeployNumber, StoreError> {
    let small = u32::try_from(number).ok().and_then(DeployNumber::new);
    small.ok_or_else(|| StoreError::Damaged(format!("{number} is no deploy number")))
}

/// An id or a count, which the databases know as signed.
pub(super) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Damaged(format!("{number} is below zero")))
}

pub(super) fn word<T: std::str::FromStr<Err = String>>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(StoreError::Damaged)
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Damaged(e.to_string()))
}

pub(super) fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("the domain's types are JSON")
}
