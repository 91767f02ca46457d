//! A standing with the desk is made when it is first needed, and again where the desk has forgotten it.
//!
//! Nothing is told to the desk of somebody who never wrote: an anonymous customer's standing is made with their first
//! message. Making it is idempotent, for its secret is chosen here beforehand.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    SupportError,
    backend::{Backend, BackendError, BackendFuture, Establish, Fault, Secret, Session},
    clock::{Random, token},
    model::Verification,
    runtime::blocking,
    store::{CustomerRow, Durability, SessionRow, Store},
    vault::{self, Vault, VaultError},
};

/// Makes standings, one at a time, so that two lanes that need the same one make it once.
pub(crate) struct Standing {
    store: Arc<Store>,
    backend: Arc<dyn Backend>,
    random: Arc<dyn Random>,
    vault: Option<Arc<dyn Vault>>,
    one_at_a_time: tokio::sync::Mutex<()>,
    /// Those that were made, so that each message need not ask the store.
    made: Mutex<HashMap<String, Session>>,
}

impl Standing {
    pub(crate) fn new(
        store: Arc<Store>,
        backend: Arc<dyn Backend>,
        random: Arc<dyn Random>,
        vault: Option<Arc<dyn Vault>>,
    ) -> Self {
        Self { store, backend, random, vault, one_at_a_time: tokio::sync::Mutex::new(()), made: Mutex::default() }
    }

    /// The session, made at the desk where it is not yet.
    ///
    /// A failure leaves nothing half done that a second call would not mend, so the error's
    /// [`Happened`](crate::backend::Happened) is always `No`.
    ///
    /// Boxed and never inlined, as a few others are: each crate that something asynchronous is awaited in gets a copy of
    /// its own, and this one is awaited in many places.
    #[inline(never)]
    pub(crate) fn session<'a>(&'a self, id: &'a str) -> BackendFuture<'a, Session> {
        Box::pin(self.find_or_make(id))
    }

    async fn find_or_make(&self, id: &str) -> Result<Session, BackendError> {
        let _turn = self.one_at_a_time.lock().await;
        if let Some(session) = self.made().get(id) {
            return Ok(session.clone());
        }
        let wanted = id.to_owned();
        let (row, customer) = self
            .store
            .read(move |connection| Ok((SessionRow::find(connection, &wanted)?, CustomerRow::find(connection)?)))
            .await
            .map_err(|error| storage(&error))?;
        let (Some(row), Some(customer)) = (row, customer) else {
            return Err(BackendError::refused(Fault::SessionGone, "no such session is kept"));
        };
        let (row, session) = self.opened(row).await?;
        if row.established {
            self.made().insert(row.id, session.clone());
            return Ok(session);
        }
        let identified = row.own && customer.identity.is_some();
        let request = Establish {
            key: session.key,
            // A standing from before the log-in stays an anonymous one at the desk: its key belongs to another
            // contact than the identifier does.
            identity: if row.own { customer.identity } else { None },
            profile: customer.profile,
        };
        let result = self.backend.establish(&request).await;
        let verification = match &result {
            Ok(session) if session.verified => Some(Verification::Verified),
            Ok(_) if identified => Some(Verification::Unverified),
            Err(error) if error.fault == Fault::IdentityRejected => Some(Verification::Rejected),
            _ => None,
        };
        let own = row.own;
        let row = match &result {
            Ok(session) => {
                let (vault, session) = (self.vault.clone(), session.clone());
                Some(self.off_thread(move || keep(vault.as_deref(), row, &session)).await?)
            }
            Err(_) => None,
        };
        self.store
            .write(Durability::Now, move |tx| {
                if let Some(row) = row {
                    row.save(tx)?;
                    // There is something to connect to now.
                    tx.touch_customer();
                }
                if let (true, Some(verification)) = (own, verification) {
                    CustomerRow::set_verification(tx, verification)?;
                }
                Ok(())
            })
            .await
            .map_err(|error| storage(&error))?;
        let session = result.map_err(|error| BackendError::refused(error.fault, error.detail))?;
        self.made().insert(id.to_owned(), session.clone());
        Ok(session)
    }

    /// The session of a row, with its key out of the vault; what that changes is kept before the desk hears of it.
    async fn opened(&self, row: SessionRow) -> Result<(SessionRow, Session), BackendError> {
        let (vault, before, fresh) = (self.vault.clone(), row.clone(), Secret::new(token(self.random.as_ref())));
        let opened = self.off_thread(move || open(vault.as_deref(), before, fresh)).await?;
        let (opened, session) = opened.map_err(|error| BackendError::refused(Fault::Storage, error.to_string()))?;
        if opened != row {
            let saved = opened.clone();
            self.store.write(Durability::Now, move |tx| saved.save(tx)).await.map_err(|error| storage(&error))?;
        }
        Ok((opened, session))
    }

    /// A vault may wait for the system; without one there is nothing to wait for.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, BackendError> {
        if self.vault.is_none() {
            return Ok(work());
        }
        blocking(move || Ok(work())).await.map_err(|error| storage(&error))
    }

    /// The desk does not know the session any more: the next [`session`](Self::session) makes it again.
    pub(crate) async fn forget(&self, id: &str) -> Result<(), SupportError> {
        let id = id.to_owned();
        self.store.write(Durability::Later, move |tx| SessionRow::forget(tx, &id)).await?;
        self.look_again();
        Ok(())
    }

    /// The kept sessions have changed: what the store says is asked for anew.
    pub(crate) fn look_again(&self) {
        self.made().clear();
    }

    fn made(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The session of a row. A key that can't be got out of the vault any more is replaced by `fresh`, under which the desk is
/// to make the session anew; one that is not in the vault yet is put there, or replaced if the desk never heard of it.
///
/// Errors: [`VaultError::Unavailable`].
fn open(vault: Option<&dyn Vault>, row: SessionRow, fresh: Secret) -> Result<(SessionRow, Session), VaultError> {
    let anew = Session { key: fresh, realtime_token: None, verified: false };
    let (key, sealed) = match vault::open(vault, &row.key) {
        Ok(opened) => opened,
        Err(VaultError::Lost) => {
            tracing::warn!("a key of the desk's can't be opened any more; the customer is made known to it anew");
            return Ok((SessionRow { established: false, ..keep(vault, row, &anew) }, anew));
        }
        Err(error) => return Err(error),
    };
    // Without this one the realtime connection is refused, and the session made anew by that.
    let realtime_token = row.realtime_token.as_ref().and_then(|kept| vault::open(vault, kept).ok());
    let session = Session { key, realtime_token: realtime_token.map(|(token, _)| token), verified: row.verified };
    if sealed || vault.is_none() {
        return Ok((row, session));
    }
    let put = if row.established { session.clone() } else { anew };
    let kept = SessionRow { established: row.established, ..keep(vault, row.clone(), &put) };
    // A vault that can't seal changes nothing: the key stays the one that the desk may have heard of by now.
    Ok(if kept.key.is_sealed() { (kept, put) } else { (row, session) })
}

/// A row that keeps what the desk made.
fn keep(vault: Option<&dyn Vault>, row: SessionRow, session: &Session) -> SessionRow {
    SessionRow {
        key: vault::keep(vault, &session.key),
        realtime_token: session.realtime_token.as_ref().map(|token| vault::keep(vault, token)),
        verified: session.verified,
        established: true,
        ..row
    }
}

/// Maps a local storage failure to the port's terms: the desk was not asked, and the caller may try again.
pub(crate) fn storage(error: &SupportError) -> BackendError {
    BackendError::refused(Fault::Storage, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::{Kept, Locked};

    fn row(key: &str, established: bool) -> SessionRow {
        SessionRow {
            id: "s".into(),
            own: true,
            key: Kept::new(key.into()),
            realtime_token: established.then(|| Kept::new("token".into())),
            verified: established,
            established,
            list_validator: None,
        }
    }

    #[test]
    fn vault_that_never_seals_leaves_the_key_that_the_desk_may_know() {
        for established in [false, true] {
            let before = row("first", established);
            let (after, session) = open(Some(&Locked), before.clone(), Secret::new("fresh")).unwrap();
            assert_eq!(after, before);
            assert_eq!(session.key, Secret::new("first"));
            assert_eq!(session.realtime_token.is_some(), established);
        }
    }

    #[test]
    fn key_that_is_lost_is_replaced_and_the_session_made_anew() {
        // Sealed by a vault that is not there any more.
        let (after, session) = open(None, row("sealed:x", true), Secret::new("fresh")).unwrap();
        assert!(!after.established && after.realtime_token.is_none());
        assert_eq!(session, Session { key: Secret::new("fresh"), realtime_token: None, verified: false });
        assert_eq!(
            open(Some(&Locked), row("sealed:x", true), Secret::new("fresh")).err(),
            Some(VaultError::Unavailable)
        );
    }
}
