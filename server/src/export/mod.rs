//! The export: rollout, rollback and audit log lines to Elasticsearch (or OpenSearch, whose bulk API is the same).
//!
//! What is to be sent is put into an outbox by the database, in the transaction of what it tells (migration 0005). One
//! server at a time takes it from there; nothing that rolls out waits for it. Whatever breaks, a line is sent again until it
//! is accepted, under the same id: at least once from here, so exactly once in the index.

mod answer;
mod back_off;
mod bulk;
mod config;
mod document;
mod exporter;
mod index;
mod request;
mod secret;
#[cfg(test)]
mod tests;

pub use config::{BadExport, ElasticsearchConfig, ExportConfig, Fields, Settings};
pub use exporter::{Exporter, Pace};
pub use index::{BadIndex, IndexPattern};
