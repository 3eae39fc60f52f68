//! Requests with an `Idempotency-Key`: one at a time, and a replay says that it is one.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use backstep_domain::{Problem, ProblemCode};
use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};
use sha2::{Digest, Sha256};

use super::ApiProblem;
use crate::usecases::Replayed;

pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The keys whose requests this server is working on. Another server's are kept apart by the database: whoever comes second
/// there waits for the first, and is then answered as it was.
#[derive(Clone, Default)]
pub struct InWork(Arc<Mutex<HashSet<[u8; 32]>>>);

/// A key at work, until this is dropped: also where the caller has gone away.
struct AtWork {
    all: InWork,
    key: [u8; 32],
}

impl InWork {
    fn begin(&self, key: [u8; 32]) -> Option<AtWork> {
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        new.then(|| AtWork { all: self.clone(), key })
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// Refuses a request whose key is being worked on, and marks the answer of one that was done before.
pub async fn one_at_a_time(State(all): State<InWork>, mut request: Request, next: Next) -> Response {
    let Some(key) = key_of(request.headers()) else { return next.run(request).await };
    let Some(_at_work) = all.begin(key) else {
        let message = "A request with this Idempotency-Key is being worked on. Send it again in a second: then it is \
                       answered as the first one was.";
        return ApiProblem::from(Problem::new(ProblemCode::InProgress, message)).into_response();
    };
    let replayed = Replayed::default();
    request.extensions_mut().insert(replayed.clone());
    let mut response = next.run(request).await;
    if replayed.is_set() {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// Keys are the caller's own.
fn key_of(headers: &HeaderMap) -> Option<[u8; 32]> {
    let key = headers.get(KEY)?;
    let caller = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    Some(Sha256::new().chain_update(Sha256::digest(caller)).chain_update(key.as_bytes()).finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_at_work_once_and_free_again_afterwards() {
        let all = InWork::default();
        let first = all.begin([1; 32]);
        assert!(first.is_some() && all.begin([1; 32]).is_none());
        assert!(all.begin([2; 32]).is_some());
        drop(first);
        assert!(all.begin([1; 32]).is_some());
    }

    #[test]
    fn a_key_is_the_callers_own() {
        let of = |caller: &str, key: &str| {
            let headers = [(AUTHORIZATION, caller), (KEY, key)].map(|(name, text)| (name, text.parse().unwrap()));
            key_of(&headers.into_iter().collect()).unwrap()
        };
        assert_eq!(of("Bearer a", "k"), of("Bearer a", "k"));
        assert_ne!(of("Bearer a", "k"), of("Bearer b", "k"));
        assert_ne!(of("Bearer a", "k"), of("Bearer a", "l"));
        assert_eq!(key_of(&HeaderMap::new()), None);
    }
}
