//! One handshake whose certificates are looked at whether they are trusted or not. Nothing is sent after it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring::default_provider},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;
use x509_parser::{extensions::GeneralName, prelude::FromDer};

use super::{http::Trouble, line::connect, wall_clock};

/// Why a phone would not trust the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Distrust {
    UnknownIssuer,
    Expired,
    NotYetValid,
    WrongName,
    Other(String),
}

/// A certificate that was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    /// Seconds since 1970.
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    pub(crate) names: Vec<String>,
}

/// What a handshake showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Handshake {
    /// `1.2` or `1.3`; `None` if the handshake failed after the certificates.
    pub(crate) version: Option<&'static str>,
    pub(crate) http2: bool,
    pub(crate) chain: Vec<Certificate>,
    pub(crate) trust: Result<(), Distrust>,
    /// Seconds since 1970, by this machine.
    pub(crate) now: i64,
}

/// What came of it: no connection at all, no TLS that a phone speaks, or a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Trouble(Trouble),
    NoTls(String),
    Handshake(Handshake),
}

/// The provider as the SDK has it: without ChaCha20.
fn provider() -> Arc<CryptoProvider> {
    let mut provider = default_provider();
    provider.cipher_suites.retain(|suite| !format!("{:?}", suite.suite()).contains("CHACHA20"));
    Arc::new(provider)
}

/// The configuration for requests: it trusts whom a phone trusts.
pub(crate) fn config(roots: &Arc<RootCertStore>) -> Result<ClientConfig, Error> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(Arc::clone(roots))
        .with_no_client_auth())
}

/// Shakes hands with the desk.
pub(crate) async fn look(desk: &Url, roots: &Arc<RootCertStore>, limit: Duration) -> Seen {
    let Some(name) = desk.host_str().and_then(|host| {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        ServerName::try_from(host).ok()
    }) else {
        return Seen::NoTls("the host is no name that a certificate could have".to_owned());
    };
    let (config, witness) = match witnessed(roots) {
        Ok(made) => made,
        Err(error) => return Seen::NoTls(error.to_string()),
    };
    let stream = match connect(desk, limit).await {
        Ok(stream) => stream,
        Err(trouble) => return Seen::Trouble(trouble),
    };
    let shaken = match timeout(limit, TlsConnector::from(Arc::new(config)).connect(name, stream)).await {
        Ok(shaken) => shaken,
        Err(_) => return Seen::Trouble(Trouble::Late(limit)),
    };
    let told = witness.told.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some((chain, trust)) = told else {
        return Seen::NoTls(shaken.err().map_or_else(|| "no certificate came".to_owned(), |error| error.to_string()));
    };
    let (version, http2) = shaken.as_ref().map_or((None, false), |stream| {
        let connection = stream.get_ref().1;
        let version = match connection.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => Some("1.3"),
            Some(rustls::ProtocolVersion::TLSv1_2) => Some("1.2"),
            _ => None,
        };
        (version, connection.alpn_protocol() == Some(b"h2"))
    });
    let now = wall_clock().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let chain = chain.iter().map(|der| read(der).unwrap_or_default()).collect();
    Seen::Handshake(Handshake { version, http2, chain, trust, now: i64::try_from(now).unwrap_or(i64::MAX) })
}

fn witnessed(roots: &Arc<RootCertStore>) -> Result<(ClientConfig, Arc<Witness>), Error> {
    let judge = WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), provider())
        .build()
        .map_err(|error| Error::General(error.to_string()))?;
    let witness = Arc::new(Witness { judge, told: Mutex::default() });
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((config, witness))
}

type Told = (Vec<CertificateDer<'static>>, Result<(), Distrust>);

/// Notes what was sent and what a phone would make of it, and lets the handshake go on.
#[derive(Debug)]
struct Witness {
    judge: Arc<WebPkiServerVerifier>,
    told: Mutex<Option<Told>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let trust = self.judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let chain = [end_entity].into_iter().chain(intermediates).map(|der| der.clone().into_owned()).collect();
        let told = (chain, trust.map(|_| ()).map_err(|error| distrust(&error)));
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

fn distrust(error: &Error) -> Distrust {
    use CertificateError as Why;
    match error {
        Error::InvalidCertificate(Why::UnknownIssuer) => Distrust::UnknownIssuer,
        Error::InvalidCertificate(Why::Expired | Why::ExpiredContext { .. }) => Distrust::Expired,
        Error::InvalidCertificate(Why::NotValidYet | Why::NotValidYetContext { .. }) => Distrust::NotYetValid,
        Error::InvalidCertificate(Why::NotValidForName | Why::NotValidForNameContext { .. }) => Distrust::WrongName,
        other => Distrust::Other(other.to_string()),
    }
}

fn read(der: &CertificateDer<'_>) -> Option<Certificate> {
    let (_, certificate) = x509_parser::certificate::X509Certificate::from_der(der).ok()?;
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let names = names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    });
    Some(Certificate {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        names: names.collect(),
    })
}
