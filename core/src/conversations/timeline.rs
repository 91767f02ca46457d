//! A conversation's messages, as they change.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    Conversation, Diff, Observer, Whose,
    shown::{Known, Read, Shown},
};
use crate::{
    SupportError,
    client::{Active, ScreenGuard},
    model::{ConversationId, ConversationStatus, Message},
    store::{Change, ConversationRow, MessageRow, Position, Topic},
};

/// Observes the messages of a conversation, oldest first, from the newest page on.
///
/// While it lives, the conversation counts as being on screen: the realtime connection is up, and messages arrive at
/// once. Drop it when the screen closes.
///
/// ```no_run
/// # async fn example(conversation: shopbell::Conversation) -> Result<(), shopbell::SupportError> {
/// let mut timeline = conversation.timeline();
/// let mut shown = Vec::new();
/// while let Some(batch) = timeline.next().await? {
///     for step in batch {
///         step.apply(&mut shown);
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Timeline {
    conversation: Conversation,
    observer: Observer,
    shown: Shown,
    _screen: ScreenGuard,
}

/// How far back the timelines of a handle show.
pub(super) struct Window {
    view: Mutex<View>,
}

#[derive(Clone, Copy)]
struct View {
    /// Where it is to begin; `None` until the desk has a message.
    from: Option<Position>,
    /// Where it begins: later than it is to, while there is a gap in between.
    shown: Option<Position>,
    /// How many messages were asked for: a page, and one more each time the reader reached back.
    count: u32,
}

/// How many pages may come in at the newer end before the window moves up to the newest: whoever comes back to ten
/// thousand missed messages sees the last ones and reaches back from there.
const PAGES_BEFORE_MOVING: u32 = 10;

impl Window {
    pub(super) fn new(page_size: u32) -> Self {
        Self { view: Mutex::new(View { from: None, shown: None, count: page_size }) }
    }

    fn view(&self) -> View {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reader reached back to `from`.
    fn reach(&self, from: Position, more: u32) {
        let mut view = self.lock();
        view.from = Some(view.from.map_or(from, |before| before.min(from)));
        view.shown = Some(from);
        view.count = view.count.saturating_add(more);
    }
}

/// Brings older messages into a [`Timeline`]; usable while another task waits for its next batch.
#[derive(Clone)]
pub struct TimelinePager {
    conversation: Conversation,
}

/// What lies before the oldest message shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Older {
    /// Possibly more.
    MayExist,
    /// Nothing: the conversation begins here.
    None,
}

impl Timeline {
    pub(crate) fn new(conversation: Conversation) -> Self {
        let topic = Topic::Conversation(conversation.id().clone());
        let observer = Observer::new(&conversation.inner, topic, Some(conversation.key.clone()));
        let screen = ScreenGuard::new(&conversation.inner, conversation.id().clone());
        Self { conversation, observer, shown: Shown::default(), _screen: screen }
    }

    /// For reaching back while a task waits in [`next`](Self::next).
    pub fn pager(&self) -> TimelinePager {
        TimelinePager { conversation: self.conversation.clone() }
    }

    /// The next batch of changes; the first is the newest page as it is on the phone, with what was brought in before by
    /// this handle, at once and without the network.
    /// Waits while nothing changes and while the client is paused. `None` once the client was shut down or the
    /// customer has left. Cancel-safe.
    ///
    /// Errors: [`SupportError::NotFound`] where this customer has no such conversation; [`SupportError::Storage`]. Call
    /// again to try again.
    pub async fn next(&mut self) -> Result<Option<Vec<Diff<Message>>>, SupportError> {
        loop {
            let page_size = self.conversation.inner.config.limits.page_size;
            let read = self.observer.ask_at_commit(|| {
                let (id, fresh, known) = (self.conversation.id().clone(), self.conversation.fresh, self.shown.known());
                // Asked for now: the pager may have moved it while nothing changed.
                let view = self.conversation.window.view();
                move |connection: &rusqlite::Connection, change: &Change| {
                    let read = window(connection, &id, view, page_size, &known, change)?;
                    let read = read.or_else(|| fresh.then(|| ((view.from, view.shown), Read::nothing())));
                    Ok((view, read.ok_or(SupportError::NotFound { what: "conversation" })?))
                }
            });
            let Some((view, (begins, read))) = read.await? else { return Ok(None) };
            {
                // Unless the pager has moved it meanwhile.
                let mut now = self.conversation.window.lock();
                if (now.from, now.shown) == (view.from, view.shown) {
                    (now.from, now.shown) = begins;
                }
            }
            let steps = self.shown.update(read, |message| self.conversation.inner.transfers.show(message));
            if !steps.is_empty() {
                return Ok(Some(steps));
            }
        }
    }

    /// Whose conversation it is.
    pub fn whose(&self) -> Whose {
        self.observer.whose()
    }
}

/// Where the window is to begin and where it does.
type Begins = (Option<Position>, Option<Position>);

/// Where the window begins, and what is in it; `None` where there is no such conversation.
fn window(
    connection: &rusqlite::Connection,
    id: &ConversationId,
    view: View,
    page_size: u32,
    known: &Known,
    change: &Change,
) -> Result<Option<(Begins, Read)>, crate::store::StoreError> {
    // Without a beginning the window goes by what is in it. With one, what is unsent never moves it: a page begins with
    // what the desk has.
    if let (Change::Appended(new), Some(_)) = (change, view.from)
        && !new.iter().any(|row| known.contains_key(&row.message.id))
    {
        debug_assert!(new.iter().all(|row| is_kept(connection, row)), "what is told is what a reader would find");
        return Ok(Some(((view.from, view.shown), Read::Appended(new.clone()))));
    }
    // One moment of the database for all questions.
    let moment = connection.unchecked_transaction()?;
    let Some(row) = ConversationRow::find(&moment, id)? else { return Ok(None) };
    let id = &row.id;
    let mut from = match view.from {
        Some(from) => Some(from),
        None => MessageRow::page_start(&moment, id, None, view.count)?,
    };
    // What lies before a gap is shown once the gap is filled.
    let run = MessageRow::run_start(&moment, id, &row.sync)?;
    let mut rows = MessageRow::window(&moment, id, from.max(run).unwrap_or(Position::FIRST))?;
    let most = view.count.saturating_add(page_size.saturating_mul(PAGES_BEFORE_MOVING));
    let moved = if rows.len() > usize::try_from(most).unwrap_or(usize::MAX) {
        MessageRow::page_start(&moment, id, None, view.count)?
    } else if rows.iter().filter(|row| !row.is_unsent()).count() < usize::try_from(view.count).unwrap_or(usize::MAX) {
        // A greeting that is read after the customer's first words were sent stands before where the window began.
        from.min(MessageRow::page_start(&moment, id, None, view.count)?.or(from))
    } else {
        from
    };
    if moved != from {
        from = moved;
        rows = MessageRow::window(&moment, id, from.max(run).unwrap_or(Position::FIRST))?;
    }
    let mut changed = Vec::new();
    for row in rows.iter().filter(|row| known.get(&row.id) != Some(&row.rev)) {
        if let Some(whole) = MessageRow::of_window(&moment, row)? {
            changed.push(whole);
        }
    }
    let order = rows.into_iter().map(|row| row.id).collect();
    Ok(Some(((from, from.max(run)), Read::Whole { order, changed, agent_seen_at: row.agent_seen_at })))
}

/// Whether the row on the disk says the same.
fn is_kept(connection: &rusqlite::Connection, row: &MessageRow) -> bool {
    MessageRow::find(connection, &row.message.id).is_ok_and(|found| found.as_ref() == Some(row))
}

impl TimelinePager {
    /// Brings in the page before the oldest message shown: from the phone, else from the desk. The messages come with
    /// the timeline's next batch.
    ///
    /// Errors: [`SupportError::Paused`] and [`SupportError::Closed`], also where that comes while it waits for the desk;
    /// [`SupportError::Offline`], [`SupportError::DeskUnavailable`] or [`SupportError::Busy`] where the desk had
    /// to be asked and could not answer: there may be more, so ask again later. [`SupportError::NotFound`] where the desk
    /// has deleted the conversation. What is on the phone is shown all the same.
    pub async fn load_older(&self) -> Result<Older, SupportError> {
        let active = self.conversation.active()?;
        let page_size = self.conversation.inner.config.limits.page_size;
        loop {
            let view = self.conversation.window.view();
            if let Some(from) = self.page_before(&active, view.shown.or(view.from), page_size).await? {
                self.conversation.window.reach(from, page_size);
                active.store.feed().publish([Topic::Conversation(self.conversation.id().clone())]);
                return Ok(Older::MayExist);
            }
            let Some(row) = self.row(&active).await?.filter(|row| row.desk_id.is_some()) else {
                return Ok(Older::None);
            };
            if row.sync.complete {
                return Ok(Older::None);
            }
            if row.status == ConversationStatus::Gone {
                return Err(SupportError::NotFound { what: "conversation" });
            }
            let older = async { Ok(active.fetcher.older(&row.id).await?) };
            self.conversation.inner.while_open(&active, Box::pin(older)).await?;
            let after = self.row(&active).await?.map(|row| (row.sync.history_from, row.sync.complete));
            // A desk that gives the same page again would be asked for ever, and the beginning is not reached.
            if after == Some((row.sync.history_from, row.sync.complete)) {
                return Err(SupportError::DeskUnavailable);
            }
        }
    }

    async fn row(&self, active: &Active) -> Result<Option<ConversationRow>, SupportError> {
        let id = self.conversation.id().clone();
        active.store.read(move |connection| ConversationRow::find(connection, &id)).await
    }

    /// Where the page before `before` begins, of what is on the phone.
    async fn page_before(
        &self,
        active: &Active,
        before: Option<Position>,
        page_size: u32,
    ) -> Result<Option<Position>, SupportError> {
        let id = self.conversation.id().clone();
        let read = move |connection: &rusqlite::Connection| match ConversationRow::find(connection, &id)? {
            Some(row) => MessageRow::page_start(connection, &row.id, before, page_size),
            None => Ok(None),
        };
        active.store.read(read).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        backend::Secret,
        model::{Content, MessageId, Timestamp},
        store::{Durability, EntryRow, Feed, NewMessage, SessionRow, Store},
    };

    #[tokio::test]
    async fn message_at_the_end_of_a_long_queue_is_not_read_with_the_queue() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db"), Timestamp::default(), Feed::new()).unwrap();
        let write = store.write(Durability::Now, |tx| {
            let (conversation, now) = (ConversationId::new("c"), Timestamp::default());
            SessionRow::insert_own(tx, "s", &Secret::new("secret"))?;
            ConversationRow::insert(tx, &conversation, "s", None, now)?;
            let (last, text) = (MessageId::new("last"), Content::text("and?"));
            let new = NewMessage {
                conversation: &conversation,
                session: "s",
                id: &last,
                content: &text,
                attachments: &[],
                at: now,
            };
            EntryRow::insert_message(tx, new)?;
            // Many more than come in before a window moves.
            let known = Arc::new((0..900).map(|number| (MessageId::new(number.to_string()), 0)).collect());
            let view = View { from: Some(Position::FIRST), shown: None, count: 50 };
            let appended = Change::Appended(vec![MessageRow::find(tx, &last)?.expect("it was written")]);
            Ok(window(tx, &conversation, view, 50, &known, &appended)?.expect("it is there").1)
        });
        assert!(matches!(write.await.unwrap(), Read::Appended(rows) if rows.len() == 1));
    }
}
