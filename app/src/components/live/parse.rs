//! Server-sent events, as far as Backstep's server writes them.
//! Source of the rules: WHATWG HTML, "Interpreting an event stream".

/// Takes a stream apart, however its bytes are cut into pieces.
#[derive(Default)]
pub struct EventParser {
    rest: Vec<u8>,
    name: String,
    /// The id of the last event, to go on from after an interruption.
    pub last_id: Option<String>,
}

impl EventParser {
    /// Takes the next piece; answers how many `changed` events it completed.
    pub fn feed(&mut self, piece: &[u8]) -> usize {
        self.rest.extend_from_slice(piece);
        let mut changed = 0;
        while let Some(end) = self.rest.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            changed += usize::from(self.line(line));
        }
        changed
    }

    /// A new connection begins a new event.
    pub fn restart(&mut self) {
        self.rest.clear();
        self.name.clear();
    }

    fn line(&mut self, line: &str) -> bool {
        if line.is_empty() {
            return std::mem::take(&mut self.name) == "changed";
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "id" => self.last_id = Some(value.to_owned()),
            // A comment keeps the connection open, and the data is only for people: the page fetches what it shows.
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_events_however_they_are_cut() {
        let text = b"event: changed\nid: 7\ndata: {\"number\":57}\n\n:\n\nevent:changed\r\nid:8\r\ndata:{}\r\n\r\n";
        for size in 1..=text.len() {
            let mut parser = EventParser::default();
            let count: usize = text.chunks(size).map(|piece| parser.feed(piece)).sum();
            assert_eq!((count, parser.last_id.as_deref()), (2, Some("8")), "pieces of {size}");
        }
    }

    #[test]
    fn comments_and_other_events_are_no_change() {
        let mut parser = EventParser::default();
        assert_eq!(parser.feed(b": keep-alive\n\nevent: other\ndata: 1\n\ndata: 2\n\n"), 0);
    }

    #[test]
    fn an_event_that_was_cut_off_does_not_count() {
        let mut parser = EventParser::default();
        assert_eq!(parser.feed(b"event: changed\nid: 7\n"), 0);
        parser.restart();
        assert_eq!(parser.feed(b"data: {}\n\n"), 0);
        assert_eq!(parser.last_id.as_deref(), Some("7"));
    }
}
