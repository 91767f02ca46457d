//! One TLS configuration for requests and for the socket.
//!
//! It is handed over ready made: the provider is `ring` by name and the roots are Mozilla's, compiled in. So nothing
//! is installed process-wide (which the merchant's app might have done, or do later, with another provider) and no
//! platform verifier is reached, which on Android panics unless it was initialised through JNI.
//!
//! Of what the provider has, only what a client of the public web needs is named, for the linker drops the rest
//! (ARCHITECTURE.md, "Size"). The parts are the provider's own, in its own order. Left out are
//! - ChaCha20: who speaks TLS 1.3 must have AES-128-GCM
//!   ([RFC 8446, 9.1](https://www.rfc-editor.org/rfc/rfc8446#section-9.1)), and of TLS 1.2 no server is known that has
//!   ChaCha20 and no AES-GCM. Phones' processors have instructions for AES; where one has not, `ring` is slower and as
//!   safe.
//! - Ed25519 in certificates: no public authority may sign with it (CA/Browser Forum, Baseline Requirements, 7.1.3).
//! - keys of the app's own: no desk asks a customer for a certificate.
//! - QUIC.

use std::sync::Arc;

use ring::rand::{SecureRandom as _, SystemRandom};
use rustls::{
    CipherSuiteCommon, ClientConfig, Error, RootCertStore, SignatureScheme, SupportedCipherSuite, Tls13CipherSuite,
    crypto::{
        CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms,
        ring::{
            ALL_KX_GROUPS,
            cipher_suite::{
                TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS13_AES_128_GCM_SHA256,
                TLS13_AES_256_GCM_SHA384,
            },
        },
    },
    pki_types::PrivateKeyDer,
    sign::SigningKey,
};
use webpki::ring as verify;

/// Builds it, with the bundled roots. Fails only where the provider supports no version of TLS, which ours does.
pub(super) fn config() -> Result<ClientConfig, Error> {
    trusting(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
}

/// The same with other roots.
pub(super) fn trusting(roots: RootCertStore) -> Result<ClientConfig, Error> {
    let provider = CryptoProvider {
        cipher_suites: SUITES.to_vec(),
        kx_groups: ALL_KX_GROUPS.to_vec(),
        signature_verification_algorithms: SIGNATURES,
        secure_random: &Ring,
        key_provider: &Ring,
    };
    Ok(ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

static SUITES: &[SupportedCipherSuite] = &[
    SupportedCipherSuite::Tls13(&AES_256),
    SupportedCipherSuite::Tls13(&AES_128),
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

static AES_256: Tls13CipherSuite = without_quic(&TLS13_AES_256_GCM_SHA384);
static AES_128: Tls13CipherSuite = without_quic(&TLS13_AES_128_GCM_SHA256);

#[allow(clippy::panic, reason = "evaluated by the compiler alone, and found there")]
const fn without_quic(suite: &SupportedCipherSuite) -> Tls13CipherSuite {
    let SupportedCipherSuite::Tls13(suite) = suite else { panic!("not of TLS 1.3") };
    Tls13CipherSuite {
        common: CipherSuiteCommon {
            suite: suite.common.suite,
            hash_provider: suite.common.hash_provider,
            confidentiality_limit: suite.common.confidentiality_limit,
        },
        hkdf_provider: suite.hkdf_provider,
        aead_alg: suite.aead_alg,
        quic: None,
    }
}

static SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        verify::ECDSA_P256_SHA256,
        verify::ECDSA_P256_SHA384,
        verify::ECDSA_P384_SHA256,
        verify::ECDSA_P384_SHA384,
        verify::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        verify::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        verify::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        verify::RSA_PKCS1_2048_8192_SHA256,
        verify::RSA_PKCS1_2048_8192_SHA384,
        verify::RSA_PKCS1_2048_8192_SHA512,
        verify::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        verify::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        verify::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    ],
    // TLS 1.2 does not tie the curve to the hash, and tries each; 1.3 does, and tries the first.
    mapping: &[
        (SignatureScheme::ECDSA_NISTP384_SHA384, &[verify::ECDSA_P384_SHA384, verify::ECDSA_P256_SHA384]),
        (SignatureScheme::ECDSA_NISTP256_SHA256, &[verify::ECDSA_P256_SHA256, verify::ECDSA_P384_SHA256]),
        (SignatureScheme::RSA_PSS_SHA512, &[verify::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[verify::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA256, &[verify::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[verify::RSA_PKCS1_2048_8192_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[verify::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[verify::RSA_PKCS1_2048_8192_SHA256]),
    ],
};

#[derive(Debug)]
struct Ring;

impl SecureRandom for Ring {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        SystemRandom::new().fill(bytes).map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for Ring {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General("an app has no certificate of its own".to_owned()))
    }
}
