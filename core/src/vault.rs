//! Where the desk's keys are kept from being read: a seam for what a phone has for that.
//!
//! Whoever has a customer's key is that customer to the desk. The database is in the app's own folder, which the system
//! guards; a [`Vault`] guards the keys even from whoever reads that. Only `customer/standing.rs` opens them, off every
//! runtime's threads and once while a customer is here.
//!
//! What can't be sealed now is kept as it is and sealed at the next chance: a message must not wait for a key store. What
//! can't be opened for good is a standing that the desk has forgotten: it is made again, and an identified customer finds
//! everything again.

use crate::backend::Secret;

/// Makes secrets unreadable where they are kept: Android's Keystore, a desktop's keyring.
///
/// Called off the caller's thread and of any runtime's, and may take its time. May be called by several threads at once.
///
/// ```
/// use shopbell::{Vault, VaultError, backend::Secret};
/// /// Hides from nobody; a real one has its key from the system.
/// struct Backwards;
/// impl Vault for Backwards {
///     fn seal(&self, secret: &Secret) -> Result<String, VaultError> {
///         Ok(secret.expose().chars().rev().collect())
///     }
///     fn unseal(&self, sealed: &str) -> Result<Secret, VaultError> {
///         Ok(Secret::new(sealed.chars().rev().collect::<String>()))
///     }
/// }
/// let sealed = Backwards.seal(&Secret::new("key")).unwrap();
/// assert_eq!(Backwards.unseal(&sealed), Ok(Secret::new("key")));
/// ```
pub trait Vault: Send + Sync + 'static {
    /// The secret in a form that [`unseal`](Self::unseal) alone makes sense of, as text.
    ///
    /// Errors: any; the secret is then kept as it is for now.
    fn seal(&self, secret: &Secret) -> Result<String, VaultError>;

    /// The secret again.
    ///
    /// Errors: [`VaultError::Unavailable`] where a later call may succeed; [`VaultError::Lost`] where none will.
    fn unseal(&self, sealed: &str) -> Result<Secret, VaultError>;
}

/// Why a [`Vault`] could not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Not now: the key store is busy, or still locked.
    #[error("the key store can't be used now")]
    Unavailable,
    /// Never again: its key is gone, or another.
    #[error("the key store can't open what it has sealed")]
    Lost,
}

/// What sealed text begins with. Keys that are kept as they are never do: they are made here of 32 characters, none of
/// which is a colon, or are a desk's own.
const SEALED: &str = "sealed:";

/// A secret as it is kept: sealed or not. Only [`open`] makes a key of it. `Debug` prints `***`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Kept(String);

impl Kept {
    /// As the store has it.
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// Whether a vault alone can open it.
    pub(crate) fn is_sealed(&self) -> bool {
        self.0.starts_with(SEALED)
    }

    /// For the store.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// How to keep a secret: sealed, where there is a vault and it can.
pub(crate) fn keep(vault: Option<&dyn Vault>, secret: &Secret) -> Kept {
    let sealed = vault.map(|vault| vault.seal(secret));
    match sealed {
        Some(Ok(sealed)) => return Kept(format!("{SEALED}{sealed}")),
        Some(Err(error)) => tracing::warn!(%error, "a key of the desk's is kept unsealed for now"),
        None => {}
    }
    Kept(secret.expose().to_owned())
}

/// The secret, and whether it was sealed.
pub(crate) fn open(vault: Option<&dyn Vault>, kept: &Kept) -> Result<(Secret, bool), VaultError> {
    match (kept.0.strip_prefix(SEALED), vault) {
        (None, _) => Ok((Secret::new(&kept.0), false)),
        (Some(sealed), Some(vault)) => Ok((vault.unseal(sealed)?, true)),
        (Some(_), None) => Err(VaultError::Lost),
    }
}

/// A key store that can't be used.
#[cfg(test)]
pub(crate) struct Locked;

#[cfg(test)]
impl Vault for Locked {
    fn seal(&self, _secret: &Secret) -> Result<String, VaultError> {
        Err(VaultError::Unavailable)
    }

    fn unseal(&self, _sealed: &str) -> Result<Secret, VaultError> {
        Err(VaultError::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vault_that_cant_seal_loses_nothing() {
        let kept = keep(Some(&Locked), &Secret::new("key"));
        assert_eq!(open(Some(&Locked), &kept), Ok((Secret::new("key"), false)));
        assert_eq!(format!("{kept:?}"), "***");
    }

    #[test]
    fn what_was_sealed_is_lost_without_the_vault() {
        let kept = Kept::new("sealed:yek".to_owned());
        assert_eq!(open(None, &kept), Err(VaultError::Lost));
        assert_eq!(open(Some(&Locked), &kept), Err(VaultError::Unavailable));
    }
}
