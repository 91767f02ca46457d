//! How things stand, as a small record that changes now and then.

use std::sync::Arc;

use tokio::sync::watch;

use super::Inner;
use crate::{
    SetupProblem, SupportError,
    backend::DeskNotices,
    conversations::{Observer, Whose},
    customer::{notices, telling},
    model::{Availability, Verification},
    reach::View,
    setup::Found,
    store::{ConversationRow, CustomerRow, Topic},
    sync::moment::{Connection, History},
};

/// How things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientStatus {
    /// How the desk is reached.
    pub connection: Connection,
    /// Whether agents are there; known only while a conversation is on screen.
    pub availability: Availability,
    /// What the desk makes of the customer's identity.
    pub verification: Verification,
    /// How many messages the customer has not seen, in all conversations.
    pub unread: u32,
    /// How many fields of the customer's profile the desk does not take: see
    /// [`SupportClient::refused_fields`](crate::SupportClient::refused_fields).
    pub refused_fields: u32,
    /// What the desk's version leaves open. Learnt at most once a day, after something was sent.
    pub notices: DeskNotices,
    /// Whether the list of conversations on the phone is what the desk has.
    pub history: History,
    /// A mistake in the settings that keeps Shopbell from working, once the desk has shown it. Logged as an error, too.
    pub setup: Option<SetupProblem>,
}

/// Observes [`ClientStatus`]. Follows whoever is here.
///
/// ```no_run
/// # async fn example(client: shopbell::SupportClient) -> Result<(), shopbell::SupportError> {
/// let mut status = client.status();
/// while let Some(now) = status.next().await? {
///     println!("{} unread, {:?}", now.unread, now.connection);
/// }
/// # Ok(())
/// # }
/// ```
pub struct StatusUpdates {
    customer: Observer,
    list: Observer,
    reach: watch::Receiver<View>,
    availability: watch::Receiver<Availability>,
    history: watch::Receiver<History>,
    setup: watch::Receiver<Found>,
    last: Option<ClientStatus>,
}

impl StatusUpdates {
    pub(crate) fn new(inner: &Arc<Inner>) -> Self {
        Self {
            customer: Observer::new(inner, Topic::Customer, None),
            list: Observer::new(inner, Topic::List, None),
            reach: inner.reach.view(),
            availability: inner.moment.availability(),
            history: inner.moment.history(),
            setup: inner.moment.setup().found(),
            last: None,
        }
    }

    /// How things stand: at once the first time, then whenever it changes or another customer is here. Waits while the
    /// client is paused. `None` once it was shut down. Cancel-safe.
    ///
    /// Errors: [`SupportError::Storage`]; call again to try again.
    pub async fn next(&mut self) -> Result<Option<ClientStatus>, SupportError> {
        loop {
            // The observers last: where they wait, nothing is left to tell.
            let active = tokio::select! {
                biased;
                Ok(()) = self.reach.changed() => match self.customer.active() {
                    Some(active) => Some(active),
                    None => continue,
                },
                Ok(()) = self.availability.changed() => match self.customer.active() {
                    Some(active) => Some(active),
                    None => continue,
                },
                Ok(()) = self.history.changed() => match self.customer.active() {
                    Some(active) => Some(active),
                    None => continue,
                },
                Ok(()) = self.setup.changed() => match self.customer.active() {
                    Some(active) => Some(active),
                    None => continue,
                },
                active = self.customer.changed() => active,
                active = self.list.changed() => active,
            };
            let Some(active) = active else { return Ok(None) };
            self.customer.asks(&active);
            let read = active
                .store
                .read(|connection| {
                    let customer = CustomerRow::find(connection)?;
                    let unread = ConversationRow::unread(connection)?;
                    let refused = telling::refused(connection)?.len();
                    let verification = customer.map_or(Verification::Anonymous, |customer| customer.verification);
                    Ok((verification, unread, u32::try_from(refused).unwrap_or(u32::MAX), notices::known(connection)?))
                })
                .await;
            let (verification, unread, refused_fields, notices) = match read {
                Err(SupportError::Paused) => {
                    tokio::task::yield_now().await;
                    continue;
                }
                other => {
                    self.customer.has_read(other.is_ok());
                    self.list.has_read(other.is_ok());
                    other?
                }
            };
            self.customer.settled();
            self.list.settled();
            let status = ClientStatus {
                connection: self.reach.borrow().connection,
                availability: *self.availability.borrow(),
                verification,
                unread,
                refused_fields,
                notices,
                history: *self.history.borrow(),
                setup: self.setup.borrow().problem(verification),
            };
            if self.customer.is_anothers() || self.last != Some(status) {
                self.last = Some(status);
                return Ok(Some(status));
            }
        }
    }

    /// Of whom the last status tells.
    pub fn whose(&self) -> Whose {
        self.customer.whose()
    }
}
