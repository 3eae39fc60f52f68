//! A request to the bulk API, as large as it may be and no larger.

use super::{
    config::Settings,
    document::{self, document},
    index::release,
};
use crate::store::{Outgoing, Told};

/// Lines in a request at most, so that its answer stays small too.
pub const MOST: u32 = 5_000;

/// One line of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub id: i64,
    pub attempts: u32,
    pub document: String,
}

/// What is sent, in the order in which it was written.
#[derive(Debug, Default)]
pub struct Request {
    pub body: Vec<u8>,
    pub sent: Vec<Sent>,
    /// What cannot be made a document of, and why.
    pub unreadable: Vec<(Sent, String)>,
}

impl Request {
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.unreadable.is_empty()
    }

    /// Adds a row unless the request would get larger than `most` bytes; one row there always is. `longest` is of its
    /// message. Says whether it was added.
    pub fn add(&mut self, row: Outgoing, settings: &Settings, most: usize, longest: usize) -> bool {
        let sent = Sent { id: row.id, attempts: row.attempts, document: row.document.clone() };
        let told = match &row.told {
            Ok(told) => told,
            Err(error) => {
                self.unreadable.push((sent, error.clone()));
                return true;
            }
        };
        let before = self.body.len();
        self.write(&row, told, settings, longest);
        if self.body.len() > most && before > 0 {
            self.body.truncate(before);
            return false;
        }
        self.sent.push(sent);
        true
    }

    /// `create`, not `index`: a document that is there already stays as it is, and the answer says so.
    fn write(&mut self, row: &Outgoing, told: &Told, settings: &Settings, longest: usize) {
        let release = release(&row.release);
        let pattern = if matches!(told, Told::Audit { .. }) { &settings.audit_index } else { &settings.index };
        let action = serde_json::json!({ "create": { "_index": pattern.name(row.at, &release), "_id": row.document } });
        let document = document(row, told, &release, settings.fields, longest);
        for line in [action, document] {
            serde_json::to_writer(&mut self.body, &line).expect("a document is JSON, and memory takes it");
            self.body.push(b'\n');
        }
    }
}

/// How long the message of a line may be: short if it alone was too large.
pub fn longest(shortened: bool) -> usize {
    if shortened { document::SHORTENED } else { document::LONGEST }
}
