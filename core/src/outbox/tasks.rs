//! Carrying out one entry: begin (with its fence), ask the desk, and write down what came of it.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::{handover::Begun, queue::Event};
use crate::{
    attachments::{Folder, progress::Transfers},
    backend::{
        Backend, BackendError, ConversationContext, DeskConversation, Fault, Fetched, Happened, OutgoingMessage,
        OutgoingVote, Session,
    },
    clock::{Random, SteadyClock, token},
    customer::{
        events, notices,
        standing::{Standing, storage},
    },
    model::{AnswerState, ConversationId, ConversationStatus, DeskConversationId, MessageId, Timestamp},
    rules,
    runtime::go_on,
    signal::Signal,
    store::{
        ConversationRow, CustomerRow, Durability, EntryRow, Fence, FileRow, Marks, MessageRow, NewEntry, SessionRow,
        Store, StoreError, Task, Tx, Work, facts, incoming, seen,
    },
};

/// What attempts and looks need.
pub(crate) struct Tools {
    pub(crate) store: Arc<Store>,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) standing: Arc<Standing>,
    /// What waits and attempts are measured by. What is kept of them is in its time.
    pub(crate) clock: SteadyClock,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) folder: Folder,
    pub(crate) transfers: Transfers,
    pub(crate) sync: mpsc::UnboundedSender<Signal>,
    /// Whether the desk's version was looked at since the file was opened.
    pub(crate) looked_at_desk: AtomicBool,
    /// Entries whose context the desk failed at: the conversation is opened without it.
    pub(crate) spoiled: Mutex<HashSet<i64>>,
}

/// An entry and what it is about, read at once.
pub(super) struct Job {
    pub(super) entry: EntryRow,
    pub(super) conversation: Option<ConversationRow>,
    pub(super) message: Option<MessageRow>,
}

/// A message of words alone, as the desk is told it.
pub(crate) struct Words {
    pub(crate) conversation: ConversationId,
    pub(crate) desk_id: DeskConversationId,
    pub(crate) message: MessageId,
    pub(crate) text: String,
}

impl Job {
    fn read(connection: &Connection, seq: i64) -> Result<Option<Self>, StoreError> {
        let Some(entry) = EntryRow::find(connection, seq)? else { return Ok(None) };
        let conversation = match &entry.conversation {
            Some(id) => ConversationRow::find(connection, id)?,
            None => None,
        };
        let message = match (&entry.task, &entry.message) {
            (Task::Message, _) => MessageRow::of_entry(connection, seq)?,
            (_, Some(id)) => MessageRow::find(connection, id)?,
            (_, None) => None,
        };
        Ok(Some(Self { entry, conversation, message }))
    }
}

impl Tools {
    /// Makes attempt number `attempts` at an entry.
    pub(crate) async fn attempt(self: Arc<Self>, seq: i64, attempts: u32) -> Event {
        let result = self.try_attempt(seq, attempts).await;
        self.ended(seq, attempts, result).await
    }

    /// Makes the first attempt at a message that was begun with its writing.
    pub(super) async fn attempt_begun(self: Arc<Self>, begun: Begun) -> Event {
        let Begun { seq, session, words } = begun;
        let result = async { self.say(&self.standing.session_to_write(&session).await?, words, 1).await };
        self.ended(seq, 1, result.await).await
    }

    async fn ended(&self, seq: i64, attempts: u32, result: Result<(), BackendError>) -> Event {
        self.standing.watch_owner().await;
        match result {
            Ok(()) => {
                self.look_at_desk();
                Event::Done(seq)
            }
            Err(error) => {
                tracing::debug!(seq, attempts, %error, happened = ?error.happened, "attempt failed");
                self.standing.met(&error.fault);
                if let Err(error) = self.mend(seq, &error.fault).await {
                    tracing::warn!(seq, %error, "could not note what the desk has forgotten");
                }
                Event::Failed(seq, error.fault, error.happened)
            }
        }
    }

    /// Learns about the desk's version, beside everything else: nothing waits for it. Once in the life of an open file
    /// it is asked whether that is due.
    fn look_at_desk(&self) {
        if !self.looked_at_desk.swap(true, Ordering::Relaxed) {
            let clock = Arc::clone(self.clock.time_of_day());
            go_on(notices::look(Arc::clone(&self.store), Arc::clone(&self.backend), clock));
        }
    }

    /// Looks at the desk for the trace of an unclear attempt.
    pub(crate) async fn look(self: Arc<Self>, seq: i64) -> Event {
        match self.try_look(seq).await {
            Ok(found) => {
                tracing::debug!(seq, found, "looked");
                Event::Looked(seq, found)
            }
            Err(error) => {
                tracing::debug!(seq, %error, "could not look");
                if let Err(error) = self.mend(seq, &error.fault).await {
                    tracing::warn!(seq, %error, "could not note what the desk has forgotten");
                }
                // With the conversation or the customer gone, so is the message.
                match error.fault {
                    Fault::ConversationGone | Fault::SessionGone => Event::Looked(seq, false),
                    fault => Event::LookFailed(seq, fault),
                }
            }
        }
    }

    async fn try_attempt(&self, seq: i64, attempts: u32) -> Result<(), BackendError> {
        // Sync has bound it meanwhile, or the customer has discarded it: done.
        let Some(job) = self.begin(seq, attempts).await? else { return Ok(()) };
        let going = self.going(&job);
        let session = &job.entry.session;
        let session = match job.entry.task {
            Task::Open | Task::Message | Task::Vote { .. } => self.standing.session_to_write(session).await?,
            _ => self.standing.session(session).await?,
        };
        if let Some(going) = going {
            return self.depart(job, &session, attempts, &going).await;
        }
        match &job.entry.task {
            Task::Open => self.open(&job, &session).await,
            Task::Message => self.send(&job, &session, attempts).await,
            Task::Answer { answer, .. } => self.answer(&job, &session, answer).await,
            Task::Seen | Task::Resolve => self.mark(&job, &session).await,
            Task::Vote { portal, article, helpful, reason } => {
                let Some(help) = self.backend.help_center() else {
                    return Err(BackendError::refused(Fault::Unsupported, "no help centre"));
                };
                let (portal, article, reason) = (portal.clone(), article.clone(), reason.clone());
                help.vote(&session, &OutgoingVote { portal, article, helpful: *helpful, reason }).await?;
                self.write(move |tx| EntryRow::remove(tx, seq)).await
            }
            Task::Profile => self.tell_profile(&job, &session).await,
        }
    }

    async fn open(&self, job: &Job, session: &Session) -> Result<(), BackendError> {
        let seq = job.entry.seq;
        let conversation = job.conversation.as_ref().filter(|conversation| conversation.desk_id.is_none());
        let Some(conversation) = conversation else { return self.write(move |tx| EntryRow::remove(tx, seq)).await };
        if !self.has_words(&conversation.id).await? {
            return self.write(move |tx| EntryRow::remove(tx, seq)).await;
        }
        let now = self.clock.time_of_day().now();
        // A context that the desk has failed at must not cost the conversation.
        let spoiled = self.spoiled().contains(&seq);
        let context = if spoiled { ConversationContext::new() } else { self.context(&conversation.id, now).await? };
        let mut told = !context.is_empty();
        let opened = if context.is_empty() {
            self.backend.open_conversation(session).await?
        } else {
            match self.backend.open_conversation_with(session, &context).await {
                // What a desk does not like of the context must not keep the customer from writing.
                Err(BackendError {
                    fault: Fault::Refused { .. } | Fault::Unsupported, happened: Happened::No, ..
                }) => {
                    told = false;
                    self.backend.open_conversation(session).await?
                }
                opened => {
                    if matches!(&opened, Err(BackendError { fault: Fault::Desk, .. })) {
                        self.spoiled().insert(seq);
                    }
                    opened?
                }
            }
        };
        let (id, random, sync) = (conversation.id.clone(), Arc::clone(&self.random), self.sync.clone());
        self.write(move |tx| {
            EntryRow::remove(tx, seq)?;
            say_opened(tx, sync, &id);
            // A conversation that was there before took nothing of the context.
            if !incoming::opened(tx, &id, &opened, &|| token(random.as_ref()))? && told {
                events::told(tx, now)?;
            }
            Ok(())
        })
        .await
    }

    /// What the agents shall know of how the conversation began, where the desk can keep it. What led to it stays kept
    /// here, for a desk that forgets the conversation has it opened again; what the customer did otherwise is told once.
    async fn context(
        &self,
        conversation: &ConversationId,
        now: Timestamp,
    ) -> Result<ConversationContext, BackendError> {
        let limits = self.backend.capabilities();
        if !limits.conversation_context {
            return Ok(ConversationContext::new());
        }
        let id = conversation.clone();
        let read = move |connection: &Connection| {
            let mut context = facts::context(connection, &id)?;
            events::tell(connection, &mut context, &limits, now)?;
            Ok(rules::clean_context(context, &limits))
        };
        self.store.read(read).await.map_err(|error| storage(&error))
    }

    fn spoiled(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.spoiled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything waits to be said in it. Asked once the standing is there, which may have taken minutes: the
    /// customer may have discarded the words meanwhile, and the desk shall not see an empty conversation.
    async fn has_words(&self, conversation: &ConversationId) -> Result<bool, BackendError> {
        let id = conversation.clone();
        let waiting = self.store.read(move |connection| EntryRow::of_conversation(connection, &id)).await;
        let waiting = waiting.map_err(|error| storage(&error))?;
        Ok(waiting.iter().any(|entry| entry.task == Task::Message))
    }

    async fn send(&self, job: &Job, session: &Session, attempts: u32) -> Result<(), BackendError> {
        let Some(row) = &job.message else {
            // It holds no words: in an older version's file those may be among what the desk has.
            let seq = job.entry.seq;
            return self.write(move |tx| EntryRow::remove(tx, seq)).await;
        };
        let desk_id = job.conversation.as_ref().and_then(|conversation| conversation.desk_id);
        let Some(desk_id) = desk_id else {
            return Err(BackendError::refused(Fault::ConversationGone, "not opened yet"));
        };
        let (id, message) = (row.message.conversation.clone(), row.message.id.clone());
        let text = row.message.content.as_text().to_owned();
        self.say(session, Words { conversation: id, desk_id, message, text }, attempts).await
    }

    async fn say(&self, session: &Session, words: Words, attempts: u32) -> Result<(), BackendError> {
        let Words { desk_id, message, text, .. } = words;
        let outgoing = OutgoingMessage { text, echo: message.as_str().to_owned() };
        let answer = self.backend.send_message(session, desk_id, &outgoing).await?;
        let random = Arc::clone(&self.random);
        let new_id = move || token(random.as_ref());
        self.write(move |tx| incoming::sent(tx, &message, &answer, attempts, &new_id)).await
    }

    async fn mark(&self, job: &Job, session: &Session) -> Result<(), BackendError> {
        let seq = job.entry.seq;
        let there = job.conversation.as_ref().filter(|conversation| conversation.status != ConversationStatus::Gone);
        let desk_id = there.and_then(|conversation| conversation.desk_id);
        let (Some(conversation), Some(desk_id)) = (there, desk_id) else {
            // Never reached the desk, or is gone from it: there is nothing to mark there.
            return self.write(move |tx| EntryRow::remove(tx, seq)).await;
        };
        if job.entry.task == Task::Seen {
            return self.tell_seen(seq, conversation, desk_id, session).await;
        }
        let status = self.backend.resolve(session, desk_id).await?;
        let id = conversation.id.clone();
        self.write(move |tx| {
            EntryRow::remove(tx, seq)?;
            ConversationRow::set_status(tx, &id, status)
        })
        .await
    }

    /// Tells that everything was seen, where that is still true: the desk takes its own now for the moment of it, and
    /// would count what has come meanwhile as seen. Where something has, the customer's next look tells of all.
    async fn tell_seen(
        &self,
        seq: i64,
        conversation: &ConversationRow,
        desk_id: DeskConversationId,
        session: &Session,
    ) -> Result<(), BackendError> {
        let validator = conversation.sync.validator.as_deref();
        let newest = match self.backend.messages(session, desk_id, None, validator).await? {
            Fetched::New { value, .. } => value.messages,
            Fetched::Unchanged => Vec::new(),
        };
        let id = conversation.id.clone();
        let begun = self
            .write(move |tx| {
                if ConversationRow::seen_to(tx, &id)?.is_some_and(|seen_to| seen::covers(seen_to, &newest)) {
                    return ConversationRow::set_marks(tx, &id, Marks::Sending);
                }
                EntryRow::remove(tx, seq)?;
                Ok(None)
            })
            .await?;
        let Some(before) = begun else { return Ok(()) };
        let answer = self.backend.mark_seen(session, desk_id).await;
        let marks = match &answer {
            Ok(at) => at.map_or(Marks::Untimed, Marks::Until),
            Err(error) if error.happened == Happened::No => before,
            Err(_) => Marks::Sending,
        };
        let (id, done) = (conversation.id.clone(), answer.is_ok());
        self.write(move |tx| {
            ConversationRow::set_marks(tx, &id, marks)?;
            if done { EntryRow::remove(tx, seq) } else { Ok(()) }
        })
        .await?;
        answer.map(|_| ())
    }

    /// Keeps the fence and the number of the attempt on the disk before the desk is asked, and reads in that same
    /// transaction what is to be told, so that an edit either came before it or is refused. Without the fence on the
    /// disk, a loss of power right after sending would forget that anything was sent. `None` where the entry is gone.
    pub(super) async fn begin(&self, seq: i64, attempts: u32) -> Result<Option<Job>, BackendError> {
        let now = self.clock.now();
        self.store
            .write(Durability::Now, move |tx| {
                let Some(job) = Job::read(tx, seq)? else { return Ok(None) };
                // With files, that is kept only when the last of it is about to leave.
                if job.entry.files > 0 && job.entry.task == Task::Message {
                    return Ok(Some(job));
                }
                let number = match (&job.entry.task, &job.entry.conversation) {
                    (Task::Open, _) => ConversationRow::highest_desk_id(tx)?,
                    (_, Some(conversation)) => incoming::highest_message(tx, conversation)?,
                    _ => 0,
                };
                EntryRow::begin(tx, seq, attempts, Fence { number, at: now })?;
                if let Some(conversation) = &job.entry.conversation {
                    tx.touch(conversation);
                }
                Ok(Some(job))
            })
            .await
            .map_err(|error| storage(&error))
    }

    /// Writes down what the desk did. The desk has acted, whatever the phone's storage says: a failure here is
    /// `Maybe`, and the look that follows finds it.
    pub(super) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> impl Future<Output = Result<T, BackendError>> + Send {
        self.write_boxed(Box::new(work))
    }

    async fn write_boxed<T: Send + 'static>(&self, work: Work<T>) -> Result<T, BackendError> {
        self.store
            .write_boxed(Durability::Later, work)
            .await
            .map_err(|error| BackendError::unclear(Fault::Storage, error.to_string()))
    }

    async fn try_look(&self, seq: i64) -> Result<bool, BackendError> {
        let job = self.store.read(move |connection| Job::read(connection, seq)).await;
        let Some(job) = job.map_err(|error| storage(&error))? else { return Ok(true) };
        let session = self.standing.session(&job.entry.session).await?;
        let Some(conversation) = &job.conversation else { return Ok(false) };
        match job.entry.task {
            Task::Open => self.look_for_conversation(&job, conversation, &session).await,
            _ => self.look_for_message(&job, conversation, &session).await,
        }
    }

    /// A conversation beyond the fence in which the customer said nothing, and which nothing here stands for: the one
    /// that was opened and whose number was lost on the way. A desk's automation may have spoken in it already.
    async fn look_for_conversation(
        &self,
        job: &Job,
        conversation: &ConversationRow,
        session: &Session,
    ) -> Result<bool, BackendError> {
        if conversation.desk_id.is_some() {
            return Ok(true);
        }
        let Fetched::New { value: list, .. } = self.backend.conversations(session, None).await? else {
            return Ok(false);
        };
        let (seq, fence, id) = (job.entry.seq, job.entry.fence, conversation.id.clone());
        let (random, sync) = (Arc::clone(&self.random), self.sync.clone());
        let session = job.entry.session.clone();
        self.write(move |tx| {
            let own = SessionRow::find(tx, &session)?.is_some_and(|row| row.own);
            let identity = CustomerRow::find(tx)?.and_then(|customer| customer.identity).filter(|_| own);
            let is_ours = |found: &DeskConversation| {
                identity.as_ref().is_none_or(|identity| !found.is_of_another_than(identity.identifier()))
            };
            // The first one beyond the fence: what comes later was begun by somebody else.
            let mut found: Vec<&DeskConversation> = list
                .iter()
                .filter(|found| found.id.get() > fence && incoming::may_be_opening(found) && is_ours(found))
                .collect();
            found.sort_by_key(|found| found.id);
            for found in found {
                if let Some(known) = ConversationRow::by_desk_id(tx, found.id)?
                    && !EntryRow::of_conversation(tx, &known.id)?.is_empty()
                {
                    // Opened here, too, and about to be written to.
                    continue;
                }
                EntryRow::remove(tx, seq)?;
                say_opened(tx, sync, &id);
                incoming::opened(tx, &id, found, &|| token(random.as_ref()))?;
                return Ok(true);
            }
            Ok(false)
        })
        .await
    }

    /// Reads back to the fence. Writing the pages down binds what is recognised, exactly as sync does; whether it was
    /// found is whether the entry is still there.
    async fn look_for_message(
        &self,
        job: &Job,
        conversation: &ConversationRow,
        session: &Session,
    ) -> Result<bool, BackendError> {
        let Some(desk_id) = conversation.desk_id else { return Ok(false) };
        let mut before = None;
        loop {
            let Fetched::New { value: page, .. } = self.backend.messages(session, desk_id, before, None).await? else {
                return Ok(false);
            };
            let oldest = page.messages.iter().map(|message| message.id).min();
            let (id, seq, random) = (conversation.id.clone(), job.entry.seq, Arc::clone(&self.random));
            let has_older = page.has_older;
            let found = self
                .write(move |tx| {
                    // What agents say is left to sync: only it knows whether this page is older than what is here.
                    let own: Vec<_> = page.messages.into_iter().filter(|one| one.author.is_customer()).collect();
                    incoming::messages(tx, &id, &own, &|| token(random.as_ref()))?;
                    Ok(EntryRow::find(tx, seq)?.is_none())
                })
                .await?;
            let past_fence = oldest.is_none_or(|oldest| oldest.get() <= job.entry.fence);
            if found || past_fence || !has_older || oldest == before {
                return Ok(found);
            }
            before = oldest;
        }
    }

    /// What the desk has forgotten is noted, so that the next attempt makes it anew.
    async fn mend(&self, seq: i64, fault: &Fault) -> Result<(), crate::SupportError> {
        match fault {
            Fault::SessionGone => {
                let entry = self.store.read(move |connection| EntryRow::find(connection, seq)).await?;
                match entry {
                    Some(entry) => self.standing.gone(&entry.session).await,
                    None => Ok(()),
                }
            }
            Fault::ConversationGone => {
                self.store
                    .write(Durability::Now, move |tx| {
                        let Some(EntryRow { conversation: Some(id), session, task, .. }) = EntryRow::find(tx, seq)?
                        else {
                            return Ok(());
                        };
                        // Only what the customer wrote is worth a new conversation.
                        match task {
                            Task::Message => reopen(tx, &id, &session),
                            _ => ConversationRow::set_status(tx, &id, ConversationStatus::Gone),
                        }
                    })
                    .await
            }
            _ => Ok(()),
        }
    }
}

/// Has sync read what was said in the conversation before this phone knew its number: a desk's automation speaks at once.
fn say_opened(tx: &mut Tx<'_>, sync: mpsc::UnboundedSender<Signal>, id: &ConversationId) {
    let id = id.clone();
    // Where sync has stopped, the next start reads it.
    tx.after_commit(move || drop(sync.send(Signal::Opened(id))));
}

/// The conversation is to be opened at the desk (again) before anything else in it.
fn reopen(tx: &mut Tx<'_>, id: &ConversationId, session: &str) -> Result<(), StoreError> {
    ConversationRow::set_desk_id(tx, id, None)?;
    FileRow::forget_all(tx, id)?;
    if !EntryRow::opens(tx, id)? {
        EntryRow::insert(tx, NewEntry { conversation: Some(id), session, task: Task::Open, message: None })?;
    }
    Ok(())
}

/// Notes whether the desk has the answer to this message.
pub(crate) fn set_answer_state(tx: &mut Tx<'_>, message: &MessageId, state: AnswerState) -> Result<(), StoreError> {
    let Some(mut row) = MessageRow::find(tx, message)? else { return Ok(()) };
    if let Some(Some(answer)) = row.message.content.answer_slot() {
        answer.state = state;
    }
    MessageRow::set_content(tx, message, &row.message.content)?;
    tx.touch(&row.message.conversation);
    Ok(())
}
