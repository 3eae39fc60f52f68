//! Where a request came from: its id, and the caller's address.

use std::{
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};
use backstep_domain::Origin;
use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use tracing::Instrument as _;

use crate::http::HttpState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Gives each request an id, unless it brings one, tells where it came from, and puts the id on the answer.
pub async fn tell(State(state): State<HttpState>, mut request: Request, next: Next) -> Response {
    let id = sent_id(request.headers()).unwrap_or_else(|| state.usecases.ids.next());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let address = peer.map(|peer| caller_address(peer, request.headers(), &state.trusted_proxies));
    let address = address.map(|a| a.to_string()).unwrap_or_default();
    let span =
        tracing::info_span!("request", request_id = %id, method = %request.method(), path = %request.uri().path());
    request.extensions_mut().insert(Origin { address, request: id.clone(), token: None });
    let answer = async {
        let (began, quiet) = (Instant::now(), is_quiet(request.uri().path()));
        let response = next.run(request).await;
        let (status, ms) = (response.status(), u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        match status.as_u16() {
            status @ 500.. if !quiet => tracing::warn!(status, duration_ms = ms, "answered"),
            status if quiet => tracing::debug!(status, duration_ms = ms, "answered"),
            status => tracing::info!(status, duration_ms = ms, "answered"),
        }
        response
    };
    let mut response = answer.instrument(span).await;
    let id = HeaderValue::from_str(&id).expect("an id is plain ASCII");
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The id that a proxy in front, or the caller, gave the request: what it looks like is checked, not that nobody else has it.
fn sent_id(headers: &HeaderMap) -> Option<String> {
    let sent = headers.get(REQUEST_ID)?.to_str().ok()?;
    let sane = (8..=64).contains(&sent.len()) && sent.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    sane.then(|| sent.to_owned())
}

/// What is asked every few seconds, or with every page, is not worth a line.
fn is_quiet(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/startupz") || path.starts_with("/pkg/")
}

/// The address that called. Behind configured proxies it is the last one in `X-Forwarded-For` that is none of them;
/// from anybody else the header says nothing.
fn caller_address(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let trusted = |address: &IpAddr| proxies.iter().any(|net| net.contains(address));
    if !trusted(&peer) {
        return peer;
    }
    let forwarded = headers.get_all(FORWARDED_FOR).iter().filter_map(|h| h.to_str().ok());
    let chain: Vec<IpAddr> = forwarded.flat_map(|h| h.split(',')).filter_map(|a| a.trim().parse().ok()).collect();
    chain.iter().rev().find(|a| !trusted(a)).copied().unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
        }
        let proxies: Vec<IpNet> = proxies.iter().map(|p| p.parse().unwrap()).collect();
        caller_address(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn an_id_is_taken_over_if_it_is_one() {
        let taken = |sent: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(sent).unwrap());
            sent_id(&headers)
        };
        assert_eq!(taken(b"6fa459ea-ee8a_3ca4.89"), Some("6fa459ea-ee8a_3ca4.89".to_owned()));
        for bad in [
            &b""[..],
            b"short",
            b"with a space",
            b"quote\"quote",
            b"<script>alert",
            b"n\xc3\xa4mlich-dies",
            &[b'x'; 65],
        ] {
            assert_eq!(taken(bad), None, "{}", String::from_utf8_lossy(bad));
        }
        assert_eq!(sent_id(&HeaderMap::new()), None);
    }

    #[test]
    fn only_configured_proxies_are_believed() {
        assert_eq!(address("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(address("10.0.0.2", &["198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(address("10.0.0.2", &["6.6.6.6, 198.51.100.1, 10.0.0.3"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(address("10.0.0.2", &["6.6.6.6", "198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(address("10.0.0.2", &["nonsense"], &["10.0.0.0/8"]), "10.0.0.2");
    }
}
