//! Connections that this server opens itself: to the identity provider, and to where log lines are exported.

use std::{error::Error, fs, io, net::IpAddr, path::Path, time::Duration};

use reqwest::{Certificate, Client, ClientBuilder, Url, redirect};

/// Why a file of certificates cannot be used.
#[derive(Debug)]
pub enum BadAuthorities {
    Unreadable(io::Error),
    /// It holds none in PEM form.
    None,
}

/// A client that is bounded in time and never led elsewhere: a redirect would take credentials along.
pub fn client(within: Duration, connect_within: Duration) -> ClientBuilder {
    Client::builder()
        .timeout(within)
        .connect_timeout(connect_within)
        .redirect(redirect::Policy::none())
        .user_agent(concat!("backstep/", env!("CARGO_PKG_VERSION")))
}

/// The certificates (PEM) of authorities that are trusted beside the public ones.
///
/// # Errors
/// The file cannot be read, or holds none.
pub fn authorities(path: &Path) -> Result<Vec<Certificate>, BadAuthorities> {
    let pem = fs::read(path).map_err(BadAuthorities::Unreadable)?;
    let authorities = Certificate::from_pem_bundle(&pem).unwrap_or_default();
    if authorities.is_empty() { Err(BadAuthorities::None) } else { Ok(authorities) }
}

/// An error with its causes: reqwest's own text is only "error sending request".
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// An address that does not leave this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}
