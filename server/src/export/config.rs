//! `[export.elasticsearch]`, and what it comes to.

use std::{env, fs, path::PathBuf, time::Duration};

use reqwest::{Certificate, Url};
use serde::{Deserialize, Serialize};

use super::{
    index::{BadIndex, IndexPattern},
    secret::Credentials,
};
use crate::outbound::{self, BadAuthorities, is_loopback};

/// `[export]`: where log lines go.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExportConfig {
    pub elasticsearch: Option<ElasticsearchConfig>,
}

/// `[export.elasticsearch]`, as written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ElasticsearchConfig {
    /// `https://elasticsearch.example:9200`, without credentials; a path in front of `_bulk` is kept.
    pub url: String,
    /// What the index of a line is called: `%{release}` is the Deployment's name, `%Y` `%m` `%d` its day in UTC.
    #[serde(default = "default_index")]
    pub index: String,
    /// The same for audit entries, which are of no Deployment.
    #[serde(default = "default_audit_index")]
    pub audit_index: String,
    #[serde(default)]
    pub fields: Fields,
    /// One of these two, or a name with a password; nothing for a cluster that asks for nothing.
    pub api_key_file: Option<PathBuf>,
    pub api_key_env: Option<String>,
    pub username: Option<String>,
    pub password_file: Option<PathBuf>,
    pub password_env: Option<String>,
    /// Certificates (PEM) of the authority that signed the cluster's, if it is a private one.
    pub ca_file: Option<PathBuf>,
    /// Send over plain http beyond loopback. Lines and credentials can then be read on the way.
    #[serde(default)]
    pub plain_http_beyond_loopback: bool,
    /// Largest request, in bytes. Memory use is bounded by it.
    #[serde(default = "default_bulk_bytes")]
    pub max_bulk_bytes: usize,
    /// Lines that may wait; beyond it the oldest are dropped.
    #[serde(default = "default_outbox_rows")]
    pub max_outbox_rows: u64,
    /// A request that takes longer is given up and sent again.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u16,
}

/// Which fields a document has beside those that both have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fields {
    /// `event.*`, `log.*`, `user.*` and the others of the Elastic Common Schema.
    #[default]
    Ecs,
    /// Only what Astronomer Software's own lines have, `event` being a text: for indexes that hold those too.
    Astronomer,
}

fn default_index() -> String {
    "backstep.%{release}.%Y.%m.%d".to_owned()
}

fn default_audit_index() -> String {
    "backstep-audit-%Y.%m.%d".to_owned()
}

fn default_bulk_bytes() -> usize {
    5_000_000
}

fn default_outbox_rows() -> u64 {
    1_000_000
}

fn default_timeout() -> u16 {
    30
}

/// `[export.elasticsearch]` that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadExport {
    #[error("[export.elasticsearch] url is no address; write it as https://elasticsearch.example:9200")]
    Url,
    #[error("[export.elasticsearch] url holds a name or a password; use api_key_file, or username with password_file")]
    UrlCredentials,
    #[error(
        "[export.elasticsearch] url is not https, so lines and credentials could be read on the way; use https, or say \
         plain_http_beyond_loopback = true"
    )]
    PlainUrl,
    #[error("[export.elasticsearch] {key}: {error}")]
    Index { key: &'static str, error: BadIndex },
    #[error(
        "[export.elasticsearch] takes either an API key (api_key_file or api_key_env) or username with password_file or password_env"
    )]
    Credentials,
    #[error("[export.elasticsearch] {key} {path} cannot be read: {error}")]
    File { key: &'static str, path: PathBuf, error: std::io::Error },
    #[error("[export.elasticsearch] {key}: the environment variable {name} is not set")]
    Env { key: &'static str, name: String },
    #[error("[export.elasticsearch] the API key or the password is empty, or has signs that no header can have")]
    Secret,
    #[error("[export.elasticsearch] ca_file {0} holds no certificates in PEM form")]
    Ca(PathBuf),
    #[error("[export.elasticsearch] max_bulk_bytes is 10000 to 100000000")]
    BulkBytes,
    #[error("[export.elasticsearch] max_outbox_rows is 1000 or more")]
    OutboxRows,
    #[error("[export.elasticsearch] timeout_seconds is 1 to 600")]
    Timeout,
    #[error("[export.elasticsearch] the connection cannot be set up: {0}")]
    Http(reqwest::Error),
}

/// `[export.elasticsearch]`, checked, with its secrets read.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Of the bulk API, without credentials.
    pub bulk_url: Url,
    /// As people know it.
    pub address: String,
    pub index: IndexPattern,
    pub audit_index: IndexPattern,
    pub fields: Fields,
    pub credentials: Option<Credentials>,
    pub authorities: Vec<Certificate>,
    pub max_bulk_bytes: usize,
    pub max_outbox_rows: u64,
    pub timeout: Duration,
}

impl ElasticsearchConfig {
    /// What can be checked without reading anything else.
    ///
    /// # Errors
    /// The first thing that is not right.
    pub fn check(&self) -> Result<(), BadExport> {
        self.bulk_url()?;
        pattern("index", &self.index)?;
        pattern("audit_index", &self.audit_index)?;
        let keys = [self.api_key_file.is_some(), self.api_key_env.is_some()];
        let passwords = [self.password_file.is_some(), self.password_env.is_some()];
        let count = |given: [bool; 2]| given.into_iter().filter(|given| *given).count();
        match (count(keys), &self.username, count(passwords)) {
            (0 | 1, None, 0) | (0, Some(_), 1) => {}
            _ => return Err(BadExport::Credentials),
        }
        if !(10_000..=100_000_000).contains(&self.max_bulk_bytes) {
            return Err(BadExport::BulkBytes);
        }
        if self.max_outbox_rows < 1000 {
            return Err(BadExport::OutboxRows);
        }
        if !(1..=600).contains(&self.timeout_seconds) {
            return Err(BadExport::Timeout);
        }
        Ok(())
    }

    /// Checks, and reads the files.
    ///
    /// # Errors
    /// The first thing that is not right.
    pub fn settings(&self) -> Result<Settings, BadExport> {
        self.check()?;
        let bulk_url = self.bulk_url()?;
        Ok(Settings {
            bulk_url,
            address: self.url.trim_end_matches('/').to_owned(),
            index: pattern("index", &self.index)?,
            audit_index: pattern("audit_index", &self.audit_index)?,
            fields: self.fields,
            credentials: self.credentials()?,
            authorities: self.authorities()?,
            max_bulk_bytes: self.max_bulk_bytes,
            max_outbox_rows: self.max_outbox_rows,
            timeout: Duration::from_secs(self.timeout_seconds.into()),
        })
    }

    fn bulk_url(&self) -> Result<Url, BadExport> {
        let mut url = Url::parse(self.url.trim_end_matches('/')).map_err(|_| BadExport::Url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadExport::UrlCredentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BadExport::Url);
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) || self.plain_http_beyond_loopback => {}
            "http" => return Err(BadExport::PlainUrl),
            _ => return Err(BadExport::Url),
        }
        url.path_segments_mut().map_err(|()| BadExport::Url)?.pop_if_empty().push("_bulk");
        // Only what is looked at: an answer is as long as the request otherwise.
        url.set_query(Some("filter_path=errors,items.*.status,items.*.error"));
        Ok(url)
    }

    fn credentials(&self) -> Result<Option<Credentials>, BadExport> {
        let key = secret("api_key_file", self.api_key_file.as_ref(), "api_key_env", self.api_key_env.as_ref())?;
        let password =
            secret("password_file", self.password_file.as_ref(), "password_env", self.password_env.as_ref())?;
        let credentials = match (key, &self.username, password) {
            (Some(key), _, _) => Credentials::api_key(&key),
            (_, Some(name), Some(password)) => Credentials::basic(name, &password),
            _ => return Ok(None),
        };
        credentials.map(Some).ok_or(BadExport::Secret)
    }

    fn authorities(&self) -> Result<Vec<Certificate>, BadExport> {
        let Some(path) = &self.ca_file else { return Ok(Vec::new()) };
        outbound::authorities(path).map_err(|bad| match bad {
            BadAuthorities::Unreadable(error) => BadExport::File { key: "ca_file", path: path.clone(), error },
            BadAuthorities::None => BadExport::Ca(path.clone()),
        })
    }
}

fn pattern(key: &'static str, text: &str) -> Result<IndexPattern, BadExport> {
    text.parse().map_err(|error| BadExport::Index { key, error })
}

fn secret(
    file_key: &'static str,
    file: Option<&PathBuf>,
    env_key: &'static str,
    name: Option<&String>,
) -> Result<Option<String>, BadExport> {
    let secret = match (file, name) {
        (Some(path), _) => {
            fs::read_to_string(path).map_err(|error| BadExport::File { key: file_key, path: path.clone(), error })?
        }
        (None, Some(name)) => env::var(name).map_err(|_| BadExport::Env { key: env_key, name: name.clone() })?,
        (None, None) => return Ok(None),
    };
    let secret = secret.trim();
    if secret.is_empty() { Err(BadExport::Secret) } else { Ok(Some(secret.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> ElasticsearchConfig {
        toml::from_str(&format!("url = 'https://es.example:9200/'\n{text}")).unwrap()
    }

    fn refused(text: &str) -> String {
        config(text).settings().unwrap_err().to_string()
    }

    #[test]
    fn the_smallest_configuration() {
        let settings = config("").settings().unwrap();
        assert!(settings.bulk_url.as_str().starts_with("https://es.example:9200/_bulk?"), "{}", settings.bulk_url);
        assert_eq!(settings.address, "https://es.example:9200");
        assert_eq!(settings.index.to_string(), "backstep.%{release}.%Y.%m.%d");
        assert!(settings.credentials.is_none());
        let below: ElasticsearchConfig = toml::from_str("url = 'https://logs.example/es'").unwrap();
        assert!(below.settings().unwrap().bulk_url.as_str().starts_with("https://logs.example/es/_bulk?"));
    }

    #[test]
    fn http_is_for_loopback_and_for_who_asks_for_it() {
        let check = |text: &str| toml::from_str::<ElasticsearchConfig>(text).unwrap().check();
        assert!(check("url = 'http://127.0.0.1:9200'").is_ok());
        assert!(matches!(check("url = 'http://es.example:9200'"), Err(BadExport::PlainUrl)));
        assert!(check("url = 'http://es.example:9200'\nplain_http_beyond_loopback = true").is_ok());
        assert!(matches!(check("url = 'es.example:9200'"), Err(BadExport::Url)));
        let error = check("url = 'https://elastic:changeme@es.example'").unwrap_err();
        assert!(matches!(error, BadExport::UrlCredentials) && !error.to_string().contains("changeme"));
    }

    #[test]
    fn a_secret_comes_from_one_place_and_is_shown_in_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "a-key-4711\n").unwrap();
        let path = path.display();
        let key = config(&format!("api_key_file = '{path}'")).settings().unwrap();
        assert!(key.credentials.is_some() && !format!("{key:?}").contains("4711"));
        let password = config(&format!("username = 'backstep'\npassword_file = '{path}'")).settings().unwrap();
        assert!(password.credentials.is_some() && !format!("{password:?}").contains("4711"));
        for bad in [
            "username = 'backstep'".to_owned(),
            format!("password_file = '{path}'"),
            format!("api_key_file = '{path}'\napi_key_env = 'X'"),
            format!("api_key_file = '{path}'\nusername = 'backstep'\npassword_file = '{path}'"),
        ] {
            assert!(refused(&bad).contains("either an API key"), "{bad}");
        }
        assert!(refused("api_key_file = '/nowhere/at/all'").contains("/nowhere/at/all"));
        assert!(refused("api_key_env = 'BACKSTEP_NO_SUCH'").contains("BACKSTEP_NO_SUCH"));
        assert!(refused(&format!("ca_file = '{path}'")).contains("no certificates"));
    }

    #[test]
    fn what_is_out_of_bounds_is_refused() {
        assert!(refused("index = 'Backstep'").contains("index"));
        assert!(refused("audit_index = '%H'").contains("audit_index"));
        for bad in ["max_bulk_bytes = 10", "max_outbox_rows = 1", "timeout_seconds = 0"] {
            assert!(refused(bad).contains(bad.split(' ').next().unwrap()));
        }
        assert!(toml::from_str::<ElasticsearchConfig>("url = 'https://a'\nindexx = 'b'").is_err());
    }
}
