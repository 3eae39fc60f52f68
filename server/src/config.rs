//! The configuration: flags over environment over file over defaults. An unknown key is an error.

mod check;
mod effective;
mod outside;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::NonZeroU16,
    path::{Path, PathBuf},
    time::Duration,
};

use backstep_domain::Policy;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{
    auth::oidc::{BadOidc, OidcConfig},
    export::{BadExport, ExportConfig},
    log::LogFormat,
    rollout::Limits,
    targets::TargetConfig,
};

pub use self::{
    check::{Problem, Reading},
    effective::{Setting, Source, settings},
    outside::{Place, problems_outside, wire},
};

/// The configuration file, as written. Every key has a default.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: ServerConfig,
    pub policy: PolicyConfig,
    pub rollout: RolloutConfig,
    pub embed: EmbedConfig,
    pub sign_in: SignInConfig,
    pub access: AccessConfig,
    /// The provider that people sign in with, if they do not only use passwords.
    pub oidc: Option<OidcConfig>,
    /// Where log lines go.
    pub export: ExportConfig,
    /// Where rollouts are applied, by name. Deployments refer to these names; nothing else can define one.
    pub targets: BTreeMap<String, TargetConfig>,
    /// A file in the shape of the public Runtime feed, instead of the built-in catalogue.
    pub runtimes: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Where to listen; 127.0.0.1:7411 unless set.
    pub listen: Option<SocketAddr>,
    /// Where Prometheus may ask; nowhere unless set. Nobody is asked who they are there, so better loopback, or a port
    /// that only the collector reaches.
    pub metrics_listen: Option<SocketAddr>,
    /// How log lines are written; for people unless set.
    pub log_format: Option<LogFormat>,
    /// The data folder: database, DAG bundles, locks.
    pub data: Option<PathBuf>,
    /// How browsers reach the server, `https://backstep.example`: links, the callback of a provider, and cookies that
    /// never go over plain http.
    pub public_url: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed: addresses or networks, `10.0.0.0/8`.
    pub trusted_proxies: Vec<IpNet>,
    /// Listen beyond loopback without https. Passwords and tokens can then be read on the way.
    pub plain_http_beyond_loopback: bool,
    /// After SIGTERM, for how long the server goes on answering while `/readyz` says that it stops; 0 unless set.
    pub drain_seconds: Option<u16>,
    /// `sqlite:///path` or `postgres://...`; SQLite in the data folder unless set.
    pub database: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyConfig {
    pub rollback_enabled: bool,
    pub volume_rollback: bool,
    pub window_days: u32,
    pub good_after_minutes: u32,
    /// Rollbacks that one account may ask for within a minute, refused ones too; 0: any number.
    pub rollback_requests_per_minute: u32,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        let policy = Policy::default();
        Self {
            rollback_enabled: policy.rollback_enabled,
            volume_rollback: policy.volume_rollback,
            window_days: policy.window_days,
            good_after_minutes: 60,
            rollback_requests_per_minute: 30,
        }
    }
}

/// What rollouts are held to.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RolloutConfig {
    /// A step that takes longer is given up, and what ran before is put back.
    pub step_minutes: NonZeroU16,
}

impl Default for RolloutConfig {
    fn default() -> Self {
        Self { step_minutes: NonZeroU16::new(60).expect("60 is not 0") }
    }
}

impl RolloutConfig {
    pub fn limits(&self) -> Limits {
        Limits { step: Duration::from_secs(60 * u64::from(self.step_minutes.get())), ..Limits::default() }
    }
}

/// How long sessions last.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignInConfig {
    /// Unused for so many hours, a session ends.
    pub idle_hours: u16,
    /// After so many hours a session ends in any case.
    pub absolute_hours: u16,
}

impl Default for SignInConfig {
    fn default() -> Self {
        Self { idle_hours: 8, absolute_hours: 24 }
    }
}

/// Who may do what.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessConfig {
    /// A YAML file with `roles:`, in the shape of Astronomer Software's values: edits of the built-in roles and new ones.
    pub roles: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbedConfig {
    /// Origins whose pages may carry the panel, `https://portal.example`. Exact; no wildcard.
    pub allowed_origins: Vec<String>,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadConfig {
    #[error("the configuration file {path} cannot be read: {error}")]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("the configuration file {path} is not right:\n{error}")]
    Wrong { path: PathBuf, error: Box<toml::de::Error> },
    #[error("`{0}` in [embed] allowed_origins is no origin; write it as https://portal.example, without a path")]
    Origin(String),
    #[error("[policy] window_days is 1 or more")]
    Window,
    #[error("[server] public_url is https://HOST without a path, or http:// on loopback; not `{0}`")]
    PublicUrl(String),
    #[error("[sign_in] idle_hours and absolute_hours are 1 or more, and idle_hours is not above absolute_hours")]
    SessionHours,
    #[error(transparent)]
    Oidc(#[from] BadOidc),
    #[error(transparent)]
    Export(#[from] BadExport),
}

impl Config {
    pub fn read(path: &Path) -> Result<Self, BadConfig> {
        let text =
            std::fs::read_to_string(path).map_err(|error| BadConfig::Unreadable { path: path.to_owned(), error })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, BadConfig> {
        let config: Self =
            toml::from_str(text).map_err(|error| BadConfig::Wrong { path: path.to_owned(), error: Box::new(error) })?;
        match config.problems().into_iter().next() {
            Some(problem) => Err(problem),
            None => Ok(config),
        }
    }

    /// What of it cannot be used, as far as nothing else is looked at.
    fn problems(&self) -> Vec<BadConfig> {
        let origins = self.embed.allowed_origins.iter().filter(|origin| !is_origin(origin));
        let mut problems: Vec<_> = origins.map(|origin| BadConfig::Origin(origin.clone())).collect();
        if self.policy.window_days == 0 {
            problems.push(BadConfig::Window);
        }
        if let Some(url) = self.server.public_url.as_ref().filter(|url| !is_origin(url)) {
            problems.push(BadConfig::PublicUrl(url.clone()));
        }
        let SignInConfig { idle_hours, absolute_hours } = self.sign_in;
        if idle_hours == 0 || idle_hours > absolute_hours {
            problems.push(BadConfig::SessionHours);
        }
        problems.extend(self.oidc.as_ref().and_then(|oidc| oidc.check().err()).map(BadConfig::Oidc));
        let export = self.export.elasticsearch.as_ref();
        problems.extend(export.and_then(|elasticsearch| elasticsearch.check().err()).map(BadConfig::Export));
        problems
    }

    pub fn policy(&self) -> Policy {
        Policy {
            rollback_enabled: self.policy.rollback_enabled,
            volume_rollback: self.policy.volume_rollback,
            window_days: self.policy.window_days,
            good_after_ms: i64::from(self.policy.good_after_minutes) * backstep_domain::MINUTE,
        }
    }
}

/// `scheme://host[:port]`, nothing behind it.
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, BadConfig> {
        Config::parse(text, Path::new("backstep.toml"))
    }

    #[test]
    fn an_empty_file_is_the_defaults() {
        let config = parse("").unwrap();
        assert_eq!(config.policy(), Policy::default());
        assert!(config.targets.is_empty());
    }

    #[test]
    fn an_unknown_key_is_named() {
        let error = parse("[policy]\nwindow_dayz = 3").unwrap_err().to_string();
        assert!(error.contains("window_dayz"), "{error}");
    }

    #[test]
    fn targets_are_read_by_name() {
        let config = parse(
            "[targets.analytics-dags]\nkind = \"directory\"\nroot = \"/srv/dags\"\n\
             [targets.analytics-image]\nkind = \"command\"\nprogram = [\"backstep\", \"compose-env\"]",
        )
        .unwrap();
        assert_eq!(config.targets.len(), 2);
    }

    #[test]
    fn an_origin_has_no_path_and_no_wildcard() {
        for bad in ["https://portal.example/", "*", "portal.example", "https://*.example"] {
            assert!(parse(&format!("[embed]\nallowed_origins = [\"{bad}\"]")).is_err(), "{bad}");
        }
        assert!(parse("[embed]\nallowed_origins = [\"https://portal.example:8443\"]").is_ok());
        assert!(parse("[server]\npublic_url = \"https://backstep.example/path\"").is_err());
    }

    #[test]
    fn a_provider_is_checked_with_the_rest() {
        let oidc = "[oidc]\nissuer = \"https://login.example\"\nclient_id = \"backstep\"\n";
        assert!(parse(oidc).unwrap().oidc.is_some());
        assert!(parse("[oidc]\nissuer = \"http://login.example\"\nclient_id = \"backstep\"\n").is_err());
        let error = parse(&format!("{oidc}[[oidc.roles]]\ngroup = \"a\"\nrole = \"editor\"")).unwrap_err().to_string();
        assert!(error.contains("DEPLOYMENT_EDITOR"), "{error}");
    }
}
