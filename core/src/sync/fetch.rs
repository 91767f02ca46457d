//! Asking the desk and writing down what it says.

use std::{sync::Arc, time::Duration};

use super::{
    catch_up::{CatchUp, Next},
    moment,
    told::Told,
};
use crate::{
    backend::{Backend, BackendError, ConversationChange, DeskMessage, Fault, Fetched},
    clock::{Clock, Random, token},
    customer::standing::{Standing, storage},
    model::{ConversationId, ConversationStatus, DeskConversationId, DeskMessageId, Timestamp},
    store::{ConversationRow, Durability, EntryRow, Store, StoreError, Tx, Work, incoming},
};

/// How many conversations that moved lately are read, where it is not known that anything is new: whoever has more than
/// one going has two, and a list says the rest.
const FEW: usize = 3;

/// What moved lately, when the app is opened or comes back; and while it is in front with nothing of it on screen.
const LATELY: Duration = Duration::from_secs(7 * 24 * 3_600);
const JUST_NOW: Duration = Duration::from_secs(24 * 3_600);

/// What the desk was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing: there is nothing there to ask for.
    Nothing,
    /// Conversations, by their newest pages.
    Pages(Vec<Newest>),
    /// One that the desk does not have any more.
    Gone,
    /// The list.
    List,
}

impl Asked {
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, other) => other,
            (some, Self::Nothing) => some,
            (Self::Pages(mut all), Self::Pages(more)) => {
                all.extend(more);
                Self::Pages(all)
            }
            // Where one was, none is: what there is instead is to be looked for.
            (Self::Gone, _) | (_, Self::Gone) => Self::Gone,
            (Self::List, _) | (_, Self::List) => Self::List,
        }
    }
}

/// What the connection told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Something that is known here: of this conversation, where it is a message.
    Of(Option<ConversationId>),
    /// A conversation that is not known here.
    Unknown(DeskConversationId),
    /// The same; but the outbox is just opening one, which it may be.
    Opening(DeskConversationId),
}

impl News {
    fn of_unknown(tx: &Tx<'_>, id: DeskConversationId) -> Result<Self, StoreError> {
        Ok(if EntryRow::opening_beyond(tx, id)? { Self::Opening(id) } else { Self::Unknown(id) })
    }
}

/// What the newest page of a conversation holds; no messages where it has not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Newest {
    pub(crate) session: String,
    pub(crate) conversation: DeskConversationId,
    pub(crate) messages: Vec<DeskMessageId>,
}

/// Which conversations count as recent: those that moved since then, and always the newest one.
#[derive(Clone, Debug)]
pub(crate) struct Recent {
    session: Option<String>,
    since: Timestamp,
    unread: bool,
    most: usize,
    but: Option<ConversationId>,
}

impl Recent {
    /// At an opening or return: also what shows something as unread, which the desk may have deleted since. `but` is read
    /// already.
    pub(crate) fn at_opening(now: Timestamp, but: Option<ConversationId>) -> Self {
        Self { session: None, since: now.minus(LATELY), unread: true, most: FEW, but }
    }

    /// Now and then, with no conversation on screen.
    pub(crate) fn in_front(now: Timestamp) -> Self {
        Self { session: None, since: now.minus(JUST_NOW), unread: false, most: FEW, but: None }
    }

    /// With the list on screen: the one on top.
    pub(crate) fn newest() -> Self {
        Self { session: None, since: Timestamp::default(), unread: false, most: 1, but: None }
    }

    /// Once the connection of one of the customer's other sessions is up: the newest of that one.
    pub(crate) fn newest_of(session: String) -> Self {
        Self { session: Some(session), ..Self::newest() }
    }
}

/// What asking needs.
pub(crate) struct Fetcher {
    pub(crate) store: Arc<Store>,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(super) moment: moment::Moment,
    pub(super) told: Arc<Told>,
}

impl Fetcher {
    pub(crate) fn new(
        store: Arc<Store>,
        backend: Arc<dyn Backend>,
        standing: Arc<Standing>,
        random: Arc<dyn Random>,
        clock: Arc<dyn Clock>,
        moment: moment::Moment,
    ) -> Self {
        Self { store, backend, standing, random, clock, moment, told: Arc::default() }
    }

    /// Writes down a message that the connection tells of.
    pub(super) async fn told(&self, message: Box<DeskMessage>) -> Result<News, BackendError> {
        let (told, random) = (Arc::clone(&self.told), Arc::clone(&self.random));
        self.write(move |tx| {
            let Some(row) = ConversationRow::by_desk_id(tx, message.conversation)? else {
                return News::of_unknown(tx, message.conversation);
            };
            incoming::messages(tx, &row.id, std::slice::from_ref(message.as_ref()), &|| token(random.as_ref()))?;
            // Not where it comes to nothing: then a page has to bring it.
            tx.after_commit(move || told.note(message.conversation, message.id));
            Ok(News::Of(Some(row.id)))
        })
        .await
    }

    /// Writes down a change of a conversation that the connection tells of.
    pub(super) async fn told_change(&self, change: ConversationChange) -> Result<News, BackendError> {
        let told = Arc::clone(&self.told);
        self.write(move |tx| {
            if incoming::change(tx, &change)?.unknown {
                return News::of_unknown(tx, change.id);
            }
            tx.after_commit(move || told.note_conversation(change.id));
            Ok(News::Of(None))
        })
        .await
    }

    /// Whether a conversation of the desk's is known here.
    pub(super) async fn knows(&self, id: DeskConversationId) -> bool {
        let row = self.store.read(move |connection| ConversationRow::by_desk_id(connection, id)).await;
        row.is_ok_and(|row| row.is_some())
    }

    /// Reads a conversation from its newest page back until nothing is missing. A page is written down while the next is
    /// asked for.
    ///
    /// However large the gap, it is read by pages: what that costs a desk goes by what is new. Its list costs it every
    /// message of the customer's.
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
        let session = self.standing.session(&row.session).await?;
        let validator = row.sync.validator.clone();
        let mut catch_up = CatchUp::new(row.sync);
        let mut newest = Newest { session: row.session.clone(), conversation: desk_id, messages: Vec::new() };
        let mut asked = self.told.now();
        let mut fetched = self.backend.messages(&session, desk_id, None, validator.as_deref()).await;
        loop {
            let (page, validator) = match fetched {
                Ok(Fetched::New { value, validator }) => (value, validator),
                Ok(Fetched::Unchanged) => return Ok(Asked::Pages(vec![newest])),
                Err(error) if error.fault == Fault::ConversationGone => {
                    self.gone(id).await?;
                    return Ok(Asked::Gone);
                }
                Err(error) => {
                    if error.fault == Fault::SessionGone {
                        self.standing.gone(&row.session).await.map_err(|error| storage(&error))?;
                    }
                    return Err(error);
                }
            };
            if newest.messages.is_empty() {
                newest.messages = page.messages.iter().map(|message| message.id).collect();
            }
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
                    return Ok(Asked::Pages(vec![newest]));
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

    /// Reads those that moved last, newest first. One that fails does not keep the others from being read.
    pub(crate) async fn recent(&self, which: Recent) -> Result<Asked, BackendError> {
        let but = which.but.clone();
        let recent = self
            .store
            .read(move |connection| {
                ConversationRow::recent(connection, which.session.as_deref(), which.since, which.unread, which.most)
            })
            .await
            .map_err(|error| storage(&error))?;
        let (mut asked, mut failed) = (Asked::Nothing, None);
        for id in recent.into_iter().filter(|id| but.as_ref() != Some(id)) {
            match self.conversation(&id).await {
                Ok(one) => asked = asked.and(one),
                // Nor would the others come.
                Err(error) if error.fault.is_of_the_way() => return Err(error),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(asked), Err)
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
