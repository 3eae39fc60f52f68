//! One JSON object a line, flat: what collects lines finds `request_id` where it looks for it.
//!
//! The library's own JSON keeps the fields of spans in a list of objects, below what most collectors index.

use std::fmt;

use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormattedFields,
        format::{JsonFields, Writer},
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

/// Formats an event with the fields of the spans that it is in; the inner ones count where two have the same name.
pub(super) struct Lines;

impl<S> FormatEvent<S, JsonFields> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, JsonFields>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = Map::new();
        for span in ctx.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>();
            if let Some(Ok(fields)) = fields.map(|fields| serde_json::from_str::<Map<String, Value>>(fields)) {
                line.extend(fields);
            }
        }
        event.record(&mut Fields(&mut line));
        let mut at = String::new();
        SystemTime.format_time(&mut Writer::new(&mut at))?;
        let meta = event.metadata();
        // Last: whatever a field is called, these are what they are.
        for (name, value) in [("timestamp", at.as_str()), ("level", meta.level().as_str()), ("target", meta.target())] {
            line.insert(name.to_owned(), value.into());
        }
        writeln!(to, "{}", Value::Object(line))
    }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{info_span, subscriber::with_default, warn};
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Written {
        type Writer = Self;
        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    fn lines(work: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let log = tracing_subscriber::fmt().fmt_fields(JsonFields::new()).event_format(Lines);
        with_default(log.with_writer(written.clone()).finish(), work);
        let bytes = written.0.lock().unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_is_flat_and_has_the_fields_of_its_spans() {
        let lines = lines(|| {
            let _outer = info_span!("request", request_id = %"r-1", path = %"/a").entered();
            let _inner = info_span!("inner", path = %"/b").entered();
            warn!(count = 3, error = %"no\n\"such\" thing", level = "mine", "it\u{1b}[31m failed");
        });
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(line["request_id"], "r-1");
        assert_eq!((&line["path"], &line["count"]), (&"/b".into(), &3.into()));
        assert_eq!(line["error"], "no\n\"such\" thing");
        assert_eq!((&line["level"], &line["message"]), (&"WARN".into(), &"it\u{1b}[31m failed".into()));
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn outside_of_a_request_there_is_no_id() {
        let lines = lines(|| warn!("alone"));
        assert_eq!(lines[0].get("request_id"), None);
    }
}
