use std::path::{Path, PathBuf};

use anyhow::Context as _;
use backstep_domain::Flaw;
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;

use super::{
    Exit, Failure,
    api::{print_json, print_text},
    installation::Installation,
    table::plain,
};
use crate::{
    audit::{Checkpoint, CheckpointKey, Report, Trusted},
    bundles::Objects,
    clock::{Clock, SystemClock},
    verify::{self, Depth},
};

/// Check that everything is as it must be: audit log, Deploy Histories, schema, DAG bundles.
///
/// Works on the database and the data folder themselves, also beside a running server, and writes nothing. Finds every entry of the audit log that
/// was edited, deleted or reordered. A log that was cut at its end, or written anew as a whole, is found with a checkpoint
/// that was kept elsewhere: `backstep audit checkpoint`. See docs/audit.md.
///
/// Exit codes: 0 everything is as it was written, 1 it is not, or it could not be checked.
#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    installation: Installation,
    /// A checkpoint that was kept elsewhere; repeat for more.
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// A public key (base64) whose checkpoints count, instead of the key in the data folder; repeat for more.
    #[arg(long, value_name = "KEY")]
    public_key: Vec<String>,
    /// Look only whether the files of DAG bundles are there and as long as they should be; do not read them.
    #[arg(long)]
    quick: bool,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
}

impl Verify {
    /// The check of an installation without a checkpoint from elsewhere.
    pub(super) fn of(installation: Installation) -> Self {
        Self { installation, checkpoint: Vec::new(), public_key: Vec::new(), quick: false, json: false }
    }

    pub async fn run(self) -> Result<Exit, Failure> {
        let config = self.installation.config().context("the configuration")?;
        let data = self.installation.data(&config);
        let given = self.checkpoint.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
        let trusted = Trusted { keys: self.trusted_keys(&data)? };
        let database = self.installation.database(&config, &data);
        let (objects, policy) = (Objects::of(&data), config.policy());
        let of = verify::Installation { database: &database, objects: &objects, policy: &policy };
        let depth = if self.quick { Depth::Quick } else { Depth::Whole };
        let report = verify::verify(&of, &given, &trusted, depth, SystemClock.now()).await;
        let report = report.context("the database cannot be checked")?;
        if self.json {
            print_json(&report);
        } else {
            print_text(&in_words(&report, given.len(), !trusted.keys.is_empty()));
        }
        Ok(if report.ok { Exit::Done } else { Exit::Failed })
    }

    /// Those that were given; else the one in the data folder, if there is one.
    fn trusted_keys(&self, data: &Path) -> Result<Vec<String>, Failure> {
        for key in &self.public_key {
            if STANDARD.decode(key).map_or(0, |bytes| bytes.len()) != 32 {
                return Err(Failure::usage(format!("`{key}` is no public key; it is 32 bytes in base64.")));
            }
        }
        if self.public_key.is_empty() {
            Ok(CheckpointKey::public_key_in(data).context("the key of checkpoints")?.into_iter().collect())
        } else {
            Ok(self.public_key.clone())
        }
    }
}

fn read(file: &Path) -> Result<Checkpoint, Failure> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(serde_json::from_str(&text).with_context(|| format!("{} is no checkpoint", file.display()))?)
}

fn in_words(report: &Report, given: usize, trusted: bool) -> String {
    let mut lines = vec![format!(
        "Checked: {} sealed entries of the audit log, {} checkpoints, {} deploys, {} DAG bundles, the schema.",
        report.sealed_entries, report.checkpoints, report.deploys, report.bundles
    )];
    if report.waiting_entries > 0 {
        lines.push(format!("{} entries of the last seconds have no seal yet.", report.waiting_entries));
    }
    if !trusted && report.checkpoints > 0 {
        lines.push("No key is known that checkpoints must be signed with; name it with --public-key.".to_owned());
    }
    if given == 0 {
        lines.push(
            "No checkpoint was given: a log that was cut or written anew as a whole may look like this.".to_owned(),
        );
    }
    lines.extend(report.warnings.iter().map(|flaw| format!("Warning: {}", in_a_line(flaw))));
    lines.extend(report.flaws.iter().map(in_a_line));
    lines.push(match report.flaws.len() {
        0 => "Everything is as it was written.".to_owned(),
        1 => "1 thing is not as it was written.".to_owned(),
        n => format!("{n} things are not as they were written."),
    });
    lines.join("\n")
}

fn in_a_line(flaw: &Flaw) -> String {
    format!("{}: {}", flaw.kind, plain(&flaw.message))
}

#[cfg(test)]
mod tests {
    use backstep_domain::FlawKind;

    use super::*;

    #[test]
    fn a_report_says_what_was_checked_and_what_is_wrong() {
        let flaws = vec![Flaw::new(FlawKind::EntryDeleted, "Entry 7 was deleted.").at(5).of(7)];
        let (at, ok) = ("2026-03-01T12:00:00.000Z".to_owned(), false);
        let report = Report {
            ok,
            at,
            sealed_entries: 9,
            waiting_entries: 0,
            checkpoints: 1,
            deploys: 3,
            bundles: 2,
            flaws,
            warnings: vec![],
        };
        assert_eq!(
            in_words(&report, 1, true),
            "Checked: 9 sealed entries of the audit log, 1 checkpoints, 3 deploys, 2 DAG bundles, the \
             schema.\n\
             entry_deleted: Entry 7 was deleted.\n1 thing is not as it was written."
        );
        let sound = Report { ok: true, flaws: vec![], ..report };
        assert!(in_words(&sound, 0, false).contains("No checkpoint was given"));
        assert!(in_words(&sound, 0, false).ends_with("Everything is as it was written."));
    }
}
