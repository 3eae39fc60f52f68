//! The exporter against a server that speaks the bulk protocol, on both databases.

mod drained;
mod elastic;
mod outbox;
mod refused;
mod survives;
mod tls;
mod world;
