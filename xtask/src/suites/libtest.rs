//! Reading what Rust's test harness prints.

use super::Counts;

/// The counts in a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; ...`.
pub fn result(line: &str) -> Option<Counts> {
    let (_, numbers) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
    let number = |word: &str| numbers.split(';').find_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok());
    Some(Counts { passed: number("passed")?, failed: number("failed")?, skipped: number("ignored")? })
}

/// The test's path in a line such as `test store::deploys::gapless ... FAILED`.
pub fn failed(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

/// The test's path in a line of `--list --format terse`, such as `store::deploys::numbers_have_no_gaps: test`.
pub fn listed(line: &str) -> Option<&str> {
    line.strip_suffix(": test")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_line() {
        let line = "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 40 filtered out; finished in 0.05s";
        assert_eq!(result(line), Some(Counts { passed: 12, failed: 0, skipped: 3 }));
        let line =
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\r";
        assert_eq!(result(line), Some(Counts { passed: 1, failed: 2, skipped: 0 }));
    }

    #[test]
    fn other_lines() {
        for line in
            ["", "running 3 tests", "test a ... ok", "test result: ok", "test result: ok. many passed; 0 failed;"]
        {
            assert_eq!(result(line), None, "{line}");
        }
    }

    #[test]
    fn a_failed_test() {
        assert_eq!(failed("test store::deploys::gapless ... FAILED"), Some("store::deploys::gapless"));
        assert_eq!(failed("test store::deploys::gapless ... ok"), None);
    }

    #[test]
    fn a_list() {
        assert_eq!(listed("store::deploys::gapless: test"), Some("store::deploys::gapless"));
        assert_eq!(listed("store::deploys::speed: benchmark"), None);
        assert_eq!(listed("3 tests, 0 benchmarks"), None);
    }
}
