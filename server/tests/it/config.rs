//! `backstep config check`, as an operator runs it.

use std::{fs, process::Command};

use serde_json::Value;

use super::support::Place;

fn check(place: &Place, text: &str, args: &[&str], env: &[(&str, &str)]) -> (bool, Value) {
    fs::write(place.path("checked.toml"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_backstep"));
    command.args(["config", "check", "--json", "--config"]).arg(place.path("checked.toml")).args(args);
    for name in ["BACKSTEP_DATA", "BACKSTEP_DATABASE", "BACKSTEP_LISTEN", "BACKSTEP_ADMIN_TOKEN"] {
        command.env_remove(name);
    }
    let output = command.envs(env.iter().copied()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}")))
}

fn setting<'a>(report: &'a Value, key: &str) -> (&'a Value, &'a str) {
    let all = report["settings"].as_array().unwrap();
    let found = all.iter().find(|setting| setting["key"] == key).unwrap_or_else(|| panic!("{key} is missing"));
    (&found["value"], found["from"].as_str().unwrap())
}

#[test]
fn each_setting_says_where_it_comes_from() {
    let place = Place::new();
    let data = place.path("data");
    let text = "[server]\nlisten = \"127.0.0.1:1\"\nlog_format = \"json\"\n[policy]\nwindow_days = 30\n";
    let database = "postgres://ada:hush-4711@127.0.0.1/backstep";
    let (ok, report) = check(
        &place,
        text,
        &["--listen", "127.0.0.1:2", "--data", data.to_str().unwrap()],
        &[("BACKSTEP_DATABASE", database), ("BACKSTEP_ADMIN_TOKEN", "a-token-of-enough-characters")],
    );
    assert!(ok, "{report:#}");
    assert_eq!(setting(&report, "server.listen"), (&"127.0.0.1:2".into(), "flag"));
    assert_eq!(setting(&report, "server.log_format"), (&"json".into(), "file"));
    assert_eq!(setting(&report, "server.database").1, "environment");
    assert_eq!(setting(&report, "policy.window_days"), (&30.into(), "file"));
    assert_eq!(setting(&report, "policy.good_after_minutes"), (&60.into(), "default"));
    assert_eq!(setting(&report, "BACKSTEP_ADMIN_TOKEN"), (&"(hidden)".into(), "environment"));
    assert!(!report.to_string().contains("hush-4711") && !report.to_string().contains("enough-characters"));
}

#[test]
fn everything_that_is_wrong_is_told_and_the_exit_code_says_so() {
    let place = Place::new();
    let data = place.path("data");
    let text = "[server]\nlissten = \"x\"\n[targets.gone]\nkind = \"directory\"\nroot = \"/nowhere/dags\"\n\
                [targets.run]\nkind = \"command\"\nprogram = [\"backstep-no-such-program\"]\n";
    let (ok, report) = check(&place, text, &["--data", data.to_str().unwrap()], &[("BACKSTEP_ADMIN_TOKEN", "short")]);
    assert!(!ok && report["ok"] == false);
    let told = report["problems"].to_string();
    for part in ["Did you mean `listen`?", "/nowhere/dags", "backstep-no-such-program", "shorter than 24"] {
        assert!(told.contains(part), "{part}: {report:#}");
    }
    assert_eq!(report["problems"].as_array().unwrap().len(), 4, "{report:#}");
    assert!(!data.exists(), "nothing is made");
}
