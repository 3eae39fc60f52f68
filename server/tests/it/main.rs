//! The server as a whole: the real binary, over HTTP, on real files.

#![recursion_limit = "256"]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod alerts;
mod audit;
mod authorization;
mod backup;
mod clean;
mod config;
mod cross_site;
mod disk_full;
mod escalation;
mod forms;
mod health;
mod hold;
mod idempotency;
mod kills;
mod logs;
mod metrics;
mod once;
mod replicas;
mod shutdown;
mod support;
mod torture;
mod two_servers;
mod verify;
