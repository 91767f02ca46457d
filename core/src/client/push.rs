//! Push, carried out: the token is told to the desk, and what a push names is fetched, from the background if need be.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use tokio::time::Instant;

use super::{Active, Phase, SupportClient};
use crate::{
    SupportError,
    backend::{BackendError, Fault},
    customer::telling,
    push::{self, Push, PushNews, PushOutcome, PushToken},
    runtime::go_on,
    store::{ConversationRow, CustomerRow, Durability, StoreError, Tx, UnreadIn},
    sync::{budget::Reason, fetch::Asked},
};

impl SupportClient {
    /// What the push service knows this phone by, or `None` where it is to get no pushes any more. Call it at every
    /// start and whenever the system gives another one.
    ///
    /// Returns when it is safe on the phone; the desk is told by itself, once it knows the customer. Held for whoever
    /// is here and, while this client lives, for whoever logs in next; [`log_out`](Self::log_out) takes it away from
    /// the one who leaves. On a paused client it takes effect with the resume.
    ///
    /// Errors: [`SupportError::InvalidInput`] where it is empty, holds blanks or is longer than the desk keeps.
    pub async fn set_push_token(&self, token: Option<PushToken>) -> Result<(), SupportError> {
        if let Some(token) = &token {
            token.check(self.capabilities().max_attribute_chars)?;
        }
        *self.inner.push_token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        match self.inner.active() {
            Ok(active) => active.store.write(Durability::Now, move |tx| note_token(tx, token.as_ref())).await,
            Err(SupportError::Paused) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Hands in a push that the app got: asks the desk for what it names, and says what to show.
    ///
    /// `data` are the fields of a data message of Firebase's, or the texts in the `userInfo` of Apple's. A client that
    /// is paused is opened for it, and closed again, so this may be called from the background; it takes a request or
    /// two. Where the desk can't be reached, or does not answer within [`Limits::push_timeout`](crate::Limits::push_timeout),
    /// a conversation that is known here is still told of, without its words: they may have been deleted. Then the author
    /// is told where the message that the push names is on the phone already.
    /// Dropping the future stops the waiting only.
    ///
    /// **A push that comes again gives its news again**, in the newest words, until the message was seen: whether the first
    /// was shown, nobody knows here. Show news in the place of what was shown of its conversation before, under an
    /// identifier made of [`PushNews::conversation`], so that a repetition is not a second notification.
    ///
    /// Errors: [`SupportError::Offline`] and its kin for a conversation that is not known here;
    /// [`SupportError::Paused`] where the app went to the background meanwhile; [`SupportError::Storage`],
    /// [`SupportError::Closed`].
    pub async fn handle_push(&self, data: &BTreeMap<String, String>) -> Result<PushOutcome, SupportError> {
        let Some(push) = Push::read(data) else { return Ok(PushOutcome::Foreign) };
        let until = Instant::now() + self.inner.config.limits.push_timeout;
        let (client, (tell, told)) = (self.clone(), tokio::sync::oneshot::channel());
        go_on(async move {
            let outcome = match client.visit().await {
                Ok(active) => {
                    let outcome = client.news(&active, push, until).await;
                    client.leave().await;
                    outcome
                }
                Err(error) => Err(error),
            };
            let _ = tell.send(outcome);
        });
        told.await.unwrap_or(Err(SupportError::Closed))
    }

    /// Opens a paused client for as long as it takes.
    async fn visit(&self) -> Result<Arc<Active>, SupportError> {
        let mut life = self.inner.changing.lock().await;
        let phase = self.inner.phase.borrow().clone();
        let active = match phase {
            Phase::Open(active) => active,
            Phase::Paused(here) => self.reopen(here.key, None).await?,
            Phase::Closed => return Err(SupportError::Closed),
        };
        life.visits += 1;
        Ok(active)
    }

    /// The last one closes what the host did not open meanwhile.
    async fn leave(&self) {
        let mut life = self.inner.changing.lock().await;
        life.visits = life.visits.saturating_sub(1);
        if life.visits == 0 && life.paused {
            self.close_files().await;
        }
    }

    async fn news(&self, active: &Active, push: Push, until: Instant) -> Result<PushOutcome, SupportError> {
        let desk_id = push.conversation;
        let row = active.store.read(move |connection| ConversationRow::by_desk_id(connection, desk_id)).await?;
        let unread = match (&row, push.message) {
            (Some(row), Some(message)) => {
                let id = row.id.clone();
                active.store.read(move |connection| ConversationRow::is_unread(connection, &id, message)).await?
            }
            _ => None,
        };
        let asking = async {
            match &row {
                // It was seen or deleted: nothing that the desk says of it makes it news again.
                Some(_) if unread == Some(false) => Ok(Asked::Nothing),
                // Also where the message is here: it may have been deleted or edited since.
                Some(row) => active.fetcher.conversation(&row.id).await,
                // Begun by an agent or on another phone, if it is this customer's at all: the desk's list says.
                None => active.fetcher.list(Reason::Unknown).await,
            }
        };
        // The system ends an app that looks at a push for long, and then nothing is shown at all.
        let fetched = tokio::time::timeout_at(until, asking).await.unwrap_or_else(|_| {
            Err(BackendError::unclear(Fault::Network, "no answer within the time that a push has"))
        });
        let is_here = unread.is_some();
        let missed = match fetched {
            Ok(_) => false,
            Err(error) if row.is_none() => return Err(error.into()),
            // The desk was reached, and has nothing there for this customer.
            Err(error) if matches!(error.fault, Fault::ConversationGone | Fault::SessionGone) => false,
            Err(error) => {
                tracing::debug!(%error, "a push could not be looked up");
                true
            }
        };
        let shown = self.inner.screen.shown().borrow().conversation.clone();
        let shown = shown.map(|shown| self.inner.feed.conversation(&shown));
        let unread = active.store.read(move |connection| ConversationRow::unread_in(connection, desk_id)).await?;
        let unread = unread.filter(|unread| shown.as_ref() != Some(&unread.conversation));
        Ok(unread.map_or(PushOutcome::NothingNew, |unread| outcome(unread, missed, is_here)))
    }
}

/// What to show of a conversation. With `missed` the desk could not be asked: no words are shown, for they may have been
/// deleted since, and where the message is not here there is one more than is counted.
fn outcome(unread: UnreadIn, missed: bool, is_here: bool) -> PushOutcome {
    let more = u32::from(missed && !is_here);
    if unread.count.saturating_add(more) == 0 {
        return PushOutcome::NothingNew;
    }
    // With `missed` and the message here, who wrote is still known.
    let (author, preview) = unread.newest.filter(|_| !missed || is_here).unzip();
    PushOutcome::News(PushNews {
        conversation: unread.conversation,
        author,
        preview: preview.filter(|_| !missed),
        unread: unread.count.saturating_add(more),
        total_unread: unread.total.saturating_add(more),
    })
}

/// Puts the phone's token among what is known of the customer, and tells the desk where that is news.
pub(super) fn note_token(tx: &mut Tx<'_>, token: Option<&PushToken>) -> Result<(), StoreError> {
    let Some(mut customer) = CustomerRow::find(tx)? else { return Ok(()) };
    if !push::put(&mut customer.profile, token) {
        return Ok(());
    }
    customer.save(tx)?;
    telling::queue_all(tx, false)
}
