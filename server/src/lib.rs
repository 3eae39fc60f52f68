//! Backstep's server: HTTP, store, DAG bundles, rollout engine, targets and the command line.

#![recursion_limit = "256"]

pub mod audit;
pub mod auth;
pub mod backup;
pub mod bundles;
pub mod changes;
pub mod clean;
pub mod cli;
pub mod clock;
pub mod config;
mod demo;
pub mod export;
mod free_space;
pub mod heartbeat;
pub mod http;
mod key_file;
pub mod log;
pub mod metrics;
mod outbound;
pub mod pace;
pub mod retained;
pub mod roles_file;
pub mod rollout;
pub mod store;
pub mod targets;
pub mod usecases;
pub mod verify;
