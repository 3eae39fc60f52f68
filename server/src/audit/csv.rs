//! The audit log as CSV (RFC 4180), safe to open in a spreadsheet.

use backstep_domain::AuditRecord;

use crate::http::api::dto::Time;

const COLUMNS: [&str; 13] = [
    "id",
    "seal",
    "at",
    "action",
    "actorId",
    "actorName",
    "workspaceId",
    "deploymentId",
    "deploy",
    "detail",
    "address",
    "requestId",
    "tokenId",
];

/// The first line.
pub fn csv_head() -> String {
    line(COLUMNS.map(str::to_owned))
}

/// The line of an entry.
pub fn csv_line(record: &AuditRecord) -> String {
    let entry = &record.entry;
    let optional = |text: Option<String>| text.unwrap_or_default();
    line([
        record.id.to_string(),
        optional(record.seal.map(|seal| seal.to_string())),
        Time(entry.at).to_string(),
        entry.action.to_string(),
        entry.actor.id.clone(),
        entry.actor.name.clone(),
        optional(entry.workspace.as_ref().map(ToString::to_string)),
        optional(entry.deployment.as_ref().map(ToString::to_string)),
        optional(entry.deploy.map(|number| number.get().to_string())),
        entry.detail.clone(),
        entry.origin.address.clone(),
        entry.origin.request.clone(),
        optional(entry.origin.token.clone()),
    ])
}

fn line<const N: usize>(cells: [String; N]) -> String {
    cells.map(|cell| cell_of(&cell)).join(",") + "\r\n"
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe in front. Source: OWASP, "CSV Injection".
fn cell_of(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r', ';', '\t']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use backstep_domain::{AuditAction, AuditEntry, Author, DeployNumber, DeploymentId, Millis, Origin, WorkspaceId};

    use super::*;

    #[test]
    fn a_formula_is_text() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "\"'\tx\""),
            ("\r=1", "\"'\r=1\""),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("plain", "plain"),
            ("", ""),
            ("'quoted", "'quoted"),
            ("a=b", "a=b"),
            ("two\nlines", "\"two\nlines\""),
            ("a;=1", "\"a;=1\""),
            ("a,b", "\"a,b\""),
        ] {
            assert_eq!(cell_of(text), cell, "{text:?}");
        }
    }

    #[test]
    fn a_line_has_the_columns_of_the_head() {
        let entry = AuditEntry {
            at: Millis(86_400_000),
            actor: Author { id: "demo:admin".to_owned(), name: "Ada".to_owned() },
            action: AuditAction::RollbackRecorded,
            workspace: Some(WorkspaceId::new("w")),
            deployment: Some(DeploymentId::new("d")),
            deploy: DeployNumber::new(58),
            detail: "=evil, really".to_owned(),
            origin: Origin { address: "192.0.2.1".to_owned(), request: "r".to_owned(), token: None },
        };
        let line = csv_line(&AuditRecord { id: 7, seal: None, entry });
        assert_eq!(
            line,
            "7,,1970-01-02T00:00:00.000Z,rollback.recorded,demo:admin,Ada,w,d,58,\"'=evil, really\",192.0.2.1,r,\r\n"
        );
        assert_eq!(csv_head().split(',').count(), COLUMNS.len());
        assert!(csv_head().starts_with("id,seal,at,"));
    }
}
