//! Reading Playwright's JSON report.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Counts;

#[derive(Deserialize)]
struct Report {
    stats: Stats,
    /// What went wrong outside any test: a file that does not load, a server that does not stop.
    #[serde(default)]
    errors: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Stats {
    expected: usize,
    unexpected: usize,
    flaky: usize,
    skipped: usize,
}

/// The counts of a report. A test that passed only when tried again has failed.
pub fn counts(report: &str) -> Result<Counts> {
    let Report { stats, errors } = serde_json::from_str(report).context("Playwright's report cannot be read")?;
    Ok(Counts { passed: stats.expected, failed: stats.unexpected + stats.flaky + errors.len(), skipped: stats.skipped })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report() {
        let report = r#"{"config":{},"suites":[],"errors":[],"stats":{"startTime":"2026-01-01T00:00:00Z","duration":12.5,"expected":7,"skipped":2,"unexpected":1,"flaky":1}}"#;
        assert_eq!(counts(report).unwrap(), Counts { passed: 7, failed: 2, skipped: 2 });
    }

    #[test]
    fn an_error_outside_the_tests_is_a_failure() {
        let report =
            r#"{"errors":[{"message":"SyntaxError"}],"stats":{"expected":0,"skipped":0,"unexpected":0,"flaky":0}}"#;
        assert_eq!(counts(report).unwrap(), Counts { passed: 0, failed: 1, skipped: 0 });
    }

    #[test]
    fn half_a_report_is_none() {
        assert!(counts(r#"{"stats":{"expected":1"#).is_err());
        assert!(counts("{}").is_err());
    }
}
