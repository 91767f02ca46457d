//! The conversation list, as it changes.

use std::sync::Arc;

use super::{Diff, Observer, Whose, diff};
use crate::{
    SupportError,
    client::{Inner, ScreenGuard},
    model::ConversationSummary,
    store::{ConversationRow, Topic},
};

/// Observes the list of conversations, the one with the latest activity first.
///
/// While there is one, the list counts as on screen: a realtime connection is held, so that an answer in any
/// conversation, and a conversation that an agent begins, is shown at once. For a number on a badge, observe
/// [`SupportClient::status`](crate::SupportClient::status) instead: it costs no connection.
///
/// Follows whoever is here: after a log-in or log-out the next batch is the other customer's list, whole.
///
/// ```no_run
/// # async fn example(client: shopbell::SupportClient) -> Result<(), shopbell::SupportError> {
/// let mut list = client.conversations();
/// let mut shown = Vec::new();
/// while let Some(batch) = list.next().await? {
///     for step in batch {
///         step.apply(&mut shown);
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct ConversationList {
    observer: Observer,
    last: Option<Vec<Arc<ConversationSummary>>>,
    on_screen: Option<ScreenGuard>,
}

impl ConversationList {
    pub(crate) fn new(inner: &Arc<Inner>) -> Self {
        Self {
            observer: Observer::new(inner, Topic::List, None),
            last: None,
            on_screen: Some(ScreenGuard::of_list(inner)),
        }
    }

    /// The same for a host that observes the list all the time, and says when it is shown
    /// ([`SupportClient::show_list`](crate::SupportClient::show_list)).
    ///
    /// ```no_run
    /// # fn example(client: shopbell::SupportClient) {
    /// let mut always = client.conversations().off_screen();
    /// client.show_list(true); // the screen with the list has come
    /// # }
    /// ```
    pub fn off_screen(mut self) -> Self {
        self.on_screen = None;
        self
    }

    /// The next batch of changes; the first is the whole list as it is on the phone. Waits while nothing changes and
    /// while the client is paused. `None` once the client was shut down. Cancel-safe.
    ///
    /// Errors: [`SupportError::Storage`]; call again to try again.
    pub async fn next(&mut self) -> Result<Option<Vec<Diff<ConversationSummary>>>, SupportError> {
        loop {
            let Some(list) = self.observer.ask(|| ConversationRow::list).await? else { return Ok(None) };
            if self.observer.is_anothers() {
                // Nothing of the one list is a step to the other.
                self.last = None;
            }
            let list = list.into_iter().map(Arc::new).collect();
            let steps = diff::advance(&mut self.last, list, |line| &line.id);
            if !steps.is_empty() {
                return Ok(Some(steps));
            }
        }
    }

    /// Whose list the last batch is of.
    pub fn whose(&self) -> Whose {
        self.observer.whose()
    }
}
