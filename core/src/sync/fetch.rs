//! Asking the desk and writing down what it says.

use std::{collections::HashSet, sync::Arc};

use super::{
    catch_up::{CatchUp, Next},
    moment::{self, History},
    told::{Moment, Told},
};
use crate::{
    backend::{
        Backend, BackendError, BackendFuture, ConversationChange, DeskConversation, DeskMessage, Fault, Fetched,
    },
    clock::{Random, token},
    customer::standing::{Standing, storage},
    model::{ConversationId, ConversationStatus, DeskConversationId},
    store::{
        ConversationRow, Durability, SessionRow, Store, StoreError, Tx, Work,
        incoming::{self, Applied},
    },
};

/// How many pages are read before the list is read in their place, where it holds everything: what somebody missed in
/// an hour is a page or two, and costs less than the list; what they missed in a month is not.
const PAGES_BEFORE_LIST: u32 = 5;

/// How many messages are written down at once: a send in between waits for no more than that.
const MESSAGES_AT_ONCE: usize = 500;

/// How many conversations that a list left out are asked for after it. A desk that forgets many at once is not asked
/// for all of them at once; the next list goes on.
const MISSING_AT_ONCE: usize = 3;

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
    moment: moment::Moment,
    told: Arc<Told>,
}

impl Fetcher {
    pub(crate) fn new(
        store: Arc<Store>,
        backend: Arc<dyn Backend>,
        standing: Arc<Standing>,
        random: Arc<dyn Random>,
        moment: moment::Moment,
    ) -> Self {
        Self { store, backend, standing, random, moment, told: Arc::default() }
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

    /// Writes down a change of a conversation that the connection tells of. Whether it is known here.
    pub(super) async fn told_change(&self, change: ConversationChange) -> Result<bool, BackendError> {
        let told = Arc::clone(&self.told);
        self.write(move |tx| {
            let known = !incoming::change(tx, &change)?.unknown;
            tx.after_commit(move || told.note_conversation(change.id));
            Ok(known)
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
        let mut asked = Ok(Asked::Nothing);
        for row in sessions {
            // Somebody who has logged in may have conversations from another phone: their standing is made now.
            if !(row.established || row.own && identified) {
                continue;
            }
            match self.session_list(&row).await {
                Ok(()) if asked.is_ok() => asked = Ok(Asked::List),
                Ok(()) => {}
                // The other standings' lists are read all the same.
                Err(error) => {
                    if error.fault == Fault::SessionGone {
                        self.standing.gone(&row.id).await.map_err(|error| storage(&error))?;
                    }
                    asked = Err(error);
                }
            }
            self.standing.watch_owner().await;
        }
        match &asked {
            Ok(Asked::Nothing) => {}
            Ok(_) => self.moment.set_history(History::Listed),
            // Without a network it is not known.
            Err(error) if matches!(error.fault, Fault::Network | Fault::Storage) => {}
            Err(error) => {
                tracing::info!(%error, "the desk's list of conversations can't be read; those on the phone go on");
                self.moment.set_history(History::Unavailable);
            }
        }
        asked
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
        let id = row.id.clone();
        let known = self
            .store
            .read(move |connection| ConversationRow::desk_ids(connection, Some(&id)))
            .await
            .map_err(|error| storage(&error))?;
        let asked = self.told.now();
        let fetched = self.backend.conversations(&session, row.list_validator.as_deref()).await?;
        let Fetched::New { value, mut validator } = fetched else { return Ok(()) };
        let id = row.id.clone();
        let listed: HashSet<DeskConversationId> = value.iter().map(|conversation| conversation.id).collect();
        // Of a contact that is not the customer's, nothing comes here that was not here before.
        let foreign = self.standing.is_somebody_elses(&id);
        let held: HashSet<DeskConversationId> = known.iter().map(|(_, number)| *number).collect();
        for conversation in value {
            if foreign && !held.contains(&conversation.id) {
                validator = None;
                continue;
            }
            if self.list_item(&id, conversation, asked).await?.deferred {
                // Asked for again as if nothing was known: what was left out must be told then.
                validator = None;
            }
        }
        self.write(move |tx| SessionRow::set_list_validator(tx, &id, validator.as_deref())).await?;
        let missing = known.into_iter().filter(|(_, number)| !listed.contains(number));
        let mut asked_for = 0;
        for (conversation, _) in missing {
            // Deleted at the desk, most likely; its own page says so for certain.
            match self.conversation(&conversation).await {
                // Known to be gone: the desk was not asked.
                Ok(Asked::Nothing) => continue,
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "a conversation that the list left out could not be asked for"),
            }
            asked_for += 1;
            if asked_for >= MISSING_AT_ONCE {
                break;
            }
        }
        Ok(())
    }

    /// Writes down a conversation of the list, oldest messages first. Only the last write moves the mark.
    async fn list_item(
        &self,
        session: &str,
        mut conversation: DeskConversation,
        asked: Moment,
    ) -> Result<Applied, BackendError> {
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
            let applied = self
                .write(move |tx| {
                    part.messages = told.fresh(part.messages, asked);
                    let fresh = told.is_fresh(part.id, asked);
                    incoming::conversation(tx, &session, &part, fresh, run, &|| token(random.as_ref()))
                })
                .await?;
            if last || applied.deferred {
                return Ok(applied);
            }
        }
    }

    /// Reads a conversation from its newest page back until nothing is missing.
    ///
    /// A page is written down while the next is asked for. Past [`PAGES_BEFORE_LIST`], where the desk's list holds
    /// whole conversations, the list is read instead: one request for what would be hundreds, one after the other. Where
    /// the list can't be read, the pages go on.
    ///
    /// One that the desk has deleted is marked so ([`ConversationStatus::Gone`]), and not asked for again until a list
    /// names it.
    pub(crate) async fn conversation(&self, id: &ConversationId) -> Result<Asked, BackendError> {
        let Some(row) = self.row(id).await? else { return Ok(Asked::Nothing) };
        let Some(desk_id) = row.desk_id else { return Ok(Asked::Nothing) };
        if row.status == ConversationStatus::Gone {
            return Ok(Asked::Nothing);
        }
        let id = &row.id;
        let mut list_may_help = self.backend.capabilities().complete_list;
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
                Err(error) if error.fault == Fault::ConversationGone => {
                    self.gone(id).await?;
                    return Ok(Asked::Conversation);
                }
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
                Next::Before(oldest) => {
                    let written = if pages >= PAGES_BEFORE_LIST && list_may_help {
                        written.await?;
                        if self.list().await.is_ok() {
                            return Ok(Asked::List);
                        }
                        list_may_help = false;
                        None
                    } else {
                        Some(written)
                    };
                    asked = self.told.now();
                    let older = self.backend.messages(&session, desk_id, Some(oldest), None);
                    fetched = match written {
                        Some(written) => {
                            let (written, older) = tokio::join!(written, older);
                            written?;
                            older
                        }
                        None => older.await,
                    };
                }
            }
        }
    }

    /// Reads one page before the oldest message that is here without a gap. The conversation's mark says how far that
    /// came.
    pub(crate) async fn older(&self, id: &ConversationId) -> Result<(), BackendError> {
        let Some(row) = self.row(id).await? else { return Ok(()) };
        let Some(desk_id) = row.desk_id.filter(|_| !row.sync.complete) else { return Ok(()) };
        let session = self.standing.session(&row.session).await?;
        let asked = self.told.now();
        let fetched = match self.backend.messages(&session, desk_id, row.sync.history_from, None).await {
            Err(error) if error.fault == Fault::ConversationGone => {
                self.gone(&row.id).await?;
                return Err(error);
            }
            fetched => fetched?,
        };
        let Fetched::New { value: page, .. } = fetched else { return Ok(()) };
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
        .await
    }

    /// The desk has deleted it.
    async fn gone(&self, id: &ConversationId) -> Result<(), BackendError> {
        let id = id.clone();
        self.write(move |tx| ConversationRow::set_status(tx, &id, ConversationStatus::Gone)).await
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
