//! Asking the desk and writing down what it says.

use std::sync::Arc;

use rusqlite::Connection;

use super::{
    catch_up::{CatchUp, Next},
    told::{Moment, Told},
};
use crate::{
    backend::{Backend, BackendError, BackendFuture, DeskConversation, DeskMessage, Fault, Fetched},
    clock::{Random, token},
    customer::standing::{Standing, storage},
    model::ConversationId,
    store::{ConversationRow, Durability, SessionRow, Store, StoreError, Tx, Work, incoming},
};

/// How many pages are read before the list is read in their place, where it holds everything: what somebody missed in
/// an hour is a page or two, and costs less than the list; what they missed in a month is not.
const PAGES_BEFORE_LIST: u32 = 5;

/// How many messages are written down at once: a send in between waits for no more than that.
const MESSAGES_AT_ONCE: usize = 500;

/// What the desk was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing: there is nothing there to ask for.
    Nothing,
    /// The conversation.
    Conversation,
    /// The list, with or without the conversation.
    List,
}

/// What asking needs.
pub(crate) struct Fetcher {
    pub(crate) store: Arc<Store>,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) random: Arc<dyn Random>,
    told: Arc<Told>,
}

impl Fetcher {
    pub(crate) fn new(
        store: Arc<Store>,
        backend: Arc<dyn Backend>,
        standing: Arc<Standing>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { store, backend, standing, random, told: Arc::default() }
    }

    /// Writes down a message that the connection tells of. Whether its conversation is known here, and which it is.
    pub(super) async fn told(&self, message: Box<DeskMessage>) -> Result<Option<ConversationId>, BackendError> {
        let (told, random) = (Arc::clone(&self.told), Arc::clone(&self.random));
        self.write(move |tx| {
            let Some(row) = ConversationRow::by_desk_id(tx, message.conversation)? else { return Ok(None) };
            incoming::messages(tx, &row.id, std::slice::from_ref(message.as_ref()), &|| token(random.as_ref()))?;
            // Not where it comes to nothing: then a page has to bring it.
            tx.after_commit(move || told.note(message.conversation, message.id));
            Ok(Some(row.id))
        })
        .await
    }

    /// Asks for the list of every standing that the desk knows, conditionally. Nothing is asked for somebody whom the
    /// desk does not know yet: there is nothing there to read.
    ///
    /// Boxed and never inlined, for the reason that [`Standing::session`] has.
    #[inline(never)]
    pub(crate) fn list(&self) -> BackendFuture<'_, Asked> {
        Box::pin(self.ask_for_lists())
    }

    async fn ask_for_lists(&self) -> Result<Asked, BackendError> {
        let (sessions, identified) = self
            .store
            .read(|connection| {
                let customer = crate::store::CustomerRow::find(connection)?;
                Ok((SessionRow::all(connection)?, customer.is_some_and(|customer| customer.identity.is_some())))
            })
            .await
            .map_err(|error| storage(&error))?;
        let mut asked = Asked::Nothing;
        for row in sessions {
            // Somebody who has logged in may have conversations from another phone: their standing is made now.
            if !(row.established || row.own && identified) {
                continue;
            }
            asked = Asked::List;
            let result = self.session_list(&row).await;
            if let Err(BackendError { fault: Fault::SessionGone, .. }) = &result {
                self.standing.gone(&row.id).await.map_err(|error| storage(&error))?;
            }
            self.standing.watch_owner().await;
            result?;
        }
        Ok(asked)
    }

    /// Asks what agents have seen, where something of the customer's in this conversation is not marked as read: the
    /// desk tells nobody when an agent merely looks.
    pub(crate) async fn read_marks(&self, focus: Option<ConversationId>) -> Result<Asked, BackendError> {
        let Some(id) = focus else { return Ok(Asked::Nothing) };
        let unread = self
            .store
            .read(move |connection| ConversationRow::has_unread_by_agents(connection, &id))
            .await
            .map_err(|error| storage(&error))?;
        if unread { self.list().await } else { Ok(Asked::Nothing) }
    }

    async fn session_list(&self, row: &SessionRow) -> Result<(), BackendError> {
        let session = self.standing.session(&row.id).await?;
        let asked = self.told.now();
        let fetched = self.backend.conversations(&session, row.list_validator.as_deref()).await?;
        let Fetched::New { value, validator } = fetched else { return Ok(()) };
        let id = row.id.clone();
        // Of a contact that is not the customer's, nothing comes here that was not here before.
        let foreign = self.standing.is_somebody_elses(&id);
        for conversation in value {
            let desk_id = conversation.id;
            let known = move |connection: &Connection| ConversationRow::by_desk_id(connection, desk_id);
            if foreign && self.store.read(known).await.map_err(|error| storage(&error))?.is_none() {
                continue;
            }
            self.list_item(&id, conversation, asked).await?;
        }
        let validator = validator.filter(|_| !foreign);
        self.write(move |tx| SessionRow::set_list_validator(tx, &id, validator.as_deref())).await
    }

    /// Writes down a conversation of the list, oldest messages first. Only the last write moves the mark.
    async fn list_item(
        &self,
        session: &str,
        mut conversation: DeskConversation,
        asked: Moment,
    ) -> Result<(), BackendError> {
        let messages = std::mem::take(&mut conversation.messages);
        let numbers = || messages.iter().map(|message| message.id);
        let run = numbers().min().zip(numbers().max());
        let mut chunks = messages.chunks(MESSAGES_AT_ONCE).peekable();
        loop {
            let chunk = chunks.next().unwrap_or_default().to_vec();
            let last = chunks.peek().is_none();
            let mut part = DeskConversation { messages: chunk, ..conversation.clone() };
            let run = run.filter(|_| last && conversation.complete);
            let (session, random, told) = (session.to_owned(), Arc::clone(&self.random), Arc::clone(&self.told));
            self.write(move |tx| {
                part.messages = told.fresh(part.messages, asked);
                incoming::conversation(tx, &session, &part, run, &|| token(random.as_ref())).map(|_| ())
            })
            .await?;
            if last {
                return Ok(());
            }
        }
    }

    /// Reads a conversation from its newest page back until nothing is missing.
    ///
    /// A page is written down while the next is asked for. Past [`PAGES_BEFORE_LIST`], where the desk's list holds
    /// whole conversations, the list is read instead: one request for what would be hundreds, one after the other.
    pub(crate) async fn conversation(&self, id: &ConversationId) -> Result<Asked, BackendError> {
        let Some(row) = self.row(id).await? else { return Ok(Asked::Nothing) };
        let Some(desk_id) = row.desk_id else { return Ok(Asked::Nothing) };
        let session = self.standing.session(&row.session).await?;
        let validator = row.sync.validator.clone();
        let mut catch_up = CatchUp::new(row.sync);
        let mut pages = 0;
        let mut asked = self.told.now();
        let mut fetched = self.backend.messages(&session, desk_id, None, validator.as_deref()).await;
        loop {
            let (page, validator) = match fetched {
                Ok(Fetched::New { value, validator }) => (value, validator),
                Ok(Fetched::Unchanged) => return Ok(Asked::Conversation),
                Err(error) => {
                    if error.fault == Fault::SessionGone {
                        self.standing.gone(&row.session).await.map_err(|error| storage(&error))?;
                    }
                    return Err(error);
                }
            };
            pages += 1;
            let next = catch_up.page(&page, validator.as_deref());
            let (id, random, told) = (id.clone(), Arc::clone(&self.random), Arc::clone(&self.told));
            let mark = match &next {
                Next::Done(mark) => Some(mark.clone()),
                Next::Before(_) => None,
            };
            let written = self.write(move |tx| {
                let messages = told.fresh(page.messages, asked);
                incoming::messages(tx, &id, &messages, &|| token(random.as_ref()))?;
                if let Some(mark) = &mark {
                    ConversationRow::set_sync(tx, &id, mark)?;
                }
                Ok(())
            });
            match next {
                Next::Done(_) => {
                    written.await?;
                    return Ok(Asked::Conversation);
                }
                Next::Before(_) if pages >= PAGES_BEFORE_LIST && self.backend.capabilities().complete_list => {
                    written.await?;
                    self.list().await?;
                    return Ok(Asked::List);
                }
                Next::Before(oldest) => {
                    asked = self.told.now();
                    let older = self.backend.messages(&session, desk_id, Some(oldest), None);
                    let (written, older) = tokio::join!(written, older);
                    written?;
                    fetched = older;
                }
            }
        }
    }

    /// Reads one page before the oldest message that is here. Whether there may be more.
    pub(crate) async fn older(&self, id: &ConversationId) -> Result<bool, BackendError> {
        let Some(row) = self.row(id).await? else { return Ok(false) };
        let Some(desk_id) = row.desk_id else { return Ok(false) };
        if row.sync.complete {
            return Ok(false);
        }
        let session = self.standing.session(&row.session).await?;
        let asked = self.told.now();
        let fetched = self.backend.messages(&session, desk_id, row.sync.history_from, None).await?;
        let Fetched::New { value: page, .. } = fetched else { return Ok(false) };
        let has_older = page.has_older;
        let (id, random, told) = (id.clone(), Arc::clone(&self.random), Arc::clone(&self.told));
        self.write(move |tx| {
            let numbers: Vec<_> = page.messages.iter().map(|message| message.id).collect();
            let messages = told.fresh(page.messages, asked);
            incoming::messages(tx, &id, &messages, &|| token(random.as_ref()))?;
            // Asked anew: a resync may have moved the mark's upper end meanwhile.
            let Some(row) = ConversationRow::find(tx, &id)? else { return Ok(()) };
            let mut mark = row.sync;
            mark.synced_to = mark.synced_to.or(numbers.iter().max().copied());
            mark.history_from = [mark.history_from, numbers.iter().min().copied()].into_iter().flatten().min();
            mark.complete = !page.has_older;
            ConversationRow::set_sync(tx, &id, &mark)
        })
        .await?;
        Ok(has_older)
    }

    async fn row(&self, id: &ConversationId) -> Result<Option<ConversationRow>, BackendError> {
        let id = id.clone();
        self.store.read(move |connection| ConversationRow::find(connection, &id)).await.map_err(|error| storage(&error))
    }

    /// What the desk can say again need not be on the disk before the call returns.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> impl Future<Output = Result<T, BackendError>> + Send {
        self.write_boxed(Box::new(work))
    }

    async fn write_boxed<T: Send + 'static>(&self, work: Work<T>) -> Result<T, BackendError> {
        self.store.write_boxed(Durability::Later, work).await.map_err(|error| storage(&error))
    }
}
