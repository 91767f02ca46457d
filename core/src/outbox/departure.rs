//! A message with files on its way out: until the last moment nothing is kept of the attempt.
//!
//! A message without files is marked as in flight, with its fence, before the desk is asked. One with files may take
//! an hour, and as long as a part of the request is missing the desk can't act on any of it. So it stays `Waiting` on
//! the disk until everything but the last bytes has left; then [`commit`](Departure::commit) writes fence and mark, and
//! only then may the rest go. A kill, a break or a change of mind before that has certainly done nothing: the next
//! attempt begins without looking, and the customer may edit or discard the message while it goes.

use std::{
    pin::Pin,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    attachments::progress::{Guard, Phase},
    backend::Departure,
    clock::Clock,
    model::{ConversationId, Delivery, MessageId},
    store::{Durability, EntryRow, EntryState, MessageRow, Store, StoreError, Topic, Tx, Watcher, incoming},
};

/// One attempt at a message with files.
pub(super) struct Leaving {
    pub(super) store: Arc<Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) seq: i64,
    pub(super) attempts: u32,
    pub(super) conversation: ConversationId,
    pub(super) message: MessageId,
    /// The words that go with it.
    pub(super) text: String,
    pub(super) going: Arc<Guard>,
    committed: AtomicBool,
    changes: std::sync::Mutex<Option<Watcher>>,
}

impl Leaving {
    #[allow(clippy::too_many_arguments, reason = "one call, each by its name in the struct")]
    pub(super) fn new(
        store: &Arc<Store>,
        clock: &Arc<dyn Clock>,
        seq: i64,
        attempts: u32,
        conversation: ConversationId,
        message: MessageId,
        text: String,
        going: Arc<Guard>,
    ) -> Self {
        // From now on: a change between the reading of the words and this is seen by the first look.
        let changes = store.feed().watch(Topic::Outbox);
        Self {
            store: Arc::clone(store),
            clock: Arc::clone(clock),
            seq,
            attempts,
            conversation,
            message,
            text,
            going,
            committed: AtomicBool::new(false),
            changes: std::sync::Mutex::new(Some(changes)),
        }
    }

    /// Whether the desk may have the message.
    pub(super) fn is_committed(&self) -> bool {
        self.committed.load(Ordering::SeqCst)
    }

    /// Waits until the customer takes the message back or changes its words; for ever once it is too late for that.
    pub(super) async fn withdrawn(&self) {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut changes) = changes else { return std::future::pending().await };
        loop {
            let (seq, text) = (self.seq, self.text.clone());
            let stands = self.store.read(move |connection| stands(connection, seq, &text)).await;
            if self.is_committed() {
                return std::future::pending().await;
            }
            // A store that can't be read says nothing of what the customer wants.
            if matches!(stands, Ok(false)) {
                return;
            }
            changes.changed().await;
        }
    }
}

/// Whether the entry is still there to be sent with these words.
fn stands(connection: &rusqlite::Connection, seq: i64, text: &str) -> Result<bool, StoreError> {
    let Some(EntryRow { state: EntryState::Waiting { .. }, message: Some(message), .. }) =
        EntryRow::find(connection, seq)?
    else {
        return Ok(false);
    };
    let row = MessageRow::find(connection, &message)?;
    Ok(row.is_some_and(|row| row.desk_id.is_none() && row.message.content.as_text() == text))
}

impl Departure for Leaving {
    fn left(&self, file: usize, bytes: u64) {
        self.going.left(file, bytes);
    }

    fn commit(&self) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(async move {
            let (seq, attempts, text, now) = (self.seq, self.attempts, self.text.clone(), self.clock.now());
            let (conversation, message) = (self.conversation.clone(), self.message.clone());
            let work = move |tx: &mut Tx<'_>| {
                if !stands(tx, seq, &text)? {
                    return Ok(false);
                }
                let fence = incoming::highest_message(tx, &conversation)?;
                EntryRow::begin(tx, seq, attempts, fence, now)?;
                MessageRow::set_delivery(tx, &message, &Delivery::Sending)?;
                tx.touch(&conversation);
                Ok(true)
            };
            // Set before it is on the disk: should the writing be dropped half way, it may still have happened.
            self.committed.store(true, Ordering::SeqCst);
            let stands = match self.store.write(Durability::Now, work).await {
                Ok(stands) => stands,
                Err(error) => {
                    tracing::warn!(%error, "a message with files stays here: its departure can't be kept");
                    false
                }
            };
            self.committed.store(stands, Ordering::SeqCst);
            if stands {
                self.going.enter(Phase::Processing);
            }
            stands
        })
    }
}
