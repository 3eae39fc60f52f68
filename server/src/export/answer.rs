//! What the bulk API answers.

use serde::Deserialize;
use serde_json::Value;

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the index; also if it was before.
    There,
    /// Not now.
    Later(String),
    /// Not as it is.
    Never(String),
}

#[derive(Deserialize)]
struct Answer {
    items: Vec<Value>,
}

#[derive(Deserialize)]
struct Item {
    status: u16,
    #[serde(default)]
    error: Value,
}

/// One verdict a line, in their order.
///
/// # Errors
/// It is not the answer to a request of that many lines: nothing is known about any.
pub fn verdicts(body: &[u8], lines: usize) -> Result<Vec<Verdict>, String> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|error| format!("the answer is no bulk answer: {error}"))?;
    if answer.items.len() != lines {
        return Err(format!("the answer is about {} lines, {lines} were sent", answer.items.len()));
    }
    answer.items.iter().map(verdict).collect()
}

/// `{"create": {"status": 201}}`
fn verdict(item: &Value) -> Result<Verdict, String> {
    let one = item.as_object().and_then(|item| item.values().next()).unwrap_or(&Value::Null);
    let Item { status, error } =
        Item::deserialize(one).map_err(|_| "the answer has a line without a status".to_owned())?;
    let reason = || format!("{status}: {}", reason(&error));
    Ok(match status {
        200..=299 | 409 => Verdict::There,
        429 | 500..=599 => Verdict::Later(reason()),
        // Not the line's fault: it may be right once an operator has changed something.
        401 | 403 | 404 => Verdict::Later(reason()),
        400 if is_the_clusters(&error) => Verdict::Later(reason()),
        _ => Verdict::Never(reason()),
    })
}

/// 400 that says something of the cluster and nothing of the document: an index that is closed, or cannot be made because
/// there are as many shards as may be.
fn is_the_clusters(error: &Value) -> bool {
    matches!(
        error.get("type").and_then(Value::as_str),
        Some("validation_exception" | "index_closed_exception" | "cluster_block_exception")
    )
}

/// `mapper_parsing_exception: failed to parse field [x]`, with what caused it.
pub fn reason(error: &Value) -> String {
    let text = |error: &Value| {
        let part = |name| error.get(name).and_then(Value::as_str);
        match (part("type"), part("reason")) {
            (Some(kind), Some(reason)) => Some(format!("{kind}: {reason}")),
            (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
            (None, None) => error.as_str().map(str::to_owned),
        }
    };
    let said = text(error).unwrap_or_else(|| "no reason given".to_owned());
    match error.get("caused_by").and_then(text) {
        Some(cause) => format!("{said}; caused by {cause}"),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(item: &str) -> Verdict {
        let body = format!(r#"{{"errors":true,"items":[{{"create":{item}}}]}}"#);
        verdicts(body.as_bytes(), 1).unwrap().remove(0)
    }

    #[test]
    fn a_line_that_is_there_already_is_there() {
        assert_eq!(one(r#"{"status":201}"#), Verdict::There);
        assert_eq!(
            one(r#"{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"x"}}"#),
            Verdict::There
        );
    }

    #[test]
    fn only_what_is_wrong_with_the_line_itself_is_final() {
        let mapping = r#"{"status":400,"error":{"type":"document_parsing_exception","reason":"failed to parse field [event]",
            "caused_by":{"type":"illegal_argument_exception","reason":"object"}}}"#;
        let Verdict::Never(why) = one(mapping) else { panic!() };
        assert!(why.contains("field [event]") && why.contains("caused by illegal_argument_exception"), "{why}");
        for later in [
            r#"{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"full"}}"#,
            r#"{"status":503,"error":{"type":"unavailable_shards_exception","reason":"no"}}"#,
            r#"{"status":403,"error":{"type":"security_exception","reason":"no"}}"#,
            r#"{"status":404,"error":{"type":"index_not_found_exception","reason":"no"}}"#,
            r#"{"status":400,"error":{"type":"validation_exception","reason":"maximum normal shards open"}}"#,
        ] {
            assert!(matches!(one(later), Verdict::Later(_)), "{later}");
        }
    }

    #[test]
    fn an_answer_that_does_not_fit_says_nothing_about_any_line() {
        for bad in [&b"<html>"[..], b"{}", br#"{"items":[]}"#, br#"{"items":[{"create":{}}]}"#, br#"{"items":[1]}"#] {
            assert!(verdicts(bad, 1).is_err(), "{}", String::from_utf8_lossy(bad));
        }
        assert!(verdicts(br#"{"items":[{"create":{"status":201}},{"create":{"status":201}}]}"#, 1).is_err());
    }
}
