//! Desks behind TLS, each with one kind of key and one suite.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_ED25519,
};
use rustls::{
    RootCertStore, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion,
    crypto::{
        CryptoProvider,
        ring::{cipher_suite as suites, default_provider},
    },
    pki_types::PrivateKeyDer,
    version::{TLS12, TLS13},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::{
    super::{Chatwoot, cable::Timing, tls},
    canned::{Desk, json},
    options, realtime, session,
};
use crate::{
    DeskConversationId,
    backend::{Backend as _, BackendError, DeskMessage, Fault, Happened, OutgoingMessage},
};

const MESSAGE: &str = r#"{"id":5,"content":"hi","message_type":0,"created_at":1750000000,"conversation_id":1}"#;

/// What stands before a desk.
struct Door {
    name: &'static str,
    key: KeyPair,
    suite: SupportedCipherSuite,
    until: i32,
}

impl Door {
    fn new(key: KeyPair, suite: SupportedCipherSuite) -> Self {
        Self { name: "localhost", key, suite, until: 4000 }
    }

    /// Opens it: whatever comes through arrives at `desk`. Gives its address, and who vouches for it.
    async fn before(self, desk: &Url) -> (Url, RootCertStore) {
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let of_authority = KeyPair::generate().unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(authority.self_signed(&of_authority).unwrap().der().clone()).unwrap();
        let mut params = CertificateParams::new([self.name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(1990, 1, 1);
        params.not_after = rcgen::date_time_ymd(self.until, 1, 1);
        let certificate = params.signed_by(&self.key, &Issuer::new(authority, of_authority)).unwrap();
        let version: &SupportedProtocolVersion = if self.suite.tls13().is_some() { &TLS13 } else { &TLS12 };
        let provider = CryptoProvider { cipher_suites: vec![self.suite], ..default_provider() };
        let server = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(self.key.serialize_der()).unwrap(),
            )
            .unwrap();
        let (acceptor, listener) =
            (TlsAcceptor::from(Arc::new(server)), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let mut url = Url::parse(&format!("https://localhost{}", desk.path())).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let inside = ("127.0.0.1", desk.port().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut desk = TcpStream::connect(inside).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut desk).await;
                });
            }
        });
        (url, roots)
    }
}

fn adapter(desk: &Url, roots: RootCertStore) -> Chatwoot {
    Chatwoot::with(options(desk), Timing::default(), tls::trusting(roots)).unwrap()
}

async fn send(adapter: &Chatwoot) -> Result<DeskMessage, BackendError> {
    let message = OutgoingMessage { text: "hi".to_owned(), echo: "e".to_owned() };
    adapter.send_message(&session(), DeskConversationId::new(1).unwrap(), &message).await
}

/// What sending comes to at a desk behind that door.
async fn sent_through(door: Door) -> Result<i64, (Fault, Happened, String)> {
    let desk = Desk::always(|| json(200, MESSAGE)).await;
    let (url, roots) = door.before(&desk.url).await;
    let sent = send(&adapter(&url, roots)).await;
    assert_eq!(desk.seen().len(), usize::from(sent.is_ok()));
    sent.map(|message| message.id.get()).map_err(|error| (error.fault, error.happened, error.detail))
}

fn ec(curve: &'static rcgen::SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(curve).unwrap()
}

/// Made for this test alone, for `ring` makes none of this kind.
fn rsa() -> KeyPair {
    KeyPair::from_pem(include_str!("fixtures/rsa-for-tests.pem")).unwrap()
}

#[tokio::test]
async fn desk_with_any_key_and_suite_of_the_public_web_is_reached() {
    for suite in [
        suites::TLS13_AES_256_GCM_SHA384,
        suites::TLS13_AES_128_GCM_SHA256,
        suites::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        suites::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ] {
        for curve in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384] {
            assert_eq!(sent_through(Door::new(ec(curve), suite)).await, Ok(5), "{suite:?} {curve:?}");
        }
    }
    for suite in [
        suites::TLS13_AES_256_GCM_SHA384,
        suites::TLS13_AES_128_GCM_SHA256,
        suites::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        suites::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ] {
        assert_eq!(sent_through(Door::new(rsa(), suite)).await, Ok(5), "{suite:?}");
    }
}

#[tokio::test]
async fn socket_goes_through_tls_too() {
    let desk = realtime::desk(|mut line| async move {
        realtime::greet(&mut line).await;
        std::future::pending::<()>().await;
    })
    .await;
    let door = Door::new(ec(&PKCS_ECDSA_P256_SHA256), suites::TLS13_AES_128_GCM_SHA256);
    let (url, roots) = door.before(&desk).await;
    assert!(adapter(&url, roots).connect(&session()).await.is_ok());
}

#[tokio::test]
async fn desk_that_nobody_known_vouches_for_gets_nothing() {
    let desk = Desk::always(|| json(200, MESSAGE)).await;
    let door = || Door::new(ec(&PKCS_ECDSA_P256_SHA256), suites::TLS13_AES_128_GCM_SHA256);
    let (url, _) = door().before(&desk.url).await;
    let adapter = super::adapter(&url);
    let error = send(&adapter).await.unwrap_err();
    assert!(problem(error.fault, error.happened).starts_with("localhost: no public authority vouches"));
    assert!(error.detail.contains("POST message: no connection: untrusted certificate"), "{}", error.detail);
    let error = adapter.connect(&session()).await.err().unwrap();
    assert!(problem(error.fault, error.happened).starts_with("localhost: no public authority vouches"));
    assert!(error.detail.contains("realtime: untrusted certificate"), "{}", error.detail);
    assert!(desk.seen().is_empty());

    let (fault, happened, _) = sent_through(Door { name: "elsewhere.example", ..door() }).await.unwrap_err();
    assert_eq!(problem(fault, happened), "localhost: it is for another host name");
    let (fault, happened, _) = sent_through(Door { until: 2000, ..door() }).await.unwrap_err();
    assert_eq!(problem(fault, happened), "localhost: it has expired, or this phone's clock is wrong");
}

/// What is wrong with a certificate, where that kept a request from being sent.
fn problem(fault: Fault, happened: Happened) -> String {
    assert_eq!(happened, Happened::No);
    match fault {
        Fault::Untrusted { problem } => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_left_out_of_tls_is_not_offered() {
    let p256 = || ec(&PKCS_ECDSA_P256_SHA256);
    for door in [
        Door::new(p256(), suites::TLS13_CHACHA20_POLY1305_SHA256),
        Door::new(p256(), suites::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
        Door::new(ec(&PKCS_ED25519), suites::TLS13_AES_128_GCM_SHA256),
    ] {
        let (fault, happened, detail) = sent_through(door).await.unwrap_err();
        assert_eq!((fault, happened), (Fault::Network, Happened::No), "{detail}");
    }
}
