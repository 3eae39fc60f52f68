//! Stored strings as they are shown. HTML is escaped by Leptos; this is about characters that deceive the eye.

/// The text with control, bidirectional and invisible characters written as `\u{202e}`, so that a description or a
/// file name cannot look like something that it is not. Line breaks and tabs stay: HTML shows them as spaces.
pub fn shown(text: &str) -> String {
    if !text.chars().any(deceives) {
        return text.to_owned();
    }
    text.chars().map(|c| if deceives(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// A stored reason, `held by Ada: ...`, where it stands alone: with a capital letter.
pub fn sentence(text: &str) -> String {
    let text = shown(text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The zero-width joiners U+200C and U+200D are left alone: Persian and emoji are written with them.
fn deceives(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        // Soft hyphen, Arabic letter mark, Hangul fillers, Mongolian vowel separator
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{3164}'
        | '\u{ffa0}' => true,
        // Zero-width space, marks of direction, line separators, embeddings and overrides
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' => true,
        // Word joiner and invisible operators, isolates, deprecated format characters
        '\u{2060}'..='\u{206f}' => true,
        // Byte order mark, annotations, tags
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        _ => c.is_control(),
    }
}

/// Bytes as people read them: `512 B`, `1.5 kB`, `20 MB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    for (unit, name) in UNITS {
        if bytes >= unit {
            let (whole, tenth) = (bytes / unit, bytes % unit * 10 / unit);
            return if whole < 10 && tenth > 0 { format!("{whole}.{tenth} {name}") } else { format!("{whole} {name}") };
        }
    }
    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_deceives_the_eye() {
        assert_eq!(shown("report\u{202e}gpj.py"), "report\\u{202e}gpj.py");
        assert_eq!(shown("a\u{0}b\u{1b}[31m\u{7f}\u{9b}"), "a\\u{0}b\\u{1b}[31m\\u{7f}\\u{9b}");
        assert_eq!(shown("\u{feff}\u{200b}\u{2066}\u{e0041}"), "\\u{feff}\\u{200b}\\u{2066}\\u{e0041}");
        assert_eq!(shown("one\rtwo"), "one\\u{d}two");
    }

    #[test]
    fn leaves_everything_else_as_it_is() {
        for text in
            ["", "Fix <b>billing</b> & co", "Grüße, 日本語, می‌خواهم", "👩‍💻", "two\nlines\tand a tab", "\\u{202e}"]
        {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn a_sentence_starts_with_a_capital() {
        assert_eq!(sentence("held by Ada"), "Held by Ada");
        assert_eq!(sentence("#12 came first"), "#12 came first");
        assert_eq!(sentence("él"), "Él");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn says_sizes() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 kB"),
            (1_550, "1.5 kB"),
            (20_900_000, "20 MB"),
            (3_000_000_000, "3 GB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
