//! The document that a line becomes.
//!
//! The flat fields are those of Astronomer Software's log lines, so that its searches and dashboards find them. Beside them
//! are those of the Elastic Common Schema. The two want `event` for different things, a text and an object, which no index
//! can hold both; see [`Fields`].

use backstep_domain::{AuditAction, AuditEntry, Cause, DeployStatus};
use serde_json::{Map, Value, json};

use super::config::Fields;
use crate::{
    http::api::dto::Time,
    store::{OfDeploy, Outgoing, Told},
};

/// Longest message that is sent, in bytes: Lucene takes no term above 32,766.
pub const LONGEST: usize = 32_000;
/// What is left of one that alone is too large for the server.
pub const SHORTENED: usize = 1_000;

/// What all lines have, before it is given its fields.
struct Line<'a> {
    component: &'static str,
    message: String,
    level: Level,
    action: &'a str,
    outcome: &'static str,
    error: Option<&'a str>,
    user: (&'a str, &'a str),
    workspace: &'a str,
    labels: Map<String, Value>,
}

#[derive(Clone, Copy)]
enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    /// Its name, and its number as in the original.
    fn words(self) -> (&'static str, u32) {
        match self {
            Self::Info => ("info", 20),
            Self::Warning => ("warning", 30),
            Self::Error => ("error", 40),
        }
    }
}

/// The document of a row, its message not above `longest` bytes. `release` is as in the index's name.
pub fn document(row: &Outgoing, told: &Told, release: &str, fields: Fields, longest: usize) -> Value {
    let mut line = match told {
        Told::Line { of, seq, step, kind, text } => {
            let mut labels = labels(of);
            labels.insert("line".to_owned(), json!(seq.to_string()));
            labels.insert("step".to_owned(), json!(step.to_string()));
            labels.insert("step_kind".to_owned(), json!(kind.as_str()));
            Line {
                message: text.clone(),
                level: Level::Info,
                action: "rollout.log",
                outcome: "unknown",
                error: None,
                ..of_deploy(of, labels)
            }
        }
        Told::Status { of, status, reason } => of_status(of, *status, reason.as_deref()),
        Told::Audit { entry, id, seal, hash } => of_audit(entry, *id, *seal, hash),
    };
    let cut = shorten(&mut line.message, longest);
    let error = line.error.map(|error| {
        let mut error = error.to_owned();
        shorten(&mut error, longest);
        error
    });
    if cut {
        line.labels.insert("truncated".to_owned(), json!("true"));
    }
    let (level, level_numeric) = line.level.words();
    let at = Time(row.at);
    let mut document = json!({
        "@timestamp": at,
        // The original's is exact to the nanosecond; a line here is to the millisecond, and `offset` keeps the order.
        "date_nano": format!("{:.9}", at.timestamp()),
        // Grows within a rollout, and within the audit log: what sorts lines of one millisecond.
        "offset": row.id,
        "component": line.component,
        "release": release,
        "namespace": release,
        "workspace": line.workspace,
        "message": line.message,
        "level": level,
        "level_numeric": level_numeric,
        "log_type": "component",
        "labels": line.labels,
    });
    let more = match fields {
        Fields::Ecs => ecs(row, &line, level, error.as_deref(), told),
        Fields::Astronomer => {
            let details = error.map(|error| format!("\nError Details:\n{}", json!({ "message": error })));
            json!({ "event": format!("{}{}", line.message, details.unwrap_or_default()) })
        }
    };
    if let (Value::Object(document), Value::Object(more)) = (&mut document, more) {
        document.extend(more);
    }
    document
}

fn ecs(row: &Outgoing, line: &Line<'_>, level: &str, error: Option<&str>, told: &Told) -> Value {
    let (user_id, user_name) = line.user;
    let mut more = json!({
        "ecs": { "version": "8.11.0" },
        "event": {
            "id": row.document,
            "kind": "event",
            "module": "backstep",
            "dataset": format!("backstep.{}", if line.component == "audit" { "audit" } else { "rollout" }),
            "category": [category(told)],
            "action": line.action,
            "outcome": line.outcome,
            "sequence": row.id,
        },
        "log": { "level": level, "logger": format!("backstep.{}", line.component) },
        "service": { "name": "backstep", "type": "backstep" },
        "user": { "id": user_id, "name": user_name },
    });
    if let Some(error) = error {
        more["error"] = json!({ "message": error });
    }
    if let Told::Audit { entry, hash, .. } = told {
        more["event"]["hash"] = json!(hash);
        // `ip` takes addresses only; `address` takes what is there.
        if !entry.origin.address.is_empty() {
            more["source"] = json!({ "address": entry.origin.address });
        }
        if !entry.origin.request.is_empty() {
            more["http"] = json!({ "request": { "id": entry.origin.request } });
        }
    }
    more
}

fn category(told: &Told) -> &'static str {
    use AuditAction as A;
    let Told::Audit { entry, .. } = told else { return "configuration" };
    match entry.action {
        A::SignedIn | A::SignInRefused | A::SignedOut | A::SessionRevoked => "authentication",
        A::AccountCreated
        | A::AccountDisabled
        | A::AccountEnabled
        | A::PasswordChanged
        | A::RoleGiven
        | A::RoleTaken
        | A::TeamCreated
        | A::TeamRemoved
        | A::TeamMemberAdded
        | A::TeamMemberRemoved
        | A::TokenMade
        | A::TokenRotated
        | A::TokenRevoked => "iam",
        _ => "configuration",
    }
}

fn of_deploy<'a>(of: &'a OfDeploy, labels: Map<String, Value>) -> Line<'a> {
    Line {
        component: if matches!(of.cause, Cause::Rollback { .. }) { "rollback" } else { "rollout" },
        message: String::new(),
        level: Level::Info,
        action: "",
        outcome: "unknown",
        error: None,
        user: (&of.author.id, &of.author.name),
        workspace: of.workspace.as_str(),
        labels,
    }
}

fn of_status<'a>(of: &'a OfDeploy, status: DeployStatus, reason: Option<&'a str>) -> Line<'a> {
    let what = match &of.cause {
        Cause::Rollback { of: from, to, .. } => format!("Rollback {} from {from} to {to}", of.number),
        Cause::Deploy | Cause::Adoption => format!("Deploy {}", of.number),
    };
    let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let (level, outcome) = match status {
        DeployStatus::Succeeded => (Level::Info, "success"),
        DeployStatus::Failed => (Level::Error, "failure"),
        DeployStatus::Cancelled => (Level::Warning, "failure"),
        DeployStatus::Queued | DeployStatus::Held | DeployStatus::Running => (Level::Info, "unknown"),
    };
    let action = match status {
        DeployStatus::Queued => "rollout.queued",
        DeployStatus::Held => "rollout.held",
        DeployStatus::Running => "rollout.started",
        DeployStatus::Succeeded => "rollout.succeeded",
        DeployStatus::Failed => "rollout.failed",
        DeployStatus::Cancelled => "rollout.cancelled",
    };
    Line {
        message: format!("{what}: {status}{why}"),
        level,
        action,
        outcome,
        error: reason.filter(|_| status == DeployStatus::Failed),
        ..of_deploy(of, labels(of))
    }
}

fn of_audit<'a>(entry: &'a AuditEntry, id: u64, seal: u64, hash: &'a str) -> Line<'a> {
    let mut labels = Map::new();
    let mut label = |name: &str, value: String| labels.insert(name.to_owned(), json!(value));
    label("audit_id", id.to_string());
    label("seal", seal.to_string());
    label("seal_hash", hash.to_owned());
    if let Some(deployment) = &entry.deployment {
        label("deployment_id", deployment.to_string());
    }
    if let Some(number) = entry.deploy {
        label("deploy", u32::from(number).to_string());
    }
    if let Some(token) = &entry.origin.token {
        label("token_id", token.clone());
    }
    let refused = matches!(entry.action, AuditAction::Refused | AuditAction::SignInRefused);
    Line {
        component: "audit",
        message: entry.detail.clone(),
        level: if refused { Level::Warning } else { Level::Info },
        action: entry.action.as_str(),
        outcome: outcome(entry),
        error: None,
        user: (&entry.actor.id, &entry.actor.name),
        workspace: entry.workspace.as_ref().map_or("", |id| id.as_str()),
        labels,
    }
}

/// An entry is of what was done; how a rollout or a step ended is the status in its words.
fn outcome(entry: &AuditEntry) -> &'static str {
    match entry.action {
        AuditAction::Refused | AuditAction::SignInRefused => "failure",
        AuditAction::RolloutEnded if !entry.detail.starts_with("succeeded") => "failure",
        AuditAction::StepStarted | AuditAction::StepEnded => "unknown",
        _ => "success",
    }
}

fn labels(of: &OfDeploy) -> Map<String, Value> {
    let mut labels = Map::new();
    let mut label = |name: &str, value: String| labels.insert(name.to_owned(), json!(value));
    label("deployment_id", of.deployment.to_string());
    label("deploy_id", of.id.to_string());
    label("deploy", u32::from(of.number).to_string());
    label("kind", of.kind.to_string());
    if let Cause::Rollback { of: from, to, scope } = &of.cause {
        label("rollback_of", u32::from(*from).to_string());
        label("rollback_to", u32::from(*to).to_string());
        label("scope", scope.to_string());
    }
    labels
}

/// Cuts at the border of a character; says whether it did.
fn shorten(text: &mut String, longest: usize) -> bool {
    if text.len() <= longest {
        return false;
    }
    text.truncate(text.floor_char_boundary(longest));
    text.push('…');
    true
}
