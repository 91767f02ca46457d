//! A standing with the desk is made when it is first needed.
//!
//! Nothing is told to the desk of somebody who never wrote: an anonymous customer's standing is made with their first
//! message. Making it is idempotent, for its secret is chosen here beforehand.
//!
//! One that was made and is in doubt is looked for at the desk, not made anew: whom the desk has deleted is not to come
//! back by opening the app. The own standing is made again when the customer writes
//! ([`session_to_write`](Standing::session_to_write)). One from before the log-in never is: whatever goes on under it
//! goes on under the customer's own.

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
    store::{AtDesk, CustomerRow, Durability, SessionRow, Store, StoreError, Told, Tx},
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

    /// The session, for what asks or tells; made at the desk where it never was.
    ///
    /// Errors: [`Fault::ConversationGone`] where the desk has deleted the customer, and with them whatever was to be asked
    /// for. [`Fault::Withdrawn`] where the session was
    /// one from before the log-in and is no more: what it was for is under the customer's own by now. A failure leaves nothing half done that a second call would not mend, so the error's
    /// [`Happened`](crate::backend::Happened) is always `No`.
    ///
    /// Boxed and never inlined, as a few others are: each crate that something asynchronous is awaited in gets a copy of
    /// its own, and this one is awaited in many places.
    #[inline(never)]
    pub(crate) fn session<'a>(&'a self, id: &'a str) -> BackendFuture<'a, Session> {
        Box::pin(self.find_or_make(id, false))
    }

    /// The session, for something that the customer wrote: made anew where the desk has deleted them.
    ///
    /// Errors: as [`session`](Self::session), but for that.
    #[inline(never)]
    pub(crate) fn session_to_write<'a>(&'a self, id: &'a str) -> BackendFuture<'a, Session> {
        Box::pin(self.find_or_make(id, true))
    }

    async fn find_or_make(&self, id: &str, writes: bool) -> Result<Session, BackendError> {
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
        if row.at_desk == AtDesk::Erased && !writes {
            return Err(erased());
        }
        let was_made = row.at_desk == AtDesk::Made;
        let (row, session) = self.opened(row).await?;
        // A session from before the log-in stays an anonymous one at the desk: its key belongs to another contact than
        // the identifier does.
        let identity = customer.identity.filter(|_| row.own);
        if row.at_desk == AtDesk::Made {
            let expects = identity.map(|identity| (identity, Owner::Unknown));
            self.made().insert(row.id, Made { session: session.clone(), expects });
            return Ok(session);
        }
        // Its key could not be opened any more. Under another one an anonymous customer is somebody new to the desk.
        let is_new = was_made && identity.is_none();
        if is_new && !row.own {
            return Err(self.retired(id).await?);
        }
        let existing = !row.own || row.at_desk == AtDesk::Doubtful && !writes;
        let request = Establish { key: session.key, identity, existing };
        let result = self.backend.establish(&request).await;
        match &result {
            Ok(_) => self.setup.is_accepted(),
            Err(error) if error.fault == Fault::IdentityRejected => {
                self.setup.identity_refused(customer.verification == Verification::Rejected);
            }
            Err(error) => self.setup.met(&error.fault),
        }
        if existing && matches!(&result, Err(error) if error.fault == Fault::SessionGone) {
            let own = row.own;
            self.erase(id).await.map_err(|error| storage(&error))?;
            return Err(if own { erased() } else { gone_on() });
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
                    // There is something to connect to now.
                    tx.touch_customer();
                }
                if let (true, Some(verification)) = (own, verification) {
                    CustomerRow::set_verification(tx, verification)?;
                }
                // What may be told of the customer goes by that, under any session.
                telling::queue_all(tx, false)
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

    /// The session's token may be no longer good, or its proof is to be looked at anew: the next
    /// [`session`](Self::session) asks the desk.
    pub(crate) async fn forget(&self, id: &str) -> Result<(), SupportError> {
        let id = id.to_owned();
        self.store.write(Durability::Later, move |tx| SessionRow::forget(tx, &id)).await?;
        self.look_again();
        Ok(())
    }

    /// The desk has deleted the customer with all that it was told: see [`SessionRow::erase`].
    pub(crate) async fn gone(&self, id: &str) -> Result<(), SupportError> {
        let _turn = self.one_at_a_time.lock().await;
        self.erase(id).await
    }

    async fn erase(&self, id: &str) -> Result<(), SupportError> {
        tracing::info!("the desk has deleted the customer; they are made known to it again when they write");
        self.end(id, SessionRow::erase).await
    }

    /// The key of a session from before the log-in is lost, and with it what the desk has under it.
    async fn retired(&self, id: &str) -> Result<BackendError, BackendError> {
        self.end(id, SessionRow::retire).await.map_err(|error| storage(&error))?;
        Ok(gone_on())
    }

    async fn end(&self, id: &str, how: fn(&mut Tx<'_>, &str) -> Result<(), StoreError>) -> Result<(), SupportError> {
        let id = id.to_owned();
        self.store.write(Durability::Later, move |tx| how(tx, &id)).await?;
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
            let at_desk = if row.at_desk == AtDesk::Erased { AtDesk::Erased } else { AtDesk::Nothing };
            return Ok((SessionRow { at_desk, ..keep(vault, row, &anew) }, anew));
        }
        Err(error) => return Err(error),
    };
    // Without this one the realtime connection is refused, and the session made anew by that.
    let realtime_token = row.realtime_token.as_ref().and_then(|kept| vault::open(vault, kept).ok());
    let session = Session { key, realtime_token: realtime_token.map(|(token, _)| token), verified: row.verified };
    if sealed || vault.is_none() {
        return Ok((row, session));
    }
    let put = if row.at_desk == AtDesk::Nothing { anew } else { session.clone() };
    let kept = SessionRow { at_desk: row.at_desk, ..keep(vault, row.clone(), &put) };
    // A vault that can't seal changes nothing: the key stays the one that the desk may have heard of by now.
    Ok(if kept.key.is_sealed() { (kept, put) } else { (row, session) })
}

/// A row that keeps what the desk made.
fn keep(vault: Option<&dyn Vault>, row: SessionRow, session: &Session) -> SessionRow {
    SessionRow {
        key: vault::keep(vault, &session.key),
        realtime_token: session.realtime_token.as_ref().map(|token| vault::keep(vault, token)),
        verified: session.verified,
        at_desk: AtDesk::Made,
        ..row
    }
}

/// The desk has deleted the customer: there is nothing to ask for before they write.
fn erased() -> BackendError {
    BackendError::refused(Fault::ConversationGone, "the desk has deleted the customer")
}

/// What was asked for under a session from before the log-in is under the customer's own from now on: asked again, it is
/// found there.
fn gone_on() -> BackendError {
    BackendError::refused(Fault::Withdrawn, "it goes on under the customer's own session")
}

/// Maps a local storage failure to the port's terms: the desk was not asked, and the caller may try again.
pub(crate) fn storage(error: &SupportError) -> BackendError {
    BackendError::refused(Fault::Storage, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::{Kept, Locked};

    fn row(key: &str, made: bool) -> SessionRow {
        SessionRow {
            id: "s".into(),
            own: true,
            key: Kept::new(key.into()),
            realtime_token: made.then(|| Kept::new("token".into())),
            verified: made,
            at_desk: if made { AtDesk::Made } else { AtDesk::Nothing },
            list_validator: None,
        }
    }

    #[test]
    fn vault_that_never_seals_leaves_the_key_that_the_desk_may_know() {
        for made in [false, true] {
            let before = row("first", made);
            let (after, session) = open(Some(&Locked), before.clone(), Secret::new("fresh")).unwrap();
            assert_eq!(after, before);
            assert_eq!(session.key, Secret::new("first"));
            assert_eq!(session.realtime_token.is_some(), made);
        }
    }

    #[test]
    fn key_that_is_lost_is_replaced_and_the_session_made_anew() {
        // Sealed by a vault that is not there any more.
        let (after, session) = open(None, row("sealed:x", true), Secret::new("fresh")).unwrap();
        assert!(after.at_desk == AtDesk::Nothing && after.realtime_token.is_none());
        assert_eq!(session, Session { key: Secret::new("fresh"), realtime_token: None, verified: false });
        assert_eq!(
            open(Some(&Locked), row("sealed:x", true), Secret::new("fresh")).err(),
            Some(VaultError::Unavailable)
        );
    }
}
