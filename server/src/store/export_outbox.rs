//! What waits to be exported, with all that its document tells.

use std::ops::ControlFlow;

use backstep_domain::{
    AuditEntry, Author, Cause, DeployId, DeployKind, DeployNumber, DeployStatus, DeploymentId, Millis, StepKind,
    WorkspaceId,
};
use futures::TryStreamExt;
use serde::Deserialize;
use sqlx::FromRow;

use super::{
    Store, StoreError,
    pool::read,
    rows::{from_json, number, unsigned, word},
};

/// A row of the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// Grows within a rollout, and within the audit log.
    pub id: i64,
    /// How often it was put off by itself.
    pub attempts: u32,
    /// The Deployment's name when it was written; empty for what concerns none.
    pub release: String,
    pub at: Millis,
    /// Its id in every index, whoever sends it and however often.
    pub document: String,
    /// What it tells; in words why it cannot be told.
    pub told: Result<Told, String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// A log line of a rollout.
    Line { of: OfDeploy, seq: u64, step: u32, kind: StepKind, text: String },
    /// The status of a deploy changed.
    Status { of: OfDeploy, status: DeployStatus, reason: Option<String> },
    /// An audit entry, sealed.
    Audit { entry: Box<AuditEntry>, id: u64, seal: u64, hash: String },
}

/// The deploy that a line is of.
#[derive(Clone, Debug, PartialEq)]
pub struct OfDeploy {
    pub id: DeployId,
    pub deployment: DeploymentId,
    pub workspace: WorkspaceId,
    pub number: DeployNumber,
    pub kind: DeployKind,
    pub cause: Cause,
    pub author: Author,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    kind: String,
    stream: String,
    seq: i64,
    at: i64,
    release: String,
    attempts: i64,
    line: Option<String>,
    step: Option<i64>,
    step_kind: Option<String>,
    event: Option<String>,
    deployment_id: Option<String>,
    workspace_id: Option<String>,
    number: Option<i64>,
    deploy_kind: Option<String>,
    cause: Option<String>,
    author_id: Option<String>,
    author_name: Option<String>,
    entry: Option<String>,
    seal: Option<i64>,
    hash: Option<String>,
}

/// What is due, in the order in which it was written. Where rows of a stream were put off, those after them wait; and of
/// those that were put off, the later for the earlier.
const NEXT: &str = "select o.id, o.kind, o.stream, o.seq, o.at, o.release, o.attempts, l.line, l.step, t.kind as step_kind, \
                    e.body as event, d.deployment_id, p.workspace_id, d.number, d.kind as deploy_kind, d.cause, \
                    d.author_id, d.author_name, a.body as entry, z.seq as seal, z.hash \
                    from (select * from export_outbox w where w.not_before <= $1 and not exists (select 1 from \
                    export_outbox h where h.stream = w.stream and h.not_before > 0 and (w.not_before = 0 or (h.id < w.id \
                    and h.not_before > $1))) order by w.id limit $2) o \
                    left join step_log l on o.kind = 'line' and l.deploy_id = o.stream and l.seq = o.seq \
                    left join steps t on t.deploy_id = l.deploy_id and t.position = l.step \
                    left join deploy_events e on o.kind = 'status' and e.id = o.seq \
                    left join deploys d on d.id = o.stream \
                    left join deployments p on p.id = d.deployment_id \
                    left join audit a on o.kind = 'audit' and a.id = o.seq \
                    left join audit_seals z on z.audit_id = a.id order by o.id";

impl Store {
    /// Hands what is due to `take`, oldest first, until it has enough. Row by row: however long the lines are, only one is
    /// in memory that was not taken.
    pub async fn outgoing(
        &self,
        now: Millis,
        limit: u32,
        mut take: impl FnMut(Outgoing) -> ControlFlow<()> + Send,
    ) -> Result<(), StoreError> {
        read!(self, c => {
            let mut rows = sqlx::query_as::<_, Row>(NEXT).bind(now.0).bind(i64::from(limit)).fetch(c);
            while let Some(row) = rows.try_next().await? {
                if take(outgoing(row)?).is_break() {
                    break;
                }
            }
        });
        Ok(())
    }
}

fn outgoing(row: Row) -> Result<Outgoing, StoreError> {
    let document = match row.kind.as_str() {
        "line" => format!("{}:{}:{}", row.stream, row.step.unwrap_or_default(), row.seq),
        // With its seal: the entries of two installations, or of one that was restored from a backup, are not the same.
        "audit" => {
            format!("audit:{}:{}", row.seq, row.hash.as_deref().and_then(|hash| hash.get(..16)).unwrap_or_default())
        }
        kind => format!("{}:{kind}:{}", row.stream, row.seq),
    };
    Ok(Outgoing {
        id: row.id,
        attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
        release: row.release.clone(),
        at: Millis(row.at),
        document,
        told: told(row).map_err(|error| error.to_string()),
    })
}

fn told(row: Row) -> Result<Told, StoreError> {
    let seq = unsigned(row.seq)?;
    Ok(match row.kind.as_str() {
        "line" => Told::Line {
            seq,
            step: u32::try_from(there(row.step)?).map_err(|e| StoreError::Damaged(e.to_string()))?,
            kind: word(&there(row.step_kind.clone())?)?,
            text: there(row.line.clone())?,
            of: of_deploy(row)?,
        },
        "status" => {
            let change: Change = from_json(&there(row.event.clone())?)?;
            Told::Status { status: change.status, reason: change.reason, of: of_deploy(row)? }
        }
        "audit" => Told::Audit {
            entry: Box::new(from_json(&there(row.entry)?)?),
            id: seq,
            seal: unsigned(there(row.seal)?)?,
            hash: there(row.hash)?,
        },
        other => return Err(StoreError::Damaged(format!("`{other}` is no kind of line"))),
    })
}

/// The body of an event that a status changed.
#[derive(Deserialize)]
struct Change {
    status: DeployStatus,
    #[serde(default)]
    reason: Option<String>,
}

fn of_deploy(row: Row) -> Result<OfDeploy, StoreError> {
    Ok(OfDeploy {
        id: DeployId::new(row.stream),
        deployment: DeploymentId::new(there(row.deployment_id)?),
        workspace: WorkspaceId::new(there(row.workspace_id)?),
        number: number(there(row.number)?)?,
        kind: word(&there(row.deploy_kind)?)?,
        cause: from_json(&there(row.cause)?)?,
        author: Author { id: there(row.author_id)?, name: there(row.author_name)? },
    })
}

fn there<T>(value: Option<T>) -> Result<T, StoreError> {
    value.ok_or_else(|| StoreError::Damaged("what it tells of is not in the store".to_owned()))
}
