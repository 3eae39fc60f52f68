use backstep_domain::{AuditAction, AuditRecord};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Subject, Time, words};

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Grows with each entry, with gaps.
    pub id: u64,
    /// The place of its seal in the hash chain; missing in the moment before it is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<u64>,
    pub at: Time,
    #[schema(schema_with = words::audit_action)]
    pub action: AuditAction,
    pub actor: Subject,
    /// Where it happened; missing for what concerns the whole installation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<String>,
    /// The deploy's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy: Option<u32>,
    /// What it was done to and how, in words.
    pub detail: String,
    /// The caller's network address; empty for the server's own work.
    pub address: String,
    /// The request's id, as in the server's log.
    pub request_id: String,
    /// The id of the token that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
}

impl From<AuditRecord> for AuditEntry {
    fn from(AuditRecord { id, seal, entry }: AuditRecord) -> Self {
        Self {
            id,
            seal,
            at: entry.at.into(),
            action: entry.action,
            actor: entry.actor.into(),
            workspace_id: entry.workspace.map(|id| id.to_string()),
            deployment_id: entry.deployment.map(|id| id.to_string()),
            deploy: entry.deploy.map(u32::from),
            detail: entry.detail,
            address: entry.origin.address,
            request_id: entry.origin.request,
            token_id: entry.origin.token,
        }
    }
}

/// A page of the audit log, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntries {
    pub entries: Vec<AuditEntry>,
    /// Send it as `cursor` for the next page; missing on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// The place of the last seal; missing while nothing is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_up_to: Option<u64>,
}
