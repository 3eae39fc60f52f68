//! What is known about the provider: its endpoints and its keys, fetched when needed and kept for a while.

use std::sync::Arc;

use backstep_domain::{HOUR, Millis};
use openidconnect::{DiscoveryError, IssuerUrl, JsonWebKeySet};
use tokio::sync::Mutex;

use super::{
    error::OidcError,
    http::{HttpFailure, ProviderHttp},
    types::Metadata,
};

/// The description is fetched again after this long.
const KEEP_MS: i64 = HOUR;

/// Keys are fetched again for a key that is not known, but not more often than this: anybody can send a key id.
const KEYS_EVERY_MS: i64 = 30_000;

/// After a failure the provider is left alone for this long, and everybody is told at once.
const RETRY_AFTER_MS: i64 = 3_000;

/// The provider. One request to it at a time: those who wait get what the first one fetched.
#[derive(Debug)]
pub struct Provider {
    issuer: IssuerUrl,
    http: ProviderHttp,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    metadata: Option<Arc<Metadata>>,
    fetched_at: Option<Millis>,
    keys_at: Option<Millis>,
    failed: Option<(Millis, Failure)>,
}

#[derive(Clone, Debug)]
enum Failure {
    Unreachable(String),
    Description(String),
}

impl From<Failure> for OidcError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable(detail) => Self::Unreachable(detail),
            Failure::Description(detail) => Self::Description(detail),
        }
    }
}

impl Provider {
    pub fn new(issuer: IssuerUrl, http: ProviderHttp) -> Self {
        Self { issuer, http, known: Mutex::default() }
    }

    pub fn http(&self) -> &ProviderHttp {
        &self.http
    }

    /// Endpoints and keys, at most an hour old; older ones while the provider does not answer.
    pub async fn metadata(&self, now: Millis) -> Result<Arc<Metadata>, OidcError> {
        let mut known = self.known.lock().await;
        if let (Some(metadata), true) = (&known.metadata, is_within(known.fetched_at, now, KEEP_MS)) {
            return Ok(metadata.clone());
        }
        let failure = match &known.failed {
            Some((at, failure)) if is_within(Some(*at), now, RETRY_AFTER_MS) => failure.clone(),
            _ => match self.discover().await {
                Ok(metadata) => {
                    let metadata = Arc::new(metadata);
                    let at = Some(now);
                    *known = Known { metadata: Some(metadata.clone()), fetched_at: at, keys_at: at, failed: None };
                    return Ok(metadata);
                }
                Err(failure) => {
                    known.failed = Some((now, failure.clone()));
                    failure
                }
            },
        };
        match &known.metadata {
            Some(old) => {
                tracing::warn!(?failure, "the sign-in provider's description is not renewed; the last one is used");
                Ok(old.clone())
            }
            None => Err(failure.into()),
        }
    }

    /// The same with keys that are newer than these, for a token whose key is not among them; `None` if they were
    /// fetched just now.
    pub async fn newer_keys(&self, than: &Arc<Metadata>, now: Millis) -> Result<Option<Arc<Metadata>>, OidcError> {
        let mut known = self.known.lock().await;
        if let Some(metadata) = known.metadata.as_ref().filter(|m| !Arc::ptr_eq(m, than)) {
            return Ok(Some(metadata.clone()));
        }
        if is_within(known.keys_at, now, KEYS_EVERY_MS) {
            return Ok(None);
        }
        known.keys_at = Some(now);
        let keys = JsonWebKeySet::fetch_async(than.jwks_uri(), &self.http).await.map_err(failure_of)?;
        let metadata = Arc::new(Metadata::clone(than).set_jwks(keys));
        known.metadata = Some(metadata.clone());
        Ok(Some(metadata))
    }

    async fn discover(&self) -> Result<Metadata, Failure> {
        let metadata = Metadata::discover_async(self.issuer.clone(), &self.http).await.map_err(failure_of)?;
        self.check_endpoints(&metadata).map_err(Failure::Description)?;
        Ok(metadata)
    }

    /// Everything that a person, a code or a secret is sent to goes over https, as the issuer does.
    fn check_endpoints(&self, metadata: &Metadata) -> Result<(), String> {
        let token = metadata.token_endpoint().ok_or("there is no token_endpoint")?;
        let more = metadata.additional_metadata();
        let endpoints = [
            Some(metadata.authorization_endpoint().as_str()),
            Some(token.as_str()),
            metadata.userinfo_endpoint().map(|e| e.as_str()),
            more.end_session_endpoint.as_ref().map(|e| e.as_str()),
        ];
        match endpoints.into_iter().flatten().find(|endpoint| !self.http.permits(endpoint)) {
            Some(plain) => Err(HttpFailure::Plain(plain.to_owned()).to_string()),
            None => Ok(()),
        }
    }
}

fn is_within(at: Option<Millis>, now: Millis, ms: i64) -> bool {
    at.is_some_and(|at| now.0 - at.0 < ms)
}

fn failure_of(error: DiscoveryError<HttpFailure>) -> Failure {
    match error {
        // A plain endpoint stays one, however often it is asked for.
        DiscoveryError::Request(error @ HttpFailure::Plain(_)) => Failure::Description(error.to_string()),
        DiscoveryError::Request(error) => Failure::Unreachable(error.to_string()),
        DiscoveryError::Response(status, _, what) if status.is_server_error() => Failure::Unreachable(what),
        DiscoveryError::Response(_, _, what) | DiscoveryError::Validation(what) => Failure::Description(what),
        DiscoveryError::Parse(error) => Failure::Description(error.to_string()),
        other => Failure::Description(other.to_string()),
    }
}
