//! The filter of the audit log as it stands in the address.

use backstep_domain::{AuditFilter, DeploymentId, WorkspaceId};
use leptos_router::params::ParamsMap;

use crate::{
    components::end_of,
    words::{iso_day, parse_day},
};

/// What the address asks for. A field that cannot be read does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    pub filter: AuditFilter,
    /// Only entries with an id below.
    pub before: Option<u64>,
}

const WORKSPACE: &str = "workspace:";
const DEPLOYMENT: &str = "deployment:";

impl AuditQuery {
    pub fn read(query: &ParamsMap) -> Self {
        let field = |name: &str| query.get(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let place = field("place").unwrap_or_default();
        Self {
            filter: AuditFilter {
                action: field("action").and_then(|v| v.parse().ok()),
                actor: field("actor"),
                workspace: place.strip_prefix(WORKSPACE).map(WorkspaceId::new),
                deployment: place.strip_prefix(DEPLOYMENT).map(DeploymentId::new),
                since: field("since").and_then(|v| parse_day(&v)),
                until: field("until").and_then(|v| parse_day(&v)).map(end_of),
                text: field("text"),
            },
            before: field("before").and_then(|v| v.parse().ok()),
        }
    }

    /// The same from the fields of an address, as a server has them.
    pub fn from_fields(fields: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::read(&fields.into_iter().collect())
    }

    /// The place as its field holds it; empty for the whole installation.
    pub fn place(&self) -> String {
        match &self.filter {
            AuditFilter { deployment: Some(id), .. } => format!("{DEPLOYMENT}{id}"),
            AuditFilter { workspace: Some(id), .. } => format!("{WORKSPACE}{id}"),
            _ => String::new(),
        }
    }

    /// As it stands in the address, with a leading `?`; empty where nothing is asked for.
    pub fn write(&self) -> String {
        self.to_params().to_query_string()
    }

    /// The address of everything that the filter leaves, to be taken out.
    pub fn export(&self, format: &str) -> String {
        let mut query = Self { before: None, ..self.clone() }.to_params();
        query.insert("format", format.to_owned());
        format!("/audit/export{}", query.to_query_string())
    }

    fn to_params(&self) -> ParamsMap {
        let mut query = ParamsMap::new();
        let mut put = |name: &'static str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                query.insert(name, value);
            }
        };
        let filter = &self.filter;
        put("text", filter.text.clone());
        put("action", filter.action.map(|action| action.to_string()));
        put("place", Some(self.place()));
        put("actor", filter.actor.clone());
        put("since", filter.since.map(iso_day));
        put("until", filter.until.map(|at| iso_day(at.minus(1))));
        put("before", self.before.map(|id| id.to_string()));
        query
    }
}

#[cfg(test)]
mod tests {
    use backstep_domain::{AuditAction, DAY, Millis};

    use super::*;

    fn map(fields: &[(&'static str, &str)]) -> ParamsMap {
        fields.iter().map(|(n, v)| (*n, (*v).to_owned())).collect()
    }

    #[test]
    fn an_empty_form_asks_for_everything() {
        let empty = map(&[("text", " "), ("action", ""), ("place", ""), ("actor", ""), ("since", ""), ("until", "")]);
        assert_eq!(AuditQuery::read(&empty), AuditQuery::default());
        assert_eq!(AuditQuery::default().write(), "");
    }

    #[test]
    fn reads_every_field() {
        let query = AuditQuery::read(&map(&[
            ("text", " billing & co "),
            ("action", "rollback.recorded"),
            ("place", "deployment:d-1"),
            ("actor", "demo:editor"),
            ("since", "1970-01-02"),
            ("until", "1970-01-02"),
            ("before", "57"),
        ]));
        let filter = AuditFilter {
            action: Some(AuditAction::RollbackRecorded),
            actor: Some("demo:editor".to_owned()),
            workspace: None,
            deployment: Some(DeploymentId::new("d-1")),
            since: Some(Millis(DAY)),
            // The whole day counts.
            until: Some(Millis(2 * DAY)),
            text: Some("billing & co".to_owned()),
        };
        assert_eq!(query, AuditQuery { filter, before: Some(57) });
        let place = AuditQuery::read(&map(&[("place", "workspace:w")])).filter;
        assert_eq!((place.workspace, place.deployment), (Some(WorkspaceId::new("w")), None));
    }

    #[test]
    fn what_cannot_be_read_does_not_restrict() {
        let odd = map(&[("action", "?"), ("place", "planet:9"), ("since", "2026-02-30"), ("before", "-1")]);
        assert_eq!(AuditQuery::read(&odd), AuditQuery::default());
    }

    #[test]
    fn writes_what_it_reads() {
        let fields = [("text", "a&b=c"), ("place", "workspace:w"), ("until", "2026-11-23"), ("before", "57")];
        let query = AuditQuery::read(&map(&fields));
        let written = query.write();
        assert_eq!(written, "?text=a%26b%3Dc&place=workspace%3Aw&until=2026%2D11%2D23&before=57");
        assert_eq!(
            query.export("csv"),
            "/audit/export?text=a%26b%3Dc&place=workspace%3Aw&until=2026%2D11%2D23&format=csv"
        );
    }
}
