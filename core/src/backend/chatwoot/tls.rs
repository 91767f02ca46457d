//! One TLS configuration for requests and for the socket.
//!
//! It is handed over ready made: the provider is `ring` by name and the roots are Mozilla's, compiled in. So nothing
//! is installed process-wide (which the merchant's app might have done, or do later, with another provider) and no
//! platform verifier is reached, which on Android panics unless it was initialised through JNI.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// Builds it. Fails only where the provider supports no version of TLS, which ours does.
pub(super) fn config() -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
