//! A standing with the desk is made when it is first needed, and again where the desk has forgotten it.
//!
//! Nothing is told to the desk of somebody who never wrote: an anonymous customer's standing is made with their first
//! message. Making it is idempotent, for its secret is chosen here beforehand.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::telling;
use crate::{
    SupportError,
    backend::{Backend, BackendError, BackendFuture, Establish, Fault, Owner, Secret, Session},
    clock::{Random, token},
    model::{Identity, Verification},
    runtime::blocking,
    setup::Setup,
    store::{CustomerRow, Durability, SessionRow, Store, Told},
    vault::{self, Vault, VaultError},
};

/// Makes standings, one at a time, so that two lanes that need the same one make it once.
pub(crate) struct Standing {
    store: Arc<Store>,
    backend: Arc<dyn Backend>,
    random: Arc<dyn Random>,
    vault: Option<Arc<dyn Vault>>,
    setup: Setup,
    one_at_a_time: tokio::sync::Mutex<()>,
    /// Those that were made, so that each message need not ask the store.
    made: Mutex<HashMap<String, Made>>,
}

/// A session that was made.
#[derive(Clone)]
struct Made {
    session: Session,
    /// Of an identified customer's own one: who it is to be, and whose the desk said it is when that was noted last.
    expects: Option<(Identity, Owner)>,
}

impl Standing {
    pub(crate) fn new(
        store: Arc<Store>,
        backend: Arc<dyn Backend>,
        random: Arc<dyn Random>,
        vault: Option<Arc<dyn Vault>>,
        setup: Setup,
    ) -> Self {
        let one_at_a_time = tokio::sync::Mutex::new(());
        Self { store, backend, random, vault, setup, one_at_a_time, made: Mutex::default() }
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
        if let Some(made) = self.made().get(id) {
            return Ok(made.session.clone());
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
        let was_established = row.established;
        let (row, session) = self.opened(row).await?;
        // A session from before the log-in stays an anonymous one at the desk: its key belongs to another contact than
        // the identifier does.
        let identity = customer.identity.filter(|_| row.own);
        if row.established {
            let expects = identity.map(|identity| (identity, Owner::Unknown));
            self.made().insert(row.id, Made { session: session.clone(), expects });
            return Ok(session);
        }
        // Its key could not be opened any more. Under another one an anonymous customer is somebody new to the desk.
        let is_new = was_established && identity.is_none();
        let request = Establish { key: session.key, identity };
        let result = self.backend.establish(&request).await;
        match &result {
            Ok(_) => self.setup.is_accepted(),
            Err(error) if error.fault == Fault::IdentityRejected => {
                self.setup.identity_refused(customer.verification == Verification::Rejected);
            }
            Err(error) => self.setup.met(&error.fault),
        }
        let identity = request.identity;
        let owner = match (&result, &identity) {
            (Ok(session), Some(identity)) => self.backend.owner(session, identity),
            _ => Owner::Unknown,
        };
        let verification = match &result {
            Ok(session) if identity.is_some() => {
                Some(telling::verification(customer.verification, session.verified, owner))
            }
            Ok(session) if session.verified => Some(Verification::Verified),
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
                    if is_new {
                        Told::default().save(tx, &row.id)?;
                    }
                    telling::queue(tx, &row.id, false)?;
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
        let expects = identity.map(|identity| (identity, owner));
        self.made().insert(id.to_owned(), Made { session: session.clone(), expects });
        Ok(session)
    }

    /// Notes whose contact the desk's latest answers name, where that is news. Makes no request.
    pub(crate) async fn watch_owner(&self) {
        let news = self.made().iter().find_map(|(id, made)| {
            let (identity, noted) = made.expects.as_ref()?;
            let owner = self.backend.owner(&made.session, identity);
            (owner != *noted && owner != Owner::Unknown).then(|| (id.clone(), owner, made.session.verified))
        });
        let Some((id, owner, verified)) = news else { return };
        if owner == Owner::SomebodyElse {
            tracing::warn!("the desk has put the customer together with somebody else; see the status's verification");
        }
        let noted = self.store.write(Durability::Now, move |tx| {
            let Some(customer) = CustomerRow::find(tx)? else { return Ok(()) };
            let after = telling::verification(customer.verification, verified, owner);
            if customer.verification == after {
                return Ok(());
            }
            CustomerRow::set_verification(tx, after)?;
            // What was held back goes out now.
            if owner == Owner::Customer { telling::queue_all(tx, false) } else { Ok(()) }
        });
        match noted.await {
            Ok(()) => {
                if let Some(Made { expects: Some((_, noted)), .. }) = self.made().get_mut(&id) {
                    *noted = owner;
                }
            }
            Err(error) => tracing::debug!(%error, "could not note whose contact it is"),
        }
    }

    /// Takes in a failure of a request that needed a session.
    pub(crate) fn met(&self, fault: &Fault) {
        self.setup.met(fault);
    }

    /// Whether the desk has not said yet whose contact the customer's own session leads to.
    pub(crate) fn owner_is_unknown(&self) -> bool {
        self.made().values().any(|made| matches!(made.expects, Some((_, Owner::Unknown))))
    }

    /// Whether the desk has put the customer together with somebody else, as far as its answers say.
    pub(crate) fn is_somebody_elses(&self, id: &str) -> bool {
        self.made().get(id).is_some_and(|made| {
            let expects = made.expects.as_ref();
            expects.is_some_and(|(identity, _)| self.backend.owner(&made.session, identity) == Owner::SomebodyElse)
        })
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

    /// The session may be unknown at the desk, or its proof is to be looked at anew: the next
    /// [`session`](Self::session) makes it again.
    pub(crate) async fn forget(&self, id: &str) -> Result<(), SupportError> {
        let id = id.to_owned();
        self.store.write(Durability::Later, move |tx| SessionRow::forget(tx, &id)).await?;
        self.look_again();
        Ok(())
    }

    /// The desk has deleted the customer with all that it was told: as [`forget`](Self::forget), and everything is told
    /// again.
    pub(crate) async fn gone(&self, id: &str) -> Result<(), SupportError> {
        let id = id.to_owned();
        self.store
            .write(Durability::Later, move |tx| {
                SessionRow::forget(tx, &id)?;
                Told::default().save(tx, &id)
            })
            .await?;
        self.look_again();
        Ok(())
    }

    /// The kept sessions have changed: what the store says is asked for anew.
    pub(crate) fn look_again(&self) {
        self.made().clear();
    }

    fn made(&self) -> MutexGuard<'_, HashMap<String, Made>> {
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
