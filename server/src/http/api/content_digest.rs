//! `Content-Digest: sha-256=:BASE64:` (RFC 9530): what the sender computed, so that damage on the way is seen.

use backstep_domain::Problem;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderMap;

const HELP: &str = "Send `Content-Digest: sha-256=:BASE64:`, the sha256 of the archive (RFC 9530), or leave it out.";

/// The sha256 in hexadecimal; `None` if the header is missing. Other algorithms beside it are not looked at.
pub fn expected_sha256(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(header) = headers.get("content-digest") else { return Ok(None) };
    let members = header.to_str().unwrap_or_default().split(',');
    let digest = members
        .filter_map(|member| member.trim().split_once('='))
        .find(|(algorithm, _)| *algorithm == "sha-256")
        .and_then(|(_, value)| value.strip_prefix(':')?.strip_suffix(':'))
        .and_then(|base64| STANDARD.decode(base64).ok())
        .filter(|bytes| bytes.len() == 32);
    digest.map(|bytes| Some(hex::encode(bytes))).ok_or_else(|| Problem::invalid("Content-Digest", HELP))
}

/// The header's value for a sha256 in hexadecimal; `None` if it is none.
pub fn header_value(sha256: &str) -> Option<String> {
    let bytes = hex::decode(sha256).ok().filter(|bytes| bytes.len() == 32)?;
    Some(format!("sha-256=:{}:", STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<Option<String>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert("content-digest", value.parse().unwrap());
        expected_sha256(&headers)
    }

    #[test]
    fn is_read_as_it_was_written() {
        let sha256 = "a3".repeat(32);
        let value = header_value(&sha256).unwrap();
        assert_eq!(read(&value), Ok(Some(sha256.clone())));
        assert_eq!(read(&format!("sha-512=:AAAA:, {value}")), Ok(Some(sha256)));
        assert_eq!(expected_sha256(&HeaderMap::new()), Ok(None));
    }

    #[test]
    fn a_header_without_a_sha256_is_refused() {
        for bad in ["", "sha-256=abc", "sha-256=:abc:", "sha-256=:YWJj:", "sha-512=:AAAA:"] {
            assert_eq!(read(bad).unwrap_err().field.as_deref(), Some("Content-Digest"), "{bad}");
        }
    }
}
