//! What each setting is, and where it comes from.

use serde::Serialize;
use serde_json::Value;
use toml::Table;

use super::Config;

/// A setting as the server would have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// With its table before it: `policy.window_days`.
    pub key: String,
    /// Secrets are hidden.
    pub value: Value,
    pub from: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Flag,
    Environment,
    File,
    Default,
}

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

/// Of the file, or the default where it says nothing. `written` is the file as it is.
pub fn settings(config: &Config, written: &Table) -> Vec<Setting> {
    let value = serde_json::to_value(config).expect("a configuration is plain data");
    let mut settings = Vec::new();
    collect("", &value, Some(written), &mut settings);
    settings
}

fn collect(path: &str, value: &Value, written: Option<&Table>, to: &mut Vec<Setting>) {
    let Value::Object(below) = value else { return };
    for (key, value) in below {
        let place = written.and_then(|written| written.get(key));
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Value::Object(_) => collect(&path, value, place.and_then(toml::Value::as_table), to),
            _ => {
                let from = if place.is_some() { Source::File } else { Source::Default };
                to.push(Setting { key: path, value: value.clone(), from });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Reading;

    #[test]
    fn each_setting_says_where_it_comes_from_and_no_secret_what_it_is() {
        let text = "[policy]\nwindow_days = 30\n[oidc]\nissuer = 'https://a.example'\nclient_id = 'b'\n\
                    client_secret = 'hush'\n[targets.dags]\nkind = 'directory'\nroot = '/srv/dags'";
        let reading = Reading::text(text);
        assert_eq!(reading.problems, []);
        let settings = settings(&reading.config, &reading.written);
        let of = |key: &str| settings.iter().find(|s| s.key == key).unwrap_or_else(|| panic!("{key} is missing"));
        assert_eq!((&of("policy.window_days").value, of("policy.window_days").from), (&30.into(), Source::File));
        assert_eq!(
            (&of("policy.good_after_minutes").value, of("policy.good_after_minutes").from),
            (&60.into(), Source::Default)
        );
        assert_eq!(of("oidc.client_secret").value, "(hidden)");
        assert_eq!(of("targets.dags.root").value, "/srv/dags");
        assert!(!serde_json::to_string(&settings).unwrap().contains("hush"));
    }
}
