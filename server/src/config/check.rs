//! Reading a configuration file with everything that is wrong with it, not only the first.

use std::{collections::BTreeSet, fs, path::Path};

use serde::Serialize;
use serde_json::Value as Known;
use toml::{Table, Value};

use super::{BadConfig, Config};
use crate::targets::TargetConfig;

/// Something that has to be put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The key, with its table before it; none for what is of no key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub message: String,
}

impl Problem {
    pub fn new(message: impl Into<String>) -> Self {
        Self { key: None, message: message.into() }
    }

    pub fn of(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: Some(key.into()), message: message.into() }
    }
}

/// A file as far as it can be understood.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// As it is written, but for what is wrong.
    pub written: Table,
    pub config: Config,
    pub problems: Vec<Problem>,
}

/// More than this is not looked for.
const MOST: usize = 50;

impl Reading {
    /// No file: the defaults.
    pub fn of(path: Option<&Path>) -> Self {
        let Some(path) = path else { return Self::default() };
        match fs::read_to_string(path) {
            Ok(text) => Self::text(&text),
            Err(error) => {
                let problem = BadConfig::Unreadable { path: path.to_owned(), error };
                Self { problems: vec![Problem::new(problem.to_string())], ..Self::default() }
            }
        }
    }

    pub fn text(text: &str) -> Self {
        let mut written: Table = match toml::from_str(text) {
            Ok(written) => written,
            Err(error) => {
                return Self { problems: vec![Problem::new(error.to_string().trim())], ..Self::default() };
            }
        };
        let mut problems = Vec::new();
        unknown(&mut written, &known(), "", &mut problems);
        let config = loop {
            let value = Value::Table(written.clone());
            match serde_path_to_error::deserialize::<_, Config>(value) {
                Ok(config) => break config,
                Err(error) => {
                    let path = error.path().to_string();
                    let message = error.inner().to_string();
                    problems.push(Problem::of(path.clone(), message.trim()));
                    // What cannot be read is left out, so that what comes after it is read too.
                    if problems.len() > MOST || !remove(&mut written, &path) {
                        break Config::default();
                    }
                }
            }
        };
        problems.extend(config.problems().into_iter().map(|problem| Problem::new(problem.to_string())));
        Self { written, config, problems }
    }
}

/// Every key that there is, in the shape of the file.
fn known() -> Known {
    let full = "[oidc]\nissuer = ''\nclient_id = ''\n[[oidc.roles]]\ngroup = ''\nrole = 'USER'\n\
                [export.elasticsearch]\nurl = ''\n";
    let config: Config = toml::from_str(full).expect("the smallest of each table is right");
    serde_json::to_value(config).expect("a configuration is plain data")
}

/// The keys of a target of this kind.
fn known_target(kind: &str) -> Option<Known> {
    let smallest = match kind {
        "directory" => "kind = 'directory'\nroot = ''",
        "command" => "kind = 'command'\nprogram = []",
        _ => return None,
    };
    let target: TargetConfig = toml::from_str(smallest).expect("the smallest target is right");
    Some(serde_json::to_value(target).expect("a target is plain data"))
}

/// Takes out, and names, what nothing knows.
fn unknown(written: &mut Table, known: &Known, path: &str, problems: &mut Vec<Problem>) {
    let Some(keys) = known.as_object() else { return };
    let names: BTreeSet<&str> = keys.keys().map(String::as_str).collect();
    written.retain(|key, _| {
        let is_known = names.contains(key);
        if !is_known {
            let nearest = names.iter().min_by_key(|known| strsim::damerau_levenshtein(key, known));
            let advice = nearest.map_or_else(String::new, |nearest| format!(" Did you mean `{nearest}`?"));
            problems.push(Problem::of(join(path, key), format!("There is no such key.{advice}")));
        }
        is_known
    });
    for (key, value) in written.iter_mut() {
        let path = join(path, key);
        match (value, &keys[key]) {
            (Value::Table(targets), _) if path == "targets" => {
                for (name, target) in targets.iter_mut() {
                    let Value::Table(target) = target else { continue };
                    let known = target.get("kind").and_then(Value::as_str).and_then(known_target);
                    if let Some(known) = known {
                        unknown(target, &known, &join(&path, name), problems);
                    }
                }
            }
            (Value::Table(table), known) => unknown(table, known, &path, problems),
            (Value::Array(rows), Known::Array(known)) => {
                for (place, row) in rows.iter_mut().enumerate() {
                    if let (Value::Table(row), Some(known)) = (row, known.first()) {
                        unknown(row, known, &format!("{path}[{place}]"), problems);
                    }
                }
            }
            _ => {}
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Takes out what stands at a path, or at the nearest place above it.
fn remove(table: &mut Table, path: &str) -> bool {
    let path = path.split('[').next().unwrap_or_default().trim_end_matches('.');
    match path.split_once('.') {
        Some((first, rest)) => match table.get_mut(first) {
            Some(Value::Table(below)) => remove(below, rest) || table.remove(first).is_some(),
            _ => table.remove(first).is_some(),
        },
        None => table.remove(path).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let in_a_line = |p: Problem| format!("{}: {}", p.key.unwrap_or_default(), p.message.replace('\n', " "));
        Reading::text(text).problems.into_iter().map(in_a_line).collect()
    }

    #[test]
    fn every_unknown_key_is_named_with_the_nearest_one() {
        let text = "runtime = 'x'\n[policy]\nwindow_dayz = 3\n[server]\nlissten = 'x'\n[oidc]\nissuer = 'https://a.example'\n\
                    client_id = 'b'\n[[oidc.roles]]\ngroup = 'g'\nrole = 'SYSTEM_ADMIN'\nworkspce = 'w'\n\
                    [targets.dags]\nkind = 'directory'\nroot = '/srv'\nroots = 1\n[targets.run]\nkind = 'command'\n\
                    program = ['x']\ntimeout = 3";
        let said = said(text);
        for expected in [
            "runtime: There is no such key. Did you mean `runtimes`?",
            "policy.window_dayz: There is no such key. Did you mean `window_days`?",
            "server.lissten: There is no such key. Did you mean `listen`?",
            "oidc.roles[0].workspce: There is no such key. Did you mean `workspace`?",
            "targets.dags.roots: There is no such key. Did you mean `root`?",
        ] {
            assert!(said.iter().any(|line| line == expected), "{expected} is not among {said:#?}");
        }
        assert!(said.iter().any(|line| line.starts_with("targets.run.timeout: ")), "{said:#?}");
        assert_eq!(said.len(), 6, "{said:#?}");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let said = said(
            "[server]\nlisten = 'here'\npublic_url = 'https://a.example/path'\n[policy]\nwindow_days = 'many'\n\
             [sign_in]\nidle_hours = 9\nabsolute_hours = 3\n[targets.a]\nkind = 'magic'\n[targets.b]\nkind = 'directory'",
        );
        for part in ["server.listen: ", "policy.window_days: ", "targets.a", "targets.b", "public_url", "idle_hours"] {
            assert!(said.iter().any(|line| line.contains(part)), "{part} is not among {said:#?}");
        }
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_place() {
        let said = said("[server\nlisten = 1");
        assert!(said.len() == 1 && said[0].contains("line 1"), "{said:?}");
        assert!(Reading::of(Some(Path::new("/nowhere/at.all"))).problems[0].message.contains("/nowhere/at.all"));
        assert_eq!(Reading::of(None).problems, []);
    }
}
