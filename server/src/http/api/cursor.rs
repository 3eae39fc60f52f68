//! The cursor of a page of the history: opaque to callers, so that what it is made of can change.

use backstep_domain::{DeployNumber, Problem};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The page of the deploys below this number.
pub fn write(before: DeployNumber) -> String {
    URL_SAFE_NO_PAD.encode(format!("before:{}", before.get()))
}

pub fn read(cursor: &str) -> Result<DeployNumber, Problem> {
    let number = decoded(cursor, "before:").and_then(|digits| digits.parse().ok());
    number.and_then(DeployNumber::new).ok_or_else(no_cursor)
}

/// The page of the audit entries below this id.
pub fn write_entry(before: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("entry:{before}"))
}

pub fn read_entry(cursor: &str) -> Result<u64, Problem> {
    decoded(cursor, "entry:").and_then(|digits| digits.parse().ok()).ok_or_else(no_cursor)
}

fn decoded(cursor: &str, prefix: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    text.strip_prefix(prefix).map(str::to_owned)
}

fn no_cursor() -> Problem {
    Problem::invalid("cursor", "This is no cursor. Send `nextCursor` of the page before, unchanged.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_was_written() {
        for number in [1, 52, u32::MAX] {
            let number = DeployNumber::new(number).unwrap();
            assert_eq!(read(&write(number)), Ok(number));
        }
        assert_eq!(read_entry(&write_entry(u64::MAX)), Ok(u64::MAX));
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in ["", "52", "!", &URL_SAFE_NO_PAD.encode("before:0"), &URL_SAFE_NO_PAD.encode("before:-1")] {
            assert_eq!(read(bad).unwrap_err().field.as_deref(), Some("cursor"), "{bad}");
        }
        // A page of one list is no page of the other.
        assert!(read_entry(&write(DeployNumber::FIRST)).is_err() && read(&write_entry(1)).is_err());
    }
}
