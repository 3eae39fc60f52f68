//! Where a request came from: its id, and the caller's address.

use std::net::{IpAddr, SocketAddr};

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

/// Gives each request an id, tells where it came from, and puts the id on the answer.
pub async fn tell(State(state): State<HttpState>, mut request: Request, next: Next) -> Response {
    let id = state.usecases.ids.next();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let address = peer.map(|peer| caller_address(peer, request.headers(), &state.trusted_proxies));
    let address = address.map(|a| a.to_string()).unwrap_or_default();
    let span = tracing::info_span!("request", id = %id, method = %request.method(), path = %request.uri().path());
    request.extensions_mut().insert(Origin { address, request: id.clone(), token: None });
    let mut response = next.run(request).instrument(span).await;
    let id = HeaderValue::from_str(&id).expect("an id is plain ASCII");
    response.headers_mut().insert(REQUEST_ID, id);
    response
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
    fn only_configured_proxies_are_believed() {
        assert_eq!(address("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(address("10.0.0.2", &["198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(address("10.0.0.2", &["6.6.6.6, 198.51.100.1, 10.0.0.3"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(address("10.0.0.2", &["6.6.6.6", "198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(address("10.0.0.2", &["nonsense"], &["10.0.0.0/8"]), "10.0.0.2");
    }
}
