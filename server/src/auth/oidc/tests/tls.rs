//! A provider behind https: its certificate has to come from somebody who is trusted.

use std::{fs, io, net::SocketAddr, sync::Arc};

use axum::{Router, serve::Listener};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto, pki_types::PrivateKeyDer},
    server::TlsStream,
};

use super::{browser::Browser, provider::Provider};

/// Connections that got through the handshake.
struct Tls {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, address) = self.tcp.accept().await.unwrap();
            // A client that does not trust the certificate breaks off here.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// Serves with a certificate for this address; answers where, and the authority that signed it (PEM).
pub(crate) async fn serve(certified: &str, router: impl FnOnce(&str) -> Router) -> (String, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([certified.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let crypto = Arc::new(crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(crypto).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key);
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", tcp.local_addr().unwrap());
    let listener = Tls { tcp, acceptor: TlsAcceptor::from(Arc::new(config.unwrap())) };
    let router = router(&address);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, authority.pem())
}

async fn provider(certified: &str) -> (Provider, String) {
    let mut provider = None;
    let (_, authority) = serve(certified, |address| provider.insert(Provider::new(address.to_owned())).router()).await;
    (provider.expect("it was made before it was served"), authority)
}

async fn sign_in(provider: Provider, authority: Option<String>) -> Result<(), &'static str> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    let more = authority.map(|pem| {
        fs::write(&file, pem).unwrap();
        format!("ca_file = '{}'\n", file.display())
    });
    let browser = Browser::with(provider, &more.unwrap_or_default()).await;
    match browser.oidc.begin(None, "192.0.2.1").await {
        Ok(_) => browser.sign_in().await.map(|_| ()).map_err(|e| e.code()),
        Err(error) => Err(error.code()),
    }
}

#[tokio::test]
async fn an_authority_of_ones_own() {
    let (its, authority) = provider("127.0.0.1").await;
    assert_eq!(sign_in(its, Some(authority)).await, Ok(()));
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts() {
    let (its, _) = provider("127.0.0.1").await;
    assert_eq!(sign_in(its.clone(), None).await, Err("provider_unreachable"));
    let (_, anothers) = provider("127.0.0.1").await;
    assert_eq!(sign_in(its, Some(anothers)).await, Err("provider_unreachable"));
}

#[tokio::test]
async fn a_certificate_for_somewhere_else() {
    let (its, authority) = provider("login.example").await;
    assert_eq!(sign_in(its, Some(authority)).await, Err("provider_unreachable"));
}
