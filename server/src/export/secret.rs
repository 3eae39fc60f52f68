//! How the exporter says who it is, without ever showing it.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;

/// What is sent as `Authorization`. Its `Debug` hides it, and it takes itself out of what is shown.
#[derive(Clone)]
pub struct Credentials {
    header: HeaderValue,
    /// All spellings of it that an answer could bring back.
    hidden: Vec<String>,
}

impl Credentials {
    /// The key as Elasticsearch shows it once: `id:api_key` in base64. The two with a colon are taken too.
    ///
    /// `None` if it cannot be in a header.
    pub fn api_key(key: &str) -> Option<Self> {
        let encoded = if key.contains(':') { STANDARD.encode(key) } else { key.to_owned() };
        let mut hidden = vec![key.to_owned(), encoded.clone()];
        if let Some(pair) = STANDARD.decode(&encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            hidden.extend(pair.split_once(':').map(|(_, secret)| secret.to_owned()));
            hidden.push(pair);
        }
        Self::new(&format!("ApiKey {encoded}"), hidden)
    }

    pub fn basic(name: &str, password: &str) -> Option<Self> {
        let pair = format!("{name}:{password}");
        let encoded = STANDARD.encode(&pair);
        Self::new(&format!("Basic {encoded}"), vec![pair, encoded, password.to_owned()])
    }

    fn new(header: &str, mut hidden: Vec<String>) -> Option<Self> {
        let mut header = HeaderValue::from_str(header).ok()?;
        header.set_sensitive(true);
        hidden.retain(|text| !text.is_empty());
        // The longest first: a part taken out of it would leave the rest.
        hidden.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Some(Self { header, hidden })
    }

    pub fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// A text from outside, without what must not be seen.
    pub fn hide(&self, text: &str) -> String {
        self.hidden.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "(hidden)"))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_in_both_ways_of_writing_and_shown_in_none() {
        let pair = "VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw";
        let encoded = STANDARD.encode(pair);
        for written in [pair, encoded.as_str()] {
            let key = Credentials::api_key(written).unwrap();
            assert_eq!(key.header().to_str().unwrap(), format!("ApiKey {encoded}"));
            let echoed = format!("no: {encoded} {pair} ui2lp2axTNmsyakw9tvNnw {key:?} {:?}", key.header());
            let shown = key.hide(&echoed);
            assert!(!shown.contains("ui2lp2") && !shown.contains(&encoded[..20]), "{shown}");
        }
        let basic = Credentials::basic("elastic", "changeme-4711").unwrap();
        assert!(!basic.hide("Basic ZWxhc3RpYzpjaGFuZ2VtZS00NzEx changeme-4711").contains("4711"));
        assert!(!basic.hide("ZWxhc3RpYzpjaGFuZ2VtZS00NzEx").contains("ZWxh"));
        assert!(Credentials::api_key("two\nlines").is_none());
    }
}
