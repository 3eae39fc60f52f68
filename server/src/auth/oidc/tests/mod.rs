//! Sign-in against a small provider whose every answer a test chooses. The real one is in end2end/tests/oidc.spec.ts.

mod arrived;
mod browser;
mod jwt;
mod keys;
mod provider;
mod refused;
mod signed_in;
pub(crate) mod tls;
mod transport;
