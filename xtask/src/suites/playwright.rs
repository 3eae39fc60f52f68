//! Reading Playwright's JSON report.

use std::fmt;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Counts;

/// More tests than this that passed only on another try are a failure each: the odd one is the machine, many are a race.
const RETRIED_ALLOWED: usize = 3;

/// What a run came to.
#[derive(Debug, Eq, PartialEq)]
pub struct Outcome {
    /// A test that passed only when tried again has passed, up to three of them in a run; beyond, each has failed.
    pub counts: Counts,
    /// The tests that failed, and those that passed on another try, with what went wrong.
    pub remarks: Vec<String>,
}

#[derive(Deserialize)]
struct Report {
    stats: Stats,
    #[serde(default)]
    suites: Vec<Suite>,
    /// What went wrong outside any test: a file that does not load, a server that does not stop.
    #[serde(default)]
    errors: Vec<Message>,
}

#[derive(Deserialize)]
struct Stats {
    expected: usize,
    unexpected: usize,
    flaky: usize,
    skipped: usize,
}

#[derive(Deserialize)]
struct Suite {
    #[serde(default)]
    suites: Vec<Suite>,
    #[serde(default)]
    specs: Vec<Spec>,
}

#[derive(Deserialize)]
struct Spec {
    title: String,
    file: String,
    line: u32,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    project_name: String,
    status: Status,
    results: Vec<Try>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Status {
    Expected,
    Unexpected,
    Flaky,
    Skipped,
}

#[derive(Deserialize)]
struct Try {
    error: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    message: String,
}

impl fmt::Display for Message {
    /// The first lines, without the colours: what was expected and what was there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = anstream::adapter::strip_str(&self.message).to_string();
        let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(6).collect();
        f.write_str(&lines.join(" | "))
    }
}

/// The outcome that a report tells.
pub fn outcome(report: &str) -> Result<Outcome> {
    let Report { stats, suites, errors } =
        serde_json::from_str(report).context("Playwright's report cannot be read")?;
    let retried_failed = if stats.flaky > RETRIED_ALLOWED { stats.flaky } else { 0 };
    let counts = Counts {
        passed: stats.expected + stats.flaky - retried_failed,
        failed: stats.unexpected + retried_failed + errors.len(),
        skipped: stats.skipped,
    };
    let mut remarks: Vec<_> = errors.iter().map(|error| format!("failed outside the tests: {error}")).collect();
    for suite in &suites {
        remark(suite, &mut remarks);
    }
    Ok(Outcome { counts, remarks })
}

fn remark(suite: &Suite, remarks: &mut Vec<String>) {
    for Spec { title, file, line, tests } in &suite.specs {
        for Test { project_name, status, results } in tests {
            let what = match status {
                Status::Unexpected => "failed",
                Status::Flaky => "passed only on another try",
                Status::Expected | Status::Skipped => continue,
            };
            let error = results.iter().find_map(|result| result.error.as_ref());
            let error = error.map(Message::to_string).unwrap_or_default();
            remarks.push(format!("{what}: {file}:{line} [{project_name}] {title}: {error}"));
        }
    }
    for suite in &suite.suites {
        remark(suite, remarks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(flaky: usize) -> Counts {
        let report = format!(
            r#"{{"config":{{}},"suites":[],"errors":[],"stats":{{"startTime":"2026-01-01T00:00:00Z","duration":12.5,"expected":7,"skipped":2,"unexpected":1,"flaky":{flaky}}}}}"#
        );
        outcome(&report).unwrap().counts
    }

    #[test]
    fn a_report() {
        assert_eq!(counts(0), Counts { passed: 7, failed: 1, skipped: 2 });
    }

    #[test]
    fn a_few_may_be_tried_again() {
        assert_eq!(counts(3), Counts { passed: 10, failed: 1, skipped: 2 });
        assert_eq!(counts(4), Counts { passed: 7, failed: 5, skipped: 2 });
    }

    #[test]
    fn an_error_outside_the_tests_is_a_failure() {
        let report =
            r#"{"errors":[{"message":"SyntaxError"}],"stats":{"expected":0,"skipped":0,"unexpected":0,"flaky":0}}"#;
        let outcome = outcome(report).unwrap();
        assert_eq!(outcome.counts, Counts { passed: 0, failed: 1, skipped: 0 });
        assert_eq!(outcome.remarks, ["failed outside the tests: SyntaxError"]);
    }

    #[test]
    fn what_failed_is_named() {
        let report = r#"{"stats":{"expected":1,"skipped":0,"unexpected":1,"flaky":1},"suites":[{"suites":[{"specs":[
            {"title":"rolls back","file":"a.spec.ts","line":3,"tests":[
                {"projectName":"phone","status":"unexpected","results":[{"error":{"message":"\u001b[31mError\u001b[39m: no\n\n  row"}}]},
                {"projectName":"desktop","status":"expected","results":[{}]}]},
            {"title":"holds","file":"b.spec.ts","line":4,"tests":[
                {"projectName":"desktop","status":"flaky","results":[{"error":{"message":"late"}},{}]}]}]}]}]}"#;
        assert_eq!(
            outcome(report).unwrap().remarks,
            [
                "failed: a.spec.ts:3 [phone] rolls back: Error: no | row",
                "passed only on another try: b.spec.ts:4 [desktop] holds: late"
            ]
        );
    }

    #[test]
    fn half_a_report_is_none() {
        assert!(outcome(r#"{"stats":{"expected":1"#).is_err());
        assert!(outcome("{}").is_err());
    }
}
