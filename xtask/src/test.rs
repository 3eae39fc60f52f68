//! `cargo xtask test`: the suites one after the other, then one line each and a last line over all.

use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

use crate::suites::{Counts, Setting, Suite};
use crate::workspace::Workspace;

/// Run the suites, or those named, and count.
#[derive(Args)]
pub struct Test {
    /// Only these suites; they run in their usual order.
    #[arg(value_enum)]
    suites: Vec<Suite>,
    /// Stop at the first suite that fails instead of running all.
    #[arg(long)]
    fail_fast: bool,
    /// Arguments for Playwright (suite end2end), after `--`.
    #[arg(last = true)]
    playwright: Vec<String>,
}

impl Test {
    /// Runs what was asked for. An error if anything failed.
    pub fn execute(&self, workspace: &Workspace) -> Result<()> {
        let mut setting = Setting::new(workspace, &self.playwright);
        let mut results = Vec::new();
        for suite in Suite::ALL.into_iter().filter(|suite| self.suites.is_empty() || self.suites.contains(suite)) {
            println!("\n== {} ==", suite.name());
            let begin = Instant::now();
            let counts = judge(suite, suite.run(&mut setting));
            println!("-- {} took {:.1} s", suite.name(), begin.elapsed().as_secs_f64());
            results.push((suite, counts));
            if self.fail_fast && counts.failed > 0 {
                break;
            }
        }
        // PostgreSQL stops here, before the lines that are to be the last ones.
        let remarks = std::mem::take(&mut setting.remarks);
        drop(setting);
        println!();
        for remark in remarks {
            println!("{remark}");
        }
        print!("{}", report(&results));
        if results.iter().any(|(_, counts)| counts.failed > 0) {
            std::process::exit(1);
        }
        Ok(())
    }
}

/// A suite that could not run, or that holds no test, has failed: nothing was shown to work.
fn judge(suite: Suite, result: Result<Counts>) -> Counts {
    let result = result.and_then(|counts| match counts {
        Counts { passed: 0, failed: 0, .. } => bail!("the suite is empty"),
        counts => Ok(counts),
    });
    result.unwrap_or_else(|error| {
        println!("{}: {error:#}", suite.name());
        Counts { failed: 1, ..Counts::default() }
    })
}

fn report(results: &[(Suite, Counts)]) -> String {
    let mut text = String::new();
    let mut all = Counts::default();
    for (suite, counts) in results {
        let Counts { passed, failed, skipped } = counts;
        text += &format!("suite {}: {passed} passed, {failed} failed, {skipped} skipped\n", suite.name());
        all += *counts;
    }
    text + &format!("{} passed, {} failed\n", all.passed, all.failed)
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn the_last_line_is_over_all() {
        let results = [
            (Suite::Unit, Counts { passed: 3, failed: 0, skipped: 1 }),
            (Suite::Store, Counts { passed: 2, failed: 1, skipped: 0 }),
        ];
        assert_eq!(
            report(&results),
            "suite unit: 3 passed, 0 failed, 1 skipped\nsuite store: 2 passed, 1 failed, 0 skipped\n5 passed, 1 failed\n"
        );
    }

    #[test]
    fn nothing_run_is_a_failure() {
        let failed = Counts { failed: 1, ..Counts::default() };
        assert_eq!(judge(Suite::Unit, Ok(Counts { skipped: 4, ..Counts::default() })), failed);
        assert_eq!(judge(Suite::Unit, Err(anyhow!("no cargo"))), failed);
        let passed = Counts { passed: 1, ..Counts::default() };
        assert_eq!(judge(Suite::Unit, Ok(passed)), passed);
    }
}
