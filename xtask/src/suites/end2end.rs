//! Playwright against the real server with the real web part.

use std::fs;

use anyhow::{Context, Result, bail};

use super::playwright::Outcome;
use super::{Counts, Setting, native, playwright};
use crate::web::{self, Profile};
use crate::{chromium, node, process};

/// Builds what is tested, fetches what tests it, runs it and reads the report.
pub fn run(setting: &mut Setting<'_>) -> Result<Counts> {
    let workspace = setting.workspace;
    let end2end = workspace.root.join("end2end");
    node::packages(&end2end)?;
    let chromium = chromium::find(&end2end)?;
    web::publish(workspace, Profile::Dev)?;
    let server = native::server_binary(setting)?;

    let report = end2end.join("test-results/report.json");
    // A report of an earlier run would be counted if this one broke off.
    if report.exists() {
        fs::remove_file(&report).context("could not remove the last report")?;
    }
    let mut command = node::playwright(&end2end)?;
    command.arg("test").args(setting.playwright);
    command.env("BACKSTEP_BIN", server).env("BACKSTEP_SITE", workspace.site());
    if let Some(chromium) = chromium {
        command.env(chromium::VARIABLE, chromium);
    }
    let status = process::status(&mut command)?;
    let text = fs::read_to_string(&report).with_context(|| format!("Playwright ({status}) left no report"))?;
    let Outcome { counts, remarks } = playwright::outcome(&text)?;
    setting.remarks.extend(remarks);
    if !status.success() && counts.failed == 0 {
        bail!("Playwright failed ({status}) though no test did");
    }
    Ok(counts)
}
