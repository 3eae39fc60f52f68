use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;

use super::{
    Exit, Failure,
    api::{print_json, print_text},
    installation::Installation,
    listening::Listening,
    table::{columns, plain},
};
use crate::{
    config::{Place, Problem, Reading, Setting, Source, problems_outside, settings},
    store,
};

/// Look at the configuration.
#[derive(Debug, Args)]
pub struct Config {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Check),
}

/// Print every setting with where it comes from, and everything that is wrong.
///
/// Says what `backstep serve` would take with the same flags, environment and file; starts nothing and changes nothing. Secrets
/// are hidden. Looks for the files, folders and programs that are named; asks no address.
///
/// Exit codes: 0 nothing is wrong, 1 something is.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub(super) installation: Installation,
    #[command(flatten)]
    pub(super) listening: Listening,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    settings: Vec<Setting>,
    problems: Vec<Problem>,
}

impl Config {
    pub(super) fn json(&self) -> bool {
        let Command::Check(check) = &self.command;
        check.json
    }

    pub fn run(self) -> Result<Exit, Failure> {
        let Command::Check(check) = self.command;
        let (reading, place) = read(&check.installation, &check.listening);
        let mut problems = reading.problems.clone();
        problems.extend(problems_outside(&reading.config, &place));
        let report = Report { ok: problems.is_empty(), settings: check.settings(&reading, &place), problems };
        if check.json {
            print_json(&report);
        } else {
            print_text(&in_words(&report));
        }
        Ok(if report.ok { Exit::Done } else { Exit::Failed })
    }
}

/// The file as far as it can be understood, and where the server would be.
pub(super) fn read(installation: &Installation, listening: &Listening) -> (Reading, Place) {
    let reading = Reading::of(installation.file());
    let data = installation.data(&reading.config);
    let database = installation.database(&reading.config, &data);
    let place = Place { listen: listening.listen(&reading.config), data, database };
    (reading, place)
}

impl Check {
    /// Those of the file, with what flags and environment say in their place.
    fn settings(&self, reading: &Reading, place: &Place) -> Vec<Setting> {
        let mut settings = settings(&reading.config, &reading.written);
        let Listening { listen, metrics_listen, log_format, drain_seconds } = &self.listening;
        let (data, database) = self.installation.said();
        let drain = self.listening.drain(&reading.config).as_secs();
        let format = self.listening.log_format(Some(&reading.config));
        let log_format_now = serde_json::to_value(format).expect("a word is plain data");
        let metrics = self.listening.metrics_listen(&reading.config);
        for (name, flag, value, said) in [
            ("listen", "--listen", Value::from(place.listen.to_string()), listen.is_some()),
            ("metrics_listen", "--metrics-listen", metrics.map(|a| a.to_string()).into(), metrics_listen.is_some()),
            ("log_format", "--log-format", log_format_now, log_format.is_some()),
            ("drain_seconds", "--drain-seconds", Value::from(drain), drain_seconds.is_some()),
            ("data", "--data", Value::from(place.data.display().to_string()), data),
            ("database", "--database", Value::from(store::masked(&place.database)), database),
        ] {
            let key = format!("server.{name}");
            let Some(setting) = settings.iter_mut().find(|setting| setting.key == key) else { continue };
            setting.value = value;
            if said {
                setting.from = if on_the_command_line(flag) { Source::Flag } else { Source::Environment };
            }
        }
        if std::env::var_os("BACKSTEP_ADMIN_TOKEN").is_some() {
            let (key, value) = ("BACKSTEP_ADMIN_TOKEN".to_owned(), Value::from("(hidden)"));
            settings.push(Setting { key, value, from: Source::Environment });
        }
        settings
    }
}

/// Clap takes both, and does not tell which it was.
fn on_the_command_line(flag: &str) -> bool {
    std::env::args().any(|arg| arg == flag || arg.strip_prefix(flag).is_some_and(|rest| rest.starts_with('=')))
}

fn in_words(report: &Report) -> String {
    let mut rows = vec![["Setting", "Value", "From"].map(str::to_owned).to_vec()];
    for Setting { key, value, from } in &report.settings {
        let value = match value {
            Value::Null => "-".to_owned(),
            Value::String(text) => plain(text),
            other => plain(&other.to_string()),
        };
        rows.push(vec![key.clone(), value, from.as_str().to_owned()]);
    }
    let mut lines = vec![columns(&rows), String::new()];
    lines.extend(report.problems.iter().map(|problem| match &problem.key {
        Some(key) => format!("{key}: {}", problem.message),
        None => problem.message.clone(),
    }));
    lines.push(match report.problems.len() {
        0 => "Nothing is wrong.".to_owned(),
        1 => "1 thing is wrong.".to_owned(),
        n => format!("{n} things are wrong."),
    });
    lines.join("\n")
}
