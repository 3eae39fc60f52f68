//! The connection to the provider: bounded in time and size, and never led elsewhere.

use std::{future::Future, pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, url::Url};

use super::config::{BadOidc, Settings};
use crate::outbound::{self, BadAuthorities, chain, is_loopback};

/// A provider that has not answered by then counts as down.
const TIME_LIMIT: Duration = Duration::from_secs(10);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Largest answer, in bytes. A discovery document with its keys is a few kilobytes.
const SIZE_LIMIT: usize = 1024 * 1024;

/// What openidconnect sends its requests through.
#[derive(Clone, Debug)]
pub struct ProviderHttp {
    client: reqwest::Client,
    /// The issuer is a plain http address on this machine, so its endpoints may be too.
    plain_loopback: bool,
}

/// A request to the provider that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum HttpFailure {
    #[error("{0} is not https")]
    Plain(String),
    #[error("no answer within {} s", TIME_LIMIT.as_secs())]
    Timeout,
    #[error("the answer is larger than 1 MB")]
    TooLarge,
    #[error("{}", chain(.0))]
    Connection(reqwest::Error),
    #[error("the request cannot be made: {0}")]
    Request(#[from] http::Error),
}

impl From<reqwest::Error> for HttpFailure {
    fn from(error: reqwest::Error) -> Self {
        // The address may carry a code or a token in its query.
        if error.is_timeout() { Self::Timeout } else { Self::Connection(error.without_url()) }
    }
}

impl ProviderHttp {
    /// # Errors
    /// `ca_file` cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, BadOidc> {
        let mut builder = outbound::client(TIME_LIMIT, CONNECT_LIMIT);
        if let Some(path) = &settings.ca_file {
            let authorities = outbound::authorities(path).map_err(|bad| match bad {
                BadAuthorities::Unreadable(error) => BadOidc::CaFile { path: path.clone(), error },
                BadAuthorities::None => BadOidc::Ca(path.clone()),
            })?;
            builder = builder.tls_certs_merge(authorities);
        }
        let issuer = settings.issuer.url();
        let plain_loopback = issuer.scheme() == "http" && is_loopback(issuer);
        Ok(Self { client: builder.build().map_err(BadOidc::Http)?, plain_loopback })
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let (parts, body) = request.into_parts();
        let address = parts.uri.to_string();
        if !self.permits(&address) {
            return Err(HttpFailure::Plain(address));
        }
        let request = self.client.request(parts.method, address).headers(parts.headers).body(body);
        let mut response = request.send().await?;
        let mut answer = http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > SIZE_LIMIT {
                return Err(HttpFailure::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(answer.body(body)?)
    }

    /// https, or plain http on this machine if the issuer is there too.
    pub fn permits(&self, address: &str) -> bool {
        let Ok(url) = Url::parse(address) else { return false };
        url.scheme() == "https" || (self.plain_loopback && url.scheme() == "http" && is_loopback(&url))
    }
}

impl<'c> AsyncHttpClient<'c> for ProviderHttp {
    type Error = HttpFailure;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFailure>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
