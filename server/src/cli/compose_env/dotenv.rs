//! Reading a `.env` file as Docker Compose does, with the place of every value, so that one can be replaced and every other
//! byte stays. The rules are those of compose-go, `dotenv/parser.go`; variables in values are not expanded.

use std::{collections::BTreeMap, ops::Range};

/// The assignments of a file.
#[derive(Debug)]
pub(super) struct EnvFile<'a> {
    bytes: &'a [u8],
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    /// `None` for a bare name, whose value comes from the environment.
    value: Option<Value>,
}

#[derive(Debug)]
struct Value {
    /// Without the quotes around it.
    place: Range<usize>,
    quote: Option<u8>,
}

impl<'a> EnvFile<'a> {
    /// A file that Compose would refuse is refused, with the line.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let mut parser = Parser { bytes, at: start };
        let mut entries = Vec::new();
        while parser.skip_to_statement() {
            entries.push(parser.statement()?);
        }
        Ok(Self { bytes, entries })
    }

    /// The value that counts: the last one, as in Compose. A bare name gives none.
    pub fn value_of(&self, name: &str) -> Option<String> {
        self.last(name).map(|value| String::from_utf8_lossy(&self.bytes[value.place.clone()]).into_owned())
    }

    pub fn assignments_of(&self, name: &str) -> usize {
        self.entries.iter().filter(|entry| entry.name == name && entry.value.is_some()).count()
    }

    /// Every assigned name with the bytes of the value that counts, sorted by name.
    pub fn values(&self) -> BTreeMap<String, Vec<u8>> {
        let value = |entry: &Entry| entry.value.as_ref().map(|v| self.bytes[v.place.clone()].to_vec());
        self.entries.iter().filter_map(|entry| Some((entry.name.clone(), value(entry)?))).collect()
    }

    /// The file with another value for `name`: in its place and its quotes, or on a new last line.
    pub fn with(&self, name: &str, value: &str) -> Vec<u8> {
        match self.last(name) {
            Some(old) => {
                let (before, after) = (&self.bytes[..old.place.start], &self.bytes[old.place.end..]);
                // `NAME= # why` must not become a part of the value that follows.
                let gap: &[u8] = if old.quote.is_none() && after.starts_with(b"#") { b" " } else { b"" };
                [before, value.as_bytes(), gap, after].concat()
            }
            None => self.with_line(&format!("{name}={value}")),
        }
    }

    /// The last assignment, unless a bare name comes after it: then a new last line is the only one sure to count.
    fn last(&self, name: &str) -> Option<&Value> {
        self.entries.iter().rev().find(|entry| entry.name == name)?.value.as_ref()
    }

    /// Line break as in the file; a file without a final one stays without.
    fn with_line(&self, line: &str) -> Vec<u8> {
        let windows =
            self.bytes.iter().position(|b| *b == b'\n').is_some_and(|at| at > 0 && self.bytes[at - 1] == b'\r');
        let end: &[u8] = if windows { b"\r\n" } else { b"\n" };
        match self.bytes {
            [] | [.., b'\n'] => [self.bytes, line.as_bytes(), end].concat(),
            _ => [self.bytes, end, line.as_bytes()].concat(),
        }
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Past blank lines and comments; `false` at the end.
    fn skip_to_statement(&mut self) -> bool {
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => self.at = self.line_end(),
                _ if byte == b'\n' || is_space(byte) => self.at += 1,
                _ => return true,
            }
        }
        false
    }

    fn line_end(&self) -> usize {
        self.bytes[self.at..].iter().position(|b| *b == b'\n').map_or(self.bytes.len(), |at| self.at + at)
    }

    fn statement(&mut self) -> Result<Entry, String> {
        self.skip_export();
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'=' | b':' | b'\n' => break,
                b'_' | b'.' | b'-' | b'[' | b']' => {}
                _ if is_space(byte) || byte.is_ascii_alphanumeric() || byte >= 0x80 => {}
                _ => return Err(self.wrong("a variable's name has an unexpected character")),
            }
            self.at += 1;
        }
        let name = String::from_utf8_lossy(self.bytes[start..self.at].trim_ascii_end()).into_owned();
        if name.contains(' ') || name.is_empty() {
            return Err(self.wrong("a variable's name is missing or has a space in it"));
        }
        if !matches!(self.peek(), Some(b'=' | b':')) {
            return Ok(Entry { name, value: None });
        }
        self.at += 1;
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
        let value = match self.peek() {
            Some(quote @ (b'"' | b'\'')) => self.quoted(quote)?,
            _ => self.unquoted(),
        };
        Ok(Entry { name, value: Some(value) })
    }

    fn skip_export(&mut self) {
        let Some(rest) = self.bytes[self.at..].strip_prefix(b"export") else { return };
        let spaces = rest.iter().take_while(|b| is_space(**b)).count();
        if spaces > 0 {
            self.at += b"export".len() + spaces;
        }
    }

    /// To the end of the line, or to ` #`.
    fn unquoted(&mut self) -> Value {
        let (start, end) = (self.at, self.line_end());
        let line = &self.bytes[start..end];
        // The blank before the first `#` may be the one after `=`, which was skipped.
        let comment_at_once = line.first() == Some(&b'#') && self.bytes[..start].last().is_some_and(|b| *b == b' ');
        let comment = if comment_at_once { Some(0) } else { line.windows(2).position(|pair| pair == b" #") };
        let value = line[..comment.unwrap_or(line.len())].trim_ascii_end();
        self.at = end;
        Value { place: start..start + value.len(), quote: None }
    }

    /// To the same quote, but for one behind a backslash; line breaks included.
    fn quoted(&mut self, quote: u8) -> Result<Value, String> {
        let opened = self.at;
        self.at += 1;
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => self.at += 2,
                _ if byte == quote => {
                    let place = start..self.at;
                    self.at += 1;
                    return Ok(Value { place, quote: Some(quote) });
                }
                _ => self.at += 1,
            }
        }
        self.at = opened;
        Err(self.wrong("a quoted value has no end"))
    }

    fn wrong(&self, what: &str) -> String {
        let line = self.bytes[..self.at].iter().filter(|b| **b == b'\n').count() + 1;
        format!(
            "The .env file is not right, and Compose would refuse it: line {line}: {what}. Correct it, then try again."
        )
    }
}

/// A blank that does not end the line.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c)
}
