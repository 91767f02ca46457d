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

use super::tasks::{Job, Tools};
use crate::{
    attachments::progress::{Guard, Phase},
    backend::{BackendError, Departure, Fault, OutgoingFile, OutgoingMessage, Session},
    clock::{SteadyClock, token},
    customer::standing::storage,
    model::{Attachment, ConversationId},
    store::{
        Durability, EntryRow, EntryState, Fence, FileId, FileRow, MessageRow, Part, Store, StoreError, Task, Topic, Tx,
        Watcher, incoming,
    },
};

/// One attempt at a message with files.
struct Leaving {
    store: Arc<Store>,
    clock: SteadyClock,
    seq: i64,
    attempts: u32,
    conversation: ConversationId,
    /// The words that go with it.
    text: String,
    going: Arc<Guard>,
    committed: AtomicBool,
    changes: std::sync::Mutex<Option<Watcher>>,
}

impl Leaving {
    fn new(
        store: &Arc<Store>,
        clock: &SteadyClock,
        seq: i64,
        attempts: u32,
        conversation: ConversationId,
        text: String,
        going: Arc<Guard>,
    ) -> Self {
        // From now on: a change between the reading of the words and this is seen by the first look.
        let changes = store.feed().watch(Topic::Outbox);
        Self {
            store: Arc::clone(store),
            clock: clock.clone(),
            seq,
            attempts,
            conversation,
            text,
            going,
            committed: AtomicBool::new(false),
            changes: std::sync::Mutex::new(Some(changes)),
        }
    }

    /// Whether the desk may have the message.
    fn is_committed(&self) -> bool {
        self.committed.load(Ordering::SeqCst)
    }

    /// Waits until the customer takes the message back or changes its words; for ever once it is too late for that.
    async fn withdrawn(&self) {
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
    let Some(EntryRow { state: EntryState::Waiting { .. }, .. }) = EntryRow::find(connection, seq)? else {
        return Ok(false);
    };
    let row = MessageRow::of_entry(connection, seq)?;
    Ok(row.is_some_and(|row| row.message.content.as_text() == text))
}

impl Departure for Leaving {
    fn left(&self, file: usize, bytes: u64) {
        self.going.left(file, bytes);
    }

    fn commit(&self) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(async move {
            let (seq, attempts, text, now) = (self.seq, self.attempts, self.text.clone(), self.clock.now());
            let conversation = self.conversation.clone();
            let work = move |tx: &mut Tx<'_>| {
                if !stands(tx, seq, &text)? {
                    return Ok(false);
                }
                let fence = Fence { number: incoming::highest_message(tx, &conversation)?, at: now };
                EntryRow::begin(tx, seq, attempts, fence)?;
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

impl Tools {
    /// The message shows that it goes, if it takes files along and the desk does not have it yet.
    pub(super) fn going(&self, job: &Job) -> Option<Arc<Guard>> {
        let (Some(conversation), Some(row)) = (&job.conversation, &job.message) else { return None };
        if job.entry.task != Task::Message || job.entry.files == 0 || row.desk_id.is_some() {
            return None;
        }
        let sizes: Vec<u64> = row.message.attachments.iter().map(|file| file.size.unwrap_or(0)).collect();
        Some(Arc::new(self.transfers.begin(&row.message.id, &conversation.id, &sizes)))
    }

    /// Sends a message with its files, anew as often as the customer changes it on the way.
    pub(super) async fn depart(
        &self,
        mut job: Job,
        session: &Session,
        attempts: u32,
        going: &Arc<Guard>,
    ) -> Result<(), BackendError> {
        while !self.try_depart(&job, session, attempts, going).await? {
            let Some(again) = self.begin(job.entry.seq, attempts).await? else { return Ok(()) };
            job = again;
        }
        Ok(())
    }

    /// `false` where the customer has changed the message or taken it back before it was gone.
    async fn try_depart(
        &self,
        job: &Job,
        session: &Session,
        attempts: u32,
        going: &Arc<Guard>,
    ) -> Result<bool, BackendError> {
        let (Some(conversation), Some(row)) = (&job.conversation, &job.message) else { return Ok(true) };
        let Some(desk_id) = conversation.desk_id else {
            return Err(BackendError::refused(Fault::ConversationGone, "not opened yet"));
        };
        let files = self.files(row).await?;
        let (id, message) = (conversation.id.clone(), row.message.id.clone());
        let text = row.message.content.as_text().to_owned();
        let leaving = Arc::new(Leaving::new(
            &self.store,
            &self.clock,
            job.entry.seq,
            attempts,
            id.clone(),
            text.clone(),
            Arc::clone(going),
        ));
        let outgoing = OutgoingMessage { text, echo: message.as_str().to_owned() };
        let departure: Arc<Leaving> = Arc::clone(&leaving);
        let sending = self.backend.send_files(session, desk_id, &outgoing, &files, departure);
        let answer = tokio::select! {
            answer = sending => answer,
            () = leaving.withdrawn() => return Ok(false),
        };
        match answer {
            Ok(answer) => {
                let random = Arc::clone(&self.random);
                self.write(move |tx| incoming::sent(tx, &message, &answer, attempts, &|| token(random.as_ref())))
                    .await?;
                Ok(true)
            }
            // Taken back at the last moment.
            Err(error) if error.fault == Fault::Withdrawn => Ok(false),
            // Whatever the adapter makes of it: the last bytes never left.
            Err(error) if !leaving.is_committed() => Err(BackendError::refused(error.fault, error.detail)),
            Err(error) => Err(error),
        }
    }

    /// Where the files of a message are.
    async fn files(&self, row: &MessageRow) -> Result<Vec<OutgoingFile>, BackendError> {
        let attachments = row.message.attachments.clone();
        let rows = self.store.read(move |connection| {
            let with_row = |file: Attachment| {
                let row = FileRow::find(connection, &FileId::of(&file.id, Part::Whole))?;
                Ok::<_, StoreError>((row, file))
            };
            attachments.into_iter().map(with_row).collect::<Result<Vec<_>, _>>()
        });
        let rows = rows.await.map_err(|error| storage(&error))?;
        let file = |(row, file): (Option<FileRow>, Attachment)| {
            let row = row.ok_or_else(|| BackendError::refused(Fault::FileGone, "a file is not here any more"))?;
            Ok(OutgoingFile {
                name: file.name,
                media_type: file.media_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
                size: row.size,
                path: self.folder.path(&row.name),
            })
        };
        rows.into_iter().map(file).collect()
    }
}
