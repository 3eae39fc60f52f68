//! Where an installation keeps what it has: said by flags, environment or configuration file.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::{BadConfig, Config};

/// Which installation, on this machine.
#[derive(Debug, Args)]
pub struct Installation {
    /// The configuration file (TOML): targets, policy, allowed origins. See docs/configuration.md.
    #[arg(long, env = "BACKSTEP_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder: database, DAG bundles, keys.
    #[arg(long, env = "BACKSTEP_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The database: sqlite:///PATH or postgres://USER@HOST/NAME. SQLite in the data folder unless given.
    #[arg(long, env = "BACKSTEP_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
}

impl Installation {
    pub fn file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// Whether a flag or the environment says where data folder and database are.
    pub fn said(&self) -> (bool, bool) {
        (self.data.is_some(), self.database.is_some())
    }

    /// The configuration file's contents; the defaults without one.
    pub fn config(&self) -> Result<Config, BadConfig> {
        self.config.as_deref().map_or_else(|| Ok(Config::default()), Config::read)
    }

    pub fn data(&self, config: &Config) -> PathBuf {
        let data = self.data.as_ref().or(config.server.data.as_ref());
        data.cloned().unwrap_or_else(|| PathBuf::from("data"))
    }

    /// The address of the database, which is in the data folder unless something else is said.
    pub fn database(&self, config: &Config, data: &Path) -> String {
        let said = self.database.as_ref().or(config.server.database.as_ref());
        said.cloned().unwrap_or_else(|| format!("sqlite://{}", data.join("backstep.db").display()))
    }
}
