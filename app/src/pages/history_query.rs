//! The filter of the Deploy History as it stands in the address.

use backstep_domain::{DeployNumber, HistoryFilter};
use leptos_router::params::ParamsMap;

use crate::{
    components::end_of,
    words::{iso_day, parse_day},
};

/// What the address asks for. A field that cannot be read does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    pub filter: HistoryFilter,
    pub before: Option<DeployNumber>,
}

impl HistoryQuery {
    pub fn read(query: &ParamsMap) -> Self {
        let field = |name: &str| query.get(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let on = |name: &str| field(name).is_some_and(|v| v == "true" || v == "on" || v == "1");
        Self {
            filter: HistoryFilter {
                kind: field("kind").and_then(|v| v.parse().ok()),
                status: field("status").and_then(|v| v.parse().ok()),
                author: field("author"),
                text: field("text"),
                since: field("since").and_then(|v| parse_day(&v)),
                until: field("until").and_then(|v| parse_day(&v)).map(end_of),
                eligible_only: on("eligible_only"),
                rollbacks_only: on("rollbacks_only"),
            },
            before: field("before").and_then(|v| v.parse().ok()),
        }
    }

    /// As it stands in the address, with a leading `?`; empty where nothing is asked for.
    pub fn write(&self) -> String {
        let mut query = ParamsMap::new();
        let mut put = |name: &'static str, value: Option<String>| {
            if let Some(value) = value {
                query.insert(name, value);
            }
        };
        let filter = &self.filter;
        put("kind", filter.kind.map(|k| k.to_string()));
        put("status", filter.status.map(|s| s.to_string()));
        put("author", filter.author.clone());
        put("text", filter.text.clone());
        put("since", filter.since.map(iso_day));
        put("until", filter.until.map(|at| iso_day(at.minus(1))));
        put("eligible_only", filter.eligible_only.then(|| "true".to_owned()));
        put("rollbacks_only", filter.rollbacks_only.then(|| "true".to_owned()));
        put("before", self.before.map(|n| n.get().to_string()));
        query.to_query_string()
    }
}

#[cfg(test)]
mod tests {
    use backstep_domain::{DAY, DeployKind, DeployStatus, Millis};

    use super::*;

    fn map(fields: &[(&'static str, &str)]) -> ParamsMap {
        fields.iter().map(|(n, v)| (*n, (*v).to_owned())).collect()
    }

    #[test]
    fn an_empty_form_asks_for_everything() {
        let empty = map(&[("kind", ""), ("status", ""), ("author", ""), ("text", "  "), ("since", ""), ("until", "")]);
        assert_eq!(HistoryQuery::read(&empty), HistoryQuery::default());
        assert_eq!(HistoryQuery::default().write(), "");
    }

    #[test]
    fn reads_every_field() {
        let query = HistoryQuery::read(&map(&[
            ("kind", "dags"),
            ("status", "failed"),
            ("author", "demo:editor"),
            ("text", " billing & co "),
            ("since", "1970-01-02"),
            ("until", "1970-01-02"),
            ("eligible_only", "true"),
            ("rollbacks_only", "on"),
            ("before", "57"),
        ]));
        let expected = HistoryFilter {
            kind: Some(DeployKind::Dags),
            status: Some(DeployStatus::Failed),
            author: Some("demo:editor".to_owned()),
            text: Some("billing & co".to_owned()),
            since: Some(Millis(DAY)),
            // The whole day counts.
            until: Some(Millis(2 * DAY)),
            eligible_only: true,
            rollbacks_only: true,
        };
        assert_eq!(query, HistoryQuery { filter: expected, before: DeployNumber::new(57) });
    }

    #[test]
    fn what_cannot_be_read_does_not_restrict() {
        let odd =
            map(&[("kind", "zip"), ("status", "?"), ("since", "2026-02-30"), ("before", "0"), ("eligible_only", "no")]);
        assert_eq!(HistoryQuery::read(&odd), HistoryQuery::default());
    }

    #[test]
    fn writes_what_it_reads() {
        let fields = [("kind", "dags"), ("text", "a&b=c #1"), ("until", "2026-11-23"), ("before", "57")];
        let query = HistoryQuery::read(&map(&fields));
        assert_eq!(query.write(), "?kind=dags&text=a%26b%3Dc%20%231&until=2026%2D11%2D23&before=57");
    }
}
