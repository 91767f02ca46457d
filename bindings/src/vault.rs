//! The host's key store, for the core.

use shopbell::backend::Secret;

/// Keeps the desk's keys from being read where they are kept: Android's Keystore.
///
/// Called on threads of the library's own, by several at once, and may take its time. What it throws that is no
/// [`VaultError`] counts as [`VaultError::Unavailable`].
#[uniffi::export(callback_interface)]
pub trait Vault: Send + Sync {
    /// The secret in a form that [`unseal`](Self::unseal) alone makes sense of.
    fn seal(&self, secret: String) -> Result<String, VaultError>;

    /// The secret again.
    fn unseal(&self, sealed: String) -> Result<String, VaultError>;
}

/// Why a [`Vault`] could not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum VaultError {
    /// Not now: the key store is busy, or still locked.
    #[error("the key store can't be used now")]
    Unavailable,
    /// Never again: its key is gone, or another.
    #[error("the key store can't open what it has sealed")]
    Lost,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for VaultError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

impl From<VaultError> for shopbell::VaultError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Unavailable => Self::Unavailable,
            VaultError::Lost => Self::Lost,
        }
    }
}

/// The host's, as the core calls it.
pub(crate) struct Hosts(pub(crate) Box<dyn Vault>);

impl shopbell::Vault for Hosts {
    fn seal(&self, secret: &Secret) -> Result<String, shopbell::VaultError> {
        Ok(self.0.seal(secret.expose().to_owned())?)
    }

    fn unseal(&self, sealed: &str) -> Result<Secret, shopbell::VaultError> {
        Ok(Secret::new(self.0.unseal(sealed.to_owned())?))
    }
}
