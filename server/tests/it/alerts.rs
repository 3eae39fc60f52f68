//! The files of `deploy/`: what they name is there.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::PathBuf};

use super::{
    metrics::Measured,
    support::{Place, Server},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn alerts() -> String {
    fs::read_to_string(root().join("deploy/prometheus/alerts.yaml")).unwrap()
}

fn lines_of<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.trim().strip_prefix(key)).map(str::trim).collect()
}

/// Every metric of ours in an expression, `backstep_...`.
fn metrics_in(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("backstep_"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_asks_for_metrics_that_there_are() {
    let place = Place::new();
    let config = place.path("backstep.toml");
    let mut text = fs::read_to_string(&config).unwrap();
    let key = place.path("key");
    fs::write(&key, "a-key").unwrap();
    let _ = write!(text, "\n[export.elasticsearch]\nurl = \"http://127.0.0.1:9\"\napi_key_file = {key:?}\n");
    fs::write(&config, text).unwrap();
    let measured = Measured::start(&place);
    // A family without a series yet is named all the same.
    let scraped = measured.scrape().await;
    let known: BTreeSet<_> =
        scraped.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let text = alerts();
    let asked: BTreeSet<_> = lines_of(&text, "expr:").into_iter().flat_map(metrics_in).collect();
    assert!(asked.len() >= 10, "{asked:?}");
    for metric in asked {
        // OpenMetrics names a counter without the ending of its series.
        assert!(known.contains(metric.trim_end_matches("_total")), "{metric} is not among {known:#?}");
    }
}

#[test]
fn each_alert_has_its_page_and_each_page_its_alert() {
    let text = alerts();
    let named: Vec<_> = lines_of(&text, "runbook:");
    let alerts = lines_of(&text, "- alert:");
    assert_eq!(named.len(), alerts.len());
    let index = fs::read_to_string(root().join("docs/runbooks/README.md")).unwrap();
    for (page, alert) in named.iter().zip(&alerts) {
        let text = fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.contains(&format!("Alarm `{alert}`")), "{page}");
        assert!(index.contains(&format!("| {alert} |")), "{alert} is not in the index");
    }
    let pages = fs::read_dir(root().join("docs/runbooks")).unwrap().count();
    assert_eq!(pages, named.iter().collect::<BTreeSet<_>>().len() + 1, "every page, and the index");
}

/// The example is taken as it is, but for what only containers have: the address and the folders.
#[tokio::test]
async fn the_configuration_of_the_compose_example_is_taken() {
    let place = Place::new();
    let example = fs::read_to_string(root().join("deploy/compose/backstep.toml")).unwrap();
    let dags = place.path("dags");
    let example = example
        .replace("0.0.0.0:7411", "127.0.0.1:0")
        .replace("/srv/airflow/dags", dags.to_str().unwrap())
        .replace("\"backstep\", ", &format!("{:?}, ", env!("CARGO_BIN_EXE_backstep")));
    fs::write(place.path("backstep.toml"), example).unwrap();
    let server = Server::start(&place);
    assert!(server.client.get(format!("{}/livez", server.url)).send().await.unwrap().status().is_success());
}
