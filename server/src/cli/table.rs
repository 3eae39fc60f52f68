//! Text for a terminal: aligned columns, times, spans; nothing in it can steer the terminal.

use crate::http::api::dto::Time;

/// Columns as wide as their widest cell; the last one is left ragged.
pub fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell_width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max();
    let widths: Vec<_> = (0..count).map(|column| cell_width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Text that somebody wrote, on one line and with control and direction characters shown instead of obeyed.
pub fn plain(text: &str) -> String {
    let steers = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => " ".to_owned(),
            c if steers(c) => c.escape_default().to_string(),
            c => c.to_string(),
        })
        .collect()
}

/// To the minute, in UTC.
pub fn when(at: Time) -> String {
    at.timestamp().strftime("%Y-%m-%d %H:%M").to_string()
}

/// A span in its two largest units: `3 d 4 h`.
pub fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// The first 12 digits of a digest.
pub fn short(digest: &str) -> &str {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    hex.get(..12).unwrap_or(hex)
}

/// `sha256:` and 64 digits are cut to 12 wherever they stand in a text.
pub fn short_digests(text: &str) -> String {
    match text.split_once("sha256:") {
        Some((before, digest)) => format!("{before}{}", short(digest)),
        None if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) => short(text).to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let text = columns(&[row(["#", "Who", "What"]), row(["#10", "Zoë", "x"]), row(["#9", "A", ""])]);
        assert_eq!(text, "#    Who  What\n#10  Zoë  x\n#9   A");
    }

    #[test]
    fn text_does_not_steer_the_terminal() {
        assert_eq!(plain("a\nb\u{1b}[31m\u{202e}"), "a b\\u{1b}[31m\\u{202e}");
    }

    #[test]
    fn spans_have_two_units() {
        let of = |s: i64| span(s * 1000);
        assert_eq!(
            (of(9), of(61), of(3 * 3600 + 120), of(3 * 86_400 + 4 * 3600)),
            ("9 s".to_owned(), "1 min".to_owned(), "3 h 2 min".to_owned(), "3 d 4 h".to_owned())
        );
    }

    #[test]
    fn digests_are_cut() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        assert_eq!(short_digests(&format!("quay.io/acme:1@{digest}")), "quay.io/acme:1@abababababab");
        assert_eq!(short_digests("3.1-2"), "3.1-2");
    }
}
