//! Names from outside, made safe to show.

use std::fmt;

/// A name that came from an archive or a folder, with control, direction-changing and undecodable characters escaped
/// and its length bounded, so that a message cannot be forged with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(String);

const MOST_CHARACTERS: usize = 200;

impl Shown {
    pub fn new(name: impl AsRef<[u8]>) -> Self {
        let mut text = String::new();
        let mut count = 0;
        for chunk in name.as_ref().utf8_chunks() {
            for c in chunk.valid().chars() {
                if count == MOST_CHARACTERS {
                    text.push('…');
                    return Self(text);
                }
                count += 1;
                if c.is_control() || is_invisible(c) || c == '\\' || c == '`' {
                    text.extend(c.escape_default());
                } else {
                    text.push(c);
                }
            }
            for byte in chunk.invalid() {
                count += 1;
                text.push_str(&format!("\\x{byte:02x}"));
            }
        }
        Self(text)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

/// Characters that change how a line reads without being seen: direction marks, separators, the byte order mark.
/// The joiners U+200C and U+200D are not among them: scripts and emoji need them.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
