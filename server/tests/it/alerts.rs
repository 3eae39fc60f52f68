//! What `deploy/` and the runbooks say fits the server and each other.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use backstep::config::Config;

use super::{metrics::Measured, support::Place};

const ALERTS: &str = "deploy/prometheus/alerts.yaml";
/// A file or folder of the repository.
fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The values of a key, one a line; comments are left out.
fn values<'a>(yaml: &'a str, key: &str) -> Vec<&'a str> {
    yaml.lines().filter_map(|line| line.trim_start().strip_prefix(key)?.strip_prefix(": ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_about_figures_that_are_served() {
    let place = Place::new();
    let (config, key) = (place.path("backstep.toml"), place.path("key"));
    fs::write(&key, "a-key").unwrap();
    let export = format!("\n[export.elasticsearch]\nurl = \"http://127.0.0.1:9\"\napi_key_file = {key:?}\n");
    fs::write(&config, fs::read_to_string(&config).unwrap() + &export).unwrap();
    let measured = Measured::start(&place);
    // Sign-ins are told from the first one on.
    let server = &measured.server;
    let form = server.client.post(format!("{}/ui/sign-in", server.url)).header("sec-fetch-site", "same-origin");
    form.form(&[("login", "nobody@example.com"), ("password", "not-the-password")]).send().await.unwrap();

    let text = measured.scrape().await;
    let series = text.lines().filter(|line| !line.starts_with('#'));
    let served: BTreeSet<_> = series.filter_map(|line| line.split(['{', ' ']).next()).collect();
    let alerts = read(ALERTS);
    let rules = alerts.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words = rules.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let named: BTreeSet<_> = words.filter(|word| word.starts_with("backstep_")).collect();
    assert!(named.len() >= 10, "{named:?}");

    let missing: Vec<_> = named.difference(&served).copied().collect();
    assert_eq!(missing, Vec::<&str>::new(), "alerts ask for what nobody serves");
}

#[test]
fn every_alert_has_its_runbook_and_every_runbook_an_alert() {
    let alerts = read(ALERTS);
    let (names, pages) = (values(&alerts, "- alert"), values(&alerts, "runbook"));
    assert!(!names.is_empty());
    assert_eq!(names.len(), pages.len(), "each alert names one runbook");
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "two alerts have one name: {names:?}");

    let written = fs::read_dir(at("docs/runbooks")).unwrap().map(|entry| entry.unwrap().file_name());
    let written = written.map(|name| format!("docs/runbooks/{}", name.to_string_lossy()));
    let written: BTreeSet<_> = written.filter(|page| !page.ends_with("/README.md")).collect();
    let named: BTreeSet<_> = pages.iter().map(|page| (*page).to_owned()).collect();
    assert_eq!(named, written);

    let index = read("docs/runbooks/README.md");
    for (name, page) in names.iter().zip(&pages) {
        let file = page.rsplit('/').next().unwrap();
        let row = index.lines().find(|line| line.starts_with('|') && line.contains(&format!("`{name}`")));
        assert!(row.is_some_and(|row| row.contains(&format!("({file})"))), "the index has no row for {name}");
        assert!(read(page).contains(&format!("`{name}`")), "{page} does not name {name}");
    }
}

#[test]
fn the_compose_example_is_accepted() {
    let config = Config::read(&at("deploy/compose/backstep.toml")).unwrap();
    assert_eq!(config.targets.len(), 2);
    assert!(config.oidc.is_none() && config.export.elasticsearch.is_none());

    // The other files say the same.
    let proxy = config.server.trusted_proxies.first().unwrap().addr();
    assert!(read("deploy/compose/compose.yaml").contains(&format!("ipv4_address: {proxy}\n")), "{proxy}");
    let host = config.server.public_url.as_deref().and_then(|url| url.strip_prefix("https://")).unwrap();
    assert!(read("deploy/compose/Caddyfile").contains(&format!("\n{host} {{\n")), "{host}");
}

#[test]
fn what_the_compose_example_has_switched_off_is_accepted_too() {
    let text = read("deploy/compose/backstep.toml");
    // `#key` is a setting, `# text` a comment.
    let setting = |line: &str| line.strip_prefix('#').is_some_and(|rest| !rest.is_empty() && !rest.starts_with(' '));
    let lines: Vec<_> = text.lines().map(|line| if setting(line) { &line[1..] } else { line }).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backstep.toml");
    fs::write(&path, lines.join("\n")).unwrap();

    let config = Config::read(&path).unwrap();
    assert_eq!(config.oidc.map(|oidc| oidc.roles.len()), Some(2));
    assert!(config.export.elasticsearch.is_some());
    assert_eq!(config.embed.allowed_origins.len(), 1);
}
