//! Desks behind TLS: chains that a phone takes, and those that only a browser does.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::sync::Arc;

use common::{desk_of, of, reading, verdict, whole};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use sandbox::{DeskVersion, Sandbox};
use shopbell_doctor::{
    Options, Report,
    Verdict::{Ok as Fine, Skip, Stop, Warn},
    examine,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use url::Url;

/// A root that the phone trusts, an authority below it, and a server of that.
struct Chain {
    root: CertifiedIssuer<'static, KeyPair>,
    between: CertifiedIssuer<'static, KeyPair>,
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

impl Chain {
    fn new() -> Self {
        Self::named("Root")
    }

    fn named(name: &str) -> Self {
        let key = || KeyPair::generate().unwrap();
        let root = CertifiedIssuer::self_signed(authority(name), key()).unwrap();
        let between = CertifiedIssuer::signed_by(authority(&format!("Below {name}")), key(), &root).unwrap();
        Self { root, between }
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone()).unwrap();
        Arc::new(roots)
    }

    /// A server's certificate and key, good until the first of January of that year.
    fn server(&self, name: &str, until: i32) -> (CertificateDer<'static>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let certificate = server_params(name, until).signed_by(&key, &self.between).unwrap();
        (certificate.der().clone(), key)
    }
}

fn server_params(name: &str, until: i32) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(1990, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    params
}

/// Puts TLS before a desk; gives the address.
async fn front(desk: &Sandbox, chain: Vec<CertificateDer<'static>>, key: &KeyPair, protocols: &[&[u8]]) -> String {
    let mut server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    server.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let inside = Url::parse(&desk.url()).unwrap().port().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut desk = TcpStream::connect(("127.0.0.1", inside)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut desk).await;
            });
        }
    });
    url
}

async fn report(desk: &Sandbox, chain: &Chain, sent: Vec<CertificateDer<'static>>, key: &KeyPair) -> Report {
    let url = front(desk, sent, key, &[b"http/1.1"]).await;
    let options = Options { roots: chain.roots(), ..Options::new(&url, desk.inbox_identifier()).unwrap() };
    examine(&options).await
}

#[tokio::test]
async fn desk_with_the_whole_chain_is_examined_to_the_end() {
    let (desk, chain) = (desk_of(DeskVersion::V4_15_1).await, Chain::new());
    let (server, key) = chain.server("localhost", 4000);
    let url = front(&desk, vec![server, chain.between.der().clone()], &key, &[b"h2", b"http/1.1"]).await;
    // `whole` writes, too: everything, the socket included, goes through TLS.
    let options = Options { desk: Url::parse(&url).unwrap(), roots: chain.roots(), help_center: None, ..whole(&desk) };
    let report = examine(&options).await;
    for check in ["tls", "tls.certificate", "inbox", "socket.confirmation", "write.message", "socket.frames"] {
        assert_eq!(verdict(&report, check), Fine, "{check}\n{}", report.table());
    }
    assert_eq!(of(&report, "tls.certificate").values["certificates"], 2);
    assert_eq!(of(&report, "http.version").values["http2"], true);
    assert_eq!(report.exit_code(), 0, "{}", report.table());
    desk.shutdown().await;
}

#[tokio::test]
async fn chain_that_a_phone_does_not_take_stops() {
    let (desk, chain) = (desk_of(DeskVersion::V4_15_1).await, Chain::new());
    let between = || chain.between.der().clone();
    let ((server, key), (old, old_key)) = (chain.server("localhost", 4000), chain.server("localhost", 2000));
    let (other, other_key) = chain.server("elsewhere.example", 4000);
    let own_key = KeyPair::generate().unwrap();
    let own = server_params("localhost", 4000).self_signed(&own_key).unwrap().der().clone();
    let strangers = Chain::named("Stranger");
    let (foreign, foreign_key) = strangers.server("localhost", 4000);
    let foreign_chain = vec![foreign, strangers.between.der().clone()];
    for (sent, key, words) in [
        (vec![server], &key, "sends its own certificate alone"),
        (vec![old, between()], &old_key, "has expired"),
        (vec![other, between()], &other_key, "another name (elsewhere.example)"),
        (vec![own], &own_key, "signed by itself"),
        (foreign_chain, &foreign_key, "don't know the authority"),
    ] {
        let report = report(&desk, &chain, sent, key).await;
        let found = of(&report, "tls.certificate");
        assert!(found.verdict == Stop && found.seen.contains(words), "{words}\n{}", report.table());
        assert_eq!((verdict(&report, "inbox"), report.exit_code()), (Skip, 1));
    }
    assert!(desk.desk().requests().is_empty());
    desk.shutdown().await;
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "the certificate's days are counted from today")]
async fn certificate_that_ends_soon_warns() {
    let (desk, chain) = (desk_of(DeskVersion::V4_15_1).await, Chain::new());
    let key = KeyPair::generate().unwrap();
    let mut params = server_params("localhost", 4000);
    params.not_after = (std::time::SystemTime::now() + std::time::Duration::from_secs(5 * 86_400)).into();
    let server = params.signed_by(&key, &chain.between).unwrap().der().clone();
    let report = report(&desk, &chain, vec![server, chain.between.der().clone()], &key).await;
    let found = of(&report, "tls.certificate");
    assert_eq!((found.verdict, report.exit_code()), (Warn, 0), "{}", report.table());
    assert!(matches!(found.values["days_left"].as_i64(), Some(4 | 5)), "{}", found.seen);
    desk.shutdown().await;
}

#[tokio::test]
async fn port_that_speaks_no_tls_stops() {
    let desk = desk_of(DeskVersion::V4_15_1).await;
    let url = desk.url().replace("http://", "https://");
    let report = examine(&Options { desk: Url::parse(&url).unwrap(), ..reading(&desk) }).await;
    assert_eq!((verdict(&report, "desk"), verdict(&report, "tls")), (Fine, Stop), "{}", report.table());
    assert_eq!(report.exit_code(), 1);
    desk.shutdown().await;
}
