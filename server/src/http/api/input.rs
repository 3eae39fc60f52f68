use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use backstep_domain::{Problem, ProblemCode};
use futures::StreamExt;
use http::{HeaderMap, Method};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::{ApiProblem, ApiState, idempotency::KEY};
use crate::usecases::{IdempotencyKey, Replayed};

/// Bytes of a JSON body. Uploads are streams and have the limits of DAG bundles instead.
const BODY_LIMIT: usize = 1_000_000;

/// A JSON body, read strictly: an unknown field is an error that names it, not something silently ignored.
pub struct Input<T> {
    pub body: T,
    /// `Idempotency-Key`, with a hash of method, path and body.
    pub key: Option<IdempotencyKey>,
}

impl<T: DeserializeOwned> FromRequest<ApiState> for Input<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, _: &ApiState) -> Result<Self, ApiProblem> {
        let (parts, body) = request.into_parts();
        let bytes = whole(body).await?;
        let mut key = idempotency_key(&parts.headers, &parts.method, parts.uri.path(), &bytes)?;
        if let (Some(key), Some(replayed)) = (&mut key, parts.extensions.get::<Replayed>()) {
            key.replayed = replayed.clone();
        }
        Ok(Self { body: parse(&bytes)?, key })
    }
}

async fn whole(body: Body) -> Result<Vec<u8>, Problem> {
    let (mut stream, mut bytes) = (body.into_data_stream(), Vec::new());
    while let Some(chunk) = stream.next().await {
        bytes.extend(chunk.map_err(|_| Problem::new(ProblemCode::Invalid, "The body broke off. Send it again."))?);
        if bytes.len() > BODY_LIMIT {
            return Err(Problem::new(ProblemCode::TooLarge, "The body is larger than 1 MB."));
        }
    }
    Ok(bytes)
}

/// An empty body is an empty object.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = if bytes.trim_ascii().is_empty() { b"{}" } else { bytes };
    let mut json = serde_json::Deserializer::from_slice(text);
    let body = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let message = without_place(&error.inner().to_string());
        match unknown_or_missing(&message) {
            Some(name) => Problem::invalid(&field(&path, name), sentence(&message)),
            // The path is "?" where the body is no JSON, and "." where it is no object.
            None if path == "." || path == "?" => {
                Problem::new(ProblemCode::Invalid, format!("The body is not right: {message}."))
            }
            None => Problem::invalid(&path, format!("`{path}` is not right: {message}.")),
        }
    })?;
    json.end().map_err(|_| Problem::new(ProblemCode::Invalid, "The body is more than one JSON value."))?;
    Ok(body)
}

/// Without ` at line 1 column 12`, which says nothing of a body that a program wrote.
fn without_place(message: &str) -> String {
    message.split_once(" at line ").map_or(message, |(before, _)| before).to_owned()
}

/// The field that serde names in "unknown field `x`" and "missing field `x`".
fn unknown_or_missing(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("unknown field `").or_else(|| message.strip_prefix("missing field `"))?;
    rest.split_once('`').map(|(name, _)| name)
}

/// The path leads to an unknown field itself, but only to the object that misses one.
fn field(path: &str, name: &str) -> String {
    match path {
        "." => name.to_owned(),
        path if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        path => format!("{path}.{name}"),
    }
}

fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// 1 to 255 visible ASCII characters. Two calls are the same if method, path and body are.
fn idempotency_key(
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    body: &[u8],
) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let visible = |bytes: &[u8]| bytes.iter().all(|b| b.is_ascii_graphic());
    let bytes = value.as_bytes();
    if bytes.is_empty() || bytes.len() > 255 || !visible(bytes) {
        return Err(Problem::invalid("Idempotency-Key", "An Idempotency-Key is 1 to 255 visible ASCII characters."));
    }
    let mut hasher = Sha256::new();
    for part in [method.as_str().as_bytes(), b"\n", path.as_bytes(), b"\n", body] {
        hasher.update(part);
    }
    let key = String::from_utf8(bytes.to_vec()).expect("visible ASCII is UTF-8");
    Ok(Some(IdempotencyKey { key, body_hash: hex::encode(hasher.finalize()), replayed: Replayed::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::api::dto::{CreateDeploy, FinalizeDeploy};

    fn refused(body: &str) -> (Option<String>, String) {
        let problem = parse::<CreateDeploy>(body.as_bytes()).unwrap_err();
        assert_eq!(problem.code, ProblemCode::Invalid);
        (problem.field, problem.message)
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_not_read_to_its_end() {
        assert_eq!(whole(Body::from(vec![b' '; BODY_LIMIT])).await.unwrap().len(), BODY_LIMIT);
        let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>("0123456789"));
        assert_eq!(whole(Body::from_stream(endless)).await.unwrap_err().code, ProblemCode::TooLarge);
    }

    #[test]
    fn an_unknown_field_is_named() {
        let (field, message) = refused(r#"{"type": "DAG_ONLY", "dagz": 1}"#);
        assert_eq!(field.as_deref(), Some("dagz"));
        assert!(message.starts_with("Unknown field `dagz`, expected one of `type`"), "{message}");
        let (field, _) = refused(r#"{"type": "DAG_ONLY", "git": {"commitSha": "a", "shoe": 1}}"#);
        assert_eq!(field.as_deref(), Some("git.shoe"));
    }

    #[test]
    fn a_missing_and_a_wrong_field_are_named() {
        assert_eq!(refused("{}").0.as_deref(), Some("type"));
        assert_eq!(refused(r#"{"type": "DAG_ONLY", "git": {}}"#).0.as_deref(), Some("git.commitSha"));
        assert_eq!(refused(r#"{"type": "DAG_ONLY", "git": {"commitSha": 4}}"#).0.as_deref(), Some("git.commitSha"));
        let (field, message) = refused(r#"{"type": "DAGS"}"#);
        assert_eq!(field.as_deref(), Some("type"));
        assert!(message.contains("`IMAGE_AND_DAG`"), "{message}");
    }

    #[test]
    fn what_is_no_json_is_refused() {
        assert_eq!(refused("{").0, None);
        assert_eq!(refused(r#"{"type": "DAG_ONLY"} {}"#).1, "The body is more than one JSON value.");
    }

    #[test]
    fn no_body_is_an_empty_object() {
        assert_eq!(parse::<FinalizeDeploy>(b" ").unwrap(), FinalizeDeploy::default());
    }

    fn key(value: &[u8], path: &str, body: &'static [u8]) -> Result<Option<IdempotencyKey>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(KEY, http::HeaderValue::from_bytes(value).unwrap());
        idempotency_key(&headers, &Method::POST, path, body)
    }

    #[test]
    fn a_key_knows_path_and_body() {
        let hash = |path, body| key(b"k", path, body).unwrap().unwrap().body_hash;
        assert_eq!(hash("/a", b"{}"), hash("/a", b"{}"));
        assert_ne!(hash("/a", b"{}"), hash("/b", b"{}"));
        assert_ne!(hash("/a", b"{}"), hash("/a", b"{ }"));
    }

    #[test]
    fn a_key_is_short_and_visible() {
        assert!(key(&[b'k'; 255], "/", b"").is_ok());
        for bad in [&b""[..], &[b'k'; 256], b"a b", b"\xff"] {
            assert_eq!(key(bad, "/", b"").unwrap_err().field.as_deref(), Some("Idempotency-Key"));
        }
    }
}
