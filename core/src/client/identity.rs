//! Who is here: logging in, what is said of the customer, logging out.

use std::{collections::BTreeMap, sync::Arc};

use super::{Active, Here, Phase, SupportClient, push::note_token};
use crate::{
    SupportError,
    backend::Fault,
    clock::token,
    conversations::requeue,
    customer::{events, telling, validate},
    model::{AttentionReason, AttributeValue, CustomerProfile, Identity, ProfileField, RefusedField, Verification},
    runtime::blocking,
    store::{CustomerKey, CustomerRow, Durability, EntryRow, EntryState, Recorded, SessionRow, StoreError, Tx},
    sync::budget::Reason,
};

impl SupportClient {
    /// The customer has logged in to the merchant's app.
    ///
    /// Returns when it is safe on the phone; the desk is told by itself. Whoever was anonymous keeps the conversation:
    /// it moves to the person they turn out to be, and handles and observers from before go on with it. Whoever was somebody else leaves as by [`log_out`](Self::log_out).
    /// Called again for the same person (at every start, say) it only refreshes the hash and the profile, and what
    /// the desk had refused for a wrong hash is tried again.
    ///
    /// The desk creates the contact by the identity alone and is told the profile afterwards. E-mail address and phone
    /// number become the desk's own fields only where the profile says that they are verified: see
    /// [`CustomerProfile`]. The contact from before the log-in keeps the addresses that it had.
    ///
    /// What the desk makes of the hash is in [`status`](Self::status), or ask with
    /// [`verify_identity`](Self::verify_identity). [`Verification::Mismatched`] means that it has put the customer
    /// together with somebody else.
    ///
    /// Errors: [`SupportError::InvalidInput`]; [`SupportError::Storage`], and whoever was here still is.
    pub async fn identify(&self, identity: Identity, profile: CustomerProfile) -> Result<(), SupportError> {
        validate::identity(&identity)?;
        validate::profile(&profile, &self.capabilities())?;
        let _turn = self.inner.changing.lock().await;
        let active = self.inner.active()?;
        let key = CustomerKey::identified(identity.identifier());
        if key == active.key {
            active.store.write(Durability::Now, move |tx| log_in(tx, identity, profile)).await?;
            active.standing.look_again();
            active.wake();
            return Ok(());
        }
        let adopting = active.key.is_anonymous().then(|| active.key.clone());
        let next = self.replace(active, Recorded { current: key, adopting }).await?;
        next.store.write(Durability::Now, move |tx| log_in(tx, identity, profile)).await?;
        next.standing.look_again();
        next.wake();
        Ok(())
    }

    /// Says more of the customer. A field left `None` stays as it is, attributes are merged by name, and what is in
    /// [`CustomerProfile::cleared`] is cleared. Only what the desk has not accepted yet is sent, so a change that an
    /// agent or another phone made meanwhile stays. A value that the desk does not take is set aside alone: see
    /// [`refused_fields`](Self::refused_fields).
    ///
    /// Errors: [`SupportError::InvalidInput`] where a value breaks a rule or is over the desk's limits; nothing changes.
    pub async fn update_customer(&self, profile: CustomerProfile) -> Result<(), SupportError> {
        validate::profile(&profile, &self.capabilities())?;
        let write = move |tx: &mut Tx<'_>, _: Option<&Active>| {
            let Some(mut customer) = CustomerRow::find(tx)? else { return Ok(()) };
            telling::merge(tx, &mut customer, profile)?;
            customer.save(tx)?;
            telling::queue_all(tx, false)
        };
        self.inner.write(None, Durability::Now, Box::new(write)).await
    }

    /// The fields of the profile that were set aside: the desk does not take these values. Everything else was sent.
    /// Set another value, or give them up with [`discard_refused_fields`](Self::discard_refused_fields). How many there
    /// are is in [`ClientStatus::refused_fields`](crate::ClientStatus::refused_fields).
    ///
    /// # Errors
    /// [`SupportError::Paused`], [`SupportError::Closed`], [`SupportError::Storage`].
    pub async fn refused_fields(&self) -> Result<Vec<RefusedField>, SupportError> {
        self.inner.active()?.store.read(telling::refused).await
    }

    /// Gives up the values that were set aside: all of them, or those of one field. The desk keeps what it has there.
    /// A field that was not set aside stays as it is.
    ///
    /// # Errors
    /// [`SupportError::Paused`], [`SupportError::Closed`], [`SupportError::Storage`].
    pub async fn discard_refused_fields(&self, only: Option<ProfileField>) -> Result<(), SupportError> {
        let active = self.inner.active()?;
        active.store.write(Durability::Now, move |tx| telling::discard_refused(tx, only.as_ref())).await
    }

    /// Keeps something that the customer did in the app: `checkout_failed`, with a reason. When they next begin a
    /// conversation, the agents see what they did in the day before, newest first (as the conversation's attribute
    /// `recent_events`, where the desk keeps such); nothing is sent for an event alone, and what was told is forgotten.
    /// The last 20 are kept, on this phone, in the file of whoever is here.
    ///
    /// Survives a kill; a loss of power within moments may take it.
    ///
    /// Errors: [`SupportError::InvalidInput`] for a name that is empty, over 255 characters or holds control
    /// characters, for more than 20 attributes, and for a value over the desk's limits.
    ///
    /// ```no_run
    /// # async fn example(client: shopbell::SupportClient) -> Result<(), shopbell::SupportError> {
    /// let details = [("reason".to_owned(), shopbell::AttributeValue::Text("card refused".into()))];
    /// client.log_event("checkout_failed", details.into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn log_event(
        &self,
        name: impl Into<String>,
        attributes: BTreeMap<String, AttributeValue>,
    ) -> Result<(), SupportError> {
        let name = name.into();
        validate::event(&name, &attributes, &self.capabilities())?;
        let now = self.inner.config.clock.now();
        let write = move |tx: &mut Tx<'_>, _: Option<&Active>| events::log(tx, name, attributes, now);
        self.inner.write(None, Durability::Later, Box::new(write)).await
    }

    /// Asks the desk now what it makes of the customer's identity, and whose contact it has for it. A customer whom the
    /// desk has deleted stays [`Verification::Pending`] until they write, which makes them known to it anew.
    ///
    /// Errors: [`SupportError::IdentityRejected`]; [`SupportError::Offline`] and its kin where it can't be asked or does not
    /// answer in time. Nothing is concluded from that: the question stays open, and what asks the desk next asks it again.
    /// [`SupportError::Paused`] where the client is paused meanwhile.
    pub async fn verify_identity(&self) -> Result<Verification, SupportError> {
        let active = self.inner.active()?;
        self.inner.while_open(&active, Box::pin(self.ask_for_verification(&active))).await
    }

    async fn ask_for_verification(&self, active: &Active) -> Result<Verification, SupportError> {
        let customer = active.store.read(CustomerRow::find).await?;
        if customer.is_none_or(|customer| customer.identity.is_none()) {
            return Ok(Verification::Anonymous);
        }
        active.standing.forget(&active.own_session).await?;
        match active.standing.session(&active.own_session).await {
            Ok(session) if active.standing.owner_is_unknown() => {
                // Not every version of a desk says it before it is asked for a conversation. A desk that can't list them
                // has still verified the proof.
                match self.inner.backend.conversations(&session, None).await {
                    Ok(_) => {}
                    Err(error) if matches!(error.fault, Fault::Throttled { .. }) || error.fault.is_of_the_way() => {
                        return Err(error.into());
                    }
                    Err(error) => tracing::debug!(%error, "could not ask whose contact it is"),
                }
                active.standing.watch_owner().await;
            }
            // Deleted there: what is known stands until the customer writes.
            Err(error) if error.fault != Fault::ConversationGone => return Err(error.into()),
            _ => {}
        }
        let customer = active.store.read(CustomerRow::find).await?;
        Ok(customer.map_or(Verification::Anonymous, |customer| customer.verification))
    }

    /// The customer has logged out of the merchant's app: whoever comes next sees nothing of them. What they wrote,
    /// unsent messages included, is kept, and is there when they log in again. An anonymous customer leaves for good:
    /// nothing could bring them back, so nothing of them stays on the phone, drafts included. Only where a message or an
    /// answer has not been sent, their file does.
    ///
    /// Where this phone gets their pushes, the desk is asked first to send no more, for at most three seconds; if it
    /// can't be reached they come until the customer logs in again, and show nothing.
    ///
    /// Errors: [`SupportError::Storage`], and whoever was here still is.
    pub async fn log_out(&self) -> Result<(), SupportError> {
        let _turn = self.inner.changing.lock().await;
        let active = self.inner.active()?;
        let current = CustomerKey::anonymous(&token(self.inner.config.random.as_ref()));
        self.replace(active, Recorded { current, adopting: None }).await.map(|_| ())
    }

    /// Puts another customer in the place of the one who is here; on failure the first stays.
    async fn replace(&self, old: Arc<Active>, recorded: Recorded) -> Result<Arc<Active>, SupportError> {
        let leaves = recorded.adopting.is_none();
        if leaves {
            // Another person's pushes are not for this phone any more. Stopping lets the outbox say so.
            old.store.write(Durability::Now, |tx| note_token(tx, None)).await?;
        }
        let before = Recorded { current: old.key.clone(), adopting: None };
        self.inner.enter(Phase::Paused(Here::leaving(&old)));
        old.stop().await;
        let next = match self.record(recorded.clone()).await {
            Ok(()) => Active::start(&self.inner, recorded, Some(Reason::Opening)).await,
            Err(error) => Err(error),
        };
        match next {
            Ok(next) => {
                if leaves {
                    self.inner.begun.forget();
                }
                self.inner.enter(Phase::Open(Arc::clone(&next)));
                self.inner.sweep().await;
                Ok(next)
            }
            Err(error) => {
                self.record(before.clone()).await?;
                // With the phone's token.
                let again = Active::start(&self.inner, before, Some(Reason::Opening)).await?;
                self.inner.enter(Phase::Open(again));
                Err(error)
            }
        }
    }

    async fn record(&self, recorded: Recorded) -> Result<(), SupportError> {
        let place = self.inner.place.clone();
        blocking(move || place.record(&recorded)).await
    }
}

fn log_in(tx: &mut Tx<'_>, identity: Identity, profile: CustomerProfile) -> Result<(), StoreError> {
    let Some(mut customer) = CustomerRow::find(tx)? else { return Ok(()) };
    let same = customer.identity.as_ref() == Some(&identity);
    let refused = customer.verification == Verification::Rejected;
    telling::merge(tx, &mut customer, profile)?;
    if !same || refused {
        customer.identity = Some(identity);
        // A mismatch is not mended by another proof: the desk has to say so.
        if customer.verification != Verification::Mismatched {
            customer.verification = Verification::Pending;
        }
        // The desk is to look at the new proof before anything else is asked of it.
        if let Some(own) = SessionRow::own(tx)? {
            SessionRow::forget(tx, &own.id)?;
        }
        for entry in EntryRow::all(tx)? {
            if let EntryState::Attention { reason: AttentionReason::IdentityRejected, unclear } = &entry.state {
                requeue(tx, &entry, *unclear)?;
            }
        }
    }
    customer.save(tx)?;
    telling::queue_all(tx, !same || refused)
}
