//! The bulk API, over plain reqwest.
//!
//! Not the `elasticsearch` crate: its bulk support builds the same text, knows nothing of retries or of what a line's status
//! means, and comes with some 400 generated endpoints and a reqwest of its own version. This server has reqwest with rustls
//! already, for signing in; what is needed here is one POST.

use std::time::Duration;

use http::{StatusCode, header};
use jiff::{Timestamp, fmt::rfc2822};
use serde_json::Value;

use super::{
    answer::{self, Verdict},
    config::{BadExport, Settings},
    secret::Credentials,
};
use crate::outbound::{self, chain};

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Largest answer, in bytes; that to 5,000 lines which were all refused is below it.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;
/// What is read of an answer that is an error as a whole.
const ERROR_LIMIT: usize = 16 * 1024;

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What became of each line.
    Answered(Vec<Verdict>),
    /// Nothing is known about any line; to be sent again.
    Failed { error: String, retry_after: Option<Duration> },
    /// It is larger than the server, or something in front of it, takes.
    TooLarge,
}

/// The cluster.
#[derive(Clone, Debug)]
pub struct Bulk {
    client: reqwest::Client,
    url: reqwest::Url,
    credentials: Option<Credentials>,
}

impl Bulk {
    /// # Errors
    /// The connection cannot be set up.
    pub fn new(settings: &Settings) -> Result<Self, BadExport> {
        let client = outbound::client(settings.timeout, CONNECT_LIMIT)
            .tls_certs_merge(settings.authorities.clone())
            .build()
            .map_err(BadExport::Http)?;
        Ok(Self { client, url: settings.bulk_url.clone(), credentials: settings.credentials.clone() })
    }

    /// Sends a request of that many lines.
    pub async fn send(&self, body: Vec<u8>, lines: usize) -> Outcome {
        match self.exchange(body, lines).await {
            Ok(outcome) => outcome,
            // The address is known; a text with it could be taken for a secret, or be one.
            Err(error) => self.failed(&chain(&error.without_url()), None),
        }
    }

    async fn exchange(&self, body: Vec<u8>, lines: usize) -> Result<Outcome, reqwest::Error> {
        let mut request =
            self.client.post(self.url.clone()).header(header::CONTENT_TYPE, "application/x-ndjson").body(body);
        if let Some(credentials) = &self.credentials {
            request = request.header(header::AUTHORIZATION, credentials.header());
        }
        let mut response = request.send().await?;
        let status = response.status();
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            return Ok(Outcome::TooLarge);
        }
        let retry_after =
            response.headers().get(header::RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?));
        let limit = if status.is_success() { ANSWER_LIMIT } else { ERROR_LIMIT };
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > limit {
                break;
            }
        }
        if !status.is_success() {
            return Ok(self.failed(&format!("{status}{}", said(&body)), retry_after));
        }
        Ok(match answer::verdicts(&body, lines) {
            Ok(verdicts) => Outcome::Answered(verdicts.into_iter().map(|verdict| self.hidden(verdict)).collect()),
            Err(error) => self.failed(&error, retry_after),
        })
    }

    fn failed(&self, error: &str, retry_after: Option<Duration>) -> Outcome {
        Outcome::Failed { error: self.hide(error), retry_after }
    }

    fn hidden(&self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::There => Verdict::There,
            Verdict::Later(why) => Verdict::Later(self.hide(&why)),
            Verdict::Never(why) => Verdict::Never(self.hide(&why)),
        }
    }

    /// Whatever a cluster, or what stands before it, answers: no secret gets into a log or onto a page.
    fn hide(&self, text: &str) -> String {
        self.credentials.as_ref().map_or_else(|| text.to_owned(), |credentials| credentials.hide(text))
    }
}

/// Seconds, or a date.
fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = rfc2822::parse(value).ok()?.timestamp();
    // A date is by the clock of whoever wrote it; this machine's is as near as any other.
    let seconds = at.duration_since(Timestamp::now()).as_secs();
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

/// `: security_exception: missing credentials`, if it is in the shape of Elasticsearch's errors.
fn said(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body.get("error").map(|error| format!(": {}", answer::reason(error))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_when_in_seconds_or_as_a_date() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), None, "it is past");
        let far = retry_after("Wed, 21 Oct 2099 07:28:00 GMT").unwrap();
        assert!(far > Duration::from_secs(86_400 * 365));
        assert_eq!(retry_after("soon"), None);
    }
}
