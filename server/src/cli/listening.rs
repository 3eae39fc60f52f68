//! How a server listens and logs: said by flags, environment or configuration file.

use std::{net::SocketAddr, time::Duration};

use clap::Args;

use crate::{config::Config, log::LogFormat};

#[derive(Debug, Args)]
pub struct Listening {
    /// Where to listen.
    #[arg(long, env = "BACKSTEP_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Where Prometheus may ask for /metrics, 127.0.0.1:7412 for one: a port of its own, because nobody is asked there who
    /// they are. Nowhere unless set.
    #[arg(long, env = "BACKSTEP_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,
    /// How log lines on standard error are written; RUST_LOG says how much. As JSON, each line of a request has its
    /// request_id.
    #[arg(long, env = "BACKSTEP_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// After SIGTERM, go on answering for so long while /readyz says that the server stops: for whoever shares requests
    /// out among several servers to hear of it.
    #[arg(long, env = "BACKSTEP_DRAIN_SECONDS", value_name = "SECONDS")]
    pub drain_seconds: Option<u16>,
}

impl Listening {
    pub fn listen(&self, config: &Config) -> SocketAddr {
        self.listen.or(config.server.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 7411)))
    }

    pub fn metrics_listen(&self, config: &Config) -> Option<SocketAddr> {
        self.metrics_listen.or(config.server.metrics_listen)
    }

    pub fn log_format(&self, config: Option<&Config>) -> LogFormat {
        self.log_format.or(config.and_then(|config| config.server.log_format)).unwrap_or_default()
    }

    pub fn drain(&self, config: &Config) -> Duration {
        Duration::from_secs(self.drain_seconds.or(config.server.drain_seconds).unwrap_or(0).into())
    }
}
