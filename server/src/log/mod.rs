//! Log lines on standard error: for people, or as JSON for whatever collects them.

mod json;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tracing_subscriber::{EnvFilter, fmt::format::JsonFields};

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts the log; RUST_LOG says how much. Once a process.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,tower_http=warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => {
            log.fmt_fields(JsonFields::new()).event_format(json::Lines).init();
            // What panics would else write lines of its own kind in between.
            std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a task broke off")));
        }
    }
}

/// Says something to whoever started the server: on standard output, or as a line of a JSON log.
pub fn announce(format: LogFormat, text: &str) {
    match format {
        LogFormat::Text => println!("{text}"),
        LogFormat::Json => tracing::info!("{text}"),
    }
}
