use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use backstep_domain::{AuditFilter, AuditRecord, DeploymentId, Problem, WorkspaceId};
use futures::{Stream, StreamExt, stream};
use http::{HeaderValue, header};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    ApiProblem, ApiState, Caller, cursor, dto,
    params::{Asked, given, read as read_parameter},
};
use crate::audit::{Checkpoint, csv_head, csv_line};

const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;

/// The filter's parameters beside others. (A flattened struct would take unknown parameters without a word.)
macro_rules! with_filter {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident,)* }) => {
        $(#[$doc])*
        #[derive(Default, Deserialize, IntoParams)]
        #[serde(default, rename_all = "camelCase", deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            $($(#[$attribute])* $field: Option<String>,)*
            #[param(schema_with = dto::words::audit_action)]
            action: Option<String>,
            /// The actor's id.
            actor: Option<String>,
            /// The Workspace's id.
            workspace: Option<String>,
            /// The Deployment's id.
            deployment: Option<String>,
            /// At or after; RFC 3339.
            #[param(value_type = Option<dto::Time>)]
            since: Option<String>,
            /// Before; RFC 3339.
            #[param(value_type = Option<dto::Time>)]
            until: Option<String>,
            /// Part of the detail or of the actor's name; case does not matter.
            text: Option<String>,
        }

        impl $name {
            fn filter(&self) -> Result<AuditFilter, Problem> {
                Ok(AuditFilter {
                    action: read_parameter("action", &self.action)?,
                    actor: given(&self.actor).map(str::to_owned),
                    workspace: given(&self.workspace).map(WorkspaceId::new),
                    deployment: given(&self.deployment).map(DeploymentId::new),
                    since: read_parameter::<dto::Time>("since", &self.since)?.map(|at| at.0),
                    until: read_parameter::<dto::Time>("until", &self.until)?.map(|at| at.0),
                    text: given(&self.text).map(str::to_owned),
                })
            }
        }
    };
}

with_filter! {
    AuditAsked {
        /// Entries a page: 1 to 200, 50 if left out.
        #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
        limit,
        /// `nextCursor` of the page before.
        cursor,
    }
}

with_filter! {
    ExportAsked {
        /// `csv` or `jsonl`.
        #[param(schema_with = dto::words::export_format, required)]
        format,
    }
}

/// The audit log, newest first. The whole of it needs `system.iam.update`; the part of a Workspace
/// `workspace.iam.update` there, the part of a Deployment `deployment.userRoles.update` on it.
#[utoipa::path(get, path = "/api/v1/audit", tag = "Audit", operation_id = "listAuditEntries", params(AuditAsked),
    responses((status = 200, description = "A page of the log.", body = dto::AuditEntries)))]
pub async fn list(
    State(state): State<ApiState>,
    Caller(who): Caller,
    Asked(asked): Asked<AuditAsked>,
) -> Result<Json<dto::AuditEntries>, ApiProblem> {
    let limit = match read_parameter("limit", &asked.limit)? {
        None => PAGE,
        Some(limit) if (1..=LARGEST_PAGE).contains(&limit) => limit,
        Some(_) => return Err(Problem::invalid("limit", "A page has 1 to 200 entries.").into()),
    };
    let before = given(&asked.cursor).map(cursor::read_entry).transpose()?;
    let page = state.usecases.audit(&who, &asked.filter()?, before, limit).await?;
    Ok(Json(dto::AuditEntries {
        entries: page.records.into_iter().map(dto::AuditEntry::from).collect(),
        next_cursor: page.next_before.map(cursor::write_entry),
        sealed_up_to: page.sealed.map(|sealed| sealed.seq),
    }))
}

/// Take the audit log out, newest first, as CSV or JSON lines. Cells that a spreadsheet would take for a formula begin
/// with an apostrophe. The export is an entry of the log itself.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "Audit", operation_id = "exportAudit", params(ExportAsked),
    responses((status = 200, description = "Every entry that the filter leaves.", content(
        (String = "text/csv"), (String = "application/jsonl")))))]
pub async fn export(
    State(state): State<ApiState>,
    Caller(who): Caller,
    Asked(asked): Asked<ExportAsked>,
) -> Result<Response, ApiProblem> {
    let format = match given(&asked.format) {
        Some("csv") => Format::Csv,
        Some("jsonl") => Format::JsonLines,
        _ => return Err(Problem::invalid("format", "Say `format=csv` or `format=jsonl`.").into()),
    };
    let pages = state.usecases.export_audit(&who, asked.filter()?, format.word()).await?;
    Ok(format.answer(pages))
}

/// A signed statement of what the audit log is, up to where it is sealed now. Keep it elsewhere; `backstep verify` finds
/// with it a log that was cut, or written anew.
#[utoipa::path(get, path = "/api/v1/audit/checkpoint", tag = "Audit", operation_id = "getAuditCheckpoint",
    responses((status = 200, description = "The checkpoint.", body = Checkpoint)))]
pub async fn checkpoint(State(state): State<ApiState>, Caller(who): Caller) -> Result<Json<Checkpoint>, ApiProblem> {
    Ok(Json(state.usecases.audit_checkpoint(&who).await?))
}

/// How a log is written down.
#[derive(Clone, Copy)]
pub enum Format {
    Csv,
    JsonLines,
}

impl Format {
    pub fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    /// The pages as they come. A failure on the way breaks the answer off, so that half a log cannot pass for a whole one.
    pub fn answer<S>(self, pages: S) -> Response
    where
        S: Stream<Item = Result<Vec<AuditRecord>, Problem>> + Send + 'static,
    {
        let head = match self {
            Self::Csv => csv_head(),
            Self::JsonLines => String::new(),
        };
        let pages = pages.map(move |records| records.map(|records| Bytes::from(self.lines(records))));
        let body = stream::once(async { Ok(Bytes::from(head)) }).chain(pages);
        let kind = match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/jsonl",
        };
        let name = format!("attachment; filename=\"audit.{}\"", self.word());
        let name = HeaderValue::from_str(&name).expect("a file name of plain letters");
        let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_DISPOSITION, name)];
        (headers, Body::from_stream(body)).into_response()
    }

    fn lines(self, records: Vec<AuditRecord>) -> String {
        let line = |record: AuditRecord| match self {
            Self::Csv => csv_line(&record),
            Self::JsonLines => {
                serde_json::to_string(&dto::AuditEntry::from(record)).expect("an entry is plain data") + "\n"
            }
        };
        records.into_iter().map(line).collect()
    }
}
