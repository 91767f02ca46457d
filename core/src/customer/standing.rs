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
    backend::{Backend, BackendError, Establish, Fault, Session},
    model::Verification,
    store::{CustomerRow, Durability, SessionRow, Store},
};

/// Makes standings, one at a time, so that two lanes that need the same one make it once.
pub(crate) struct Standing {
    store: Arc<Store>,
    backend: Arc<dyn Backend>,
    one_at_a_time: tokio::sync::Mutex<()>,
    /// Those that were made, so that each message need not ask the store.
    made: Mutex<HashMap<String, Session>>,
}

impl Standing {
    pub(crate) fn new(store: Arc<Store>, backend: Arc<dyn Backend>) -> Self {
        Self { store, backend, one_at_a_time: tokio::sync::Mutex::new(()), made: Mutex::default() }
    }

    /// The session, made at the desk where it is not yet.
    ///
    /// A failure leaves nothing half done that a second call would not mend, so the error's
    /// [`Happened`](crate::backend::Happened) is always `No`.
    pub(crate) async fn session(&self, id: &str) -> Result<Session, BackendError> {
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
        if row.established {
            self.made().insert(row.id, row.session.clone());
            return Ok(row.session);
        }
        let identified = row.own && customer.identity.is_some();
        let request = Establish {
            key: row.session.key,
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
        let session = result.as_ref().ok().cloned();
        let id = row.id;
        let own = row.own;
        self.store
            .write(Durability::Now, move |tx| {
                if let Some(session) = &session {
                    SessionRow::set_established(tx, &id, session)?;
                }
                if let (true, Some(verification)) = (own, verification) {
                    CustomerRow::set_verification(tx, verification)?;
                }
                Ok(())
            })
            .await
            .map_err(|error| storage(&error))?;
        result.map_err(|error| BackendError::refused(error.fault, error.detail))
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

/// The phone's own trouble, in the port's terms: nothing was asked of the desk; try again later.
pub(crate) fn storage(error: &SupportError) -> BackendError {
    BackendError::refused(Fault::Network, format!("the phone's storage: {error}"))
}
