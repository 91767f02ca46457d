//! Asking for the list of conversations, as seldom as [`budget`](super::budget) says.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    budget::{self, LastList, Reason},
    fetch::{Asked, Fetcher},
    moment::History,
    told::Moment,
};
use crate::{
    backend::{BackendError, BackendFuture, DeskConversation, Fault, Fetched, Session},
    clock::token,
    customer::standing::storage,
    model::DeskConversationId,
    push,
    store::{
        ConversationRow, CustomerRow, SessionRow, StoreError, facts,
        incoming::{self, Applied},
    },
};

/// How many messages are written down at once: a send in between waits for no more than that.
const MESSAGES_AT_ONCE: usize = 500;

/// How many conversations that a list left out are asked for after it. A desk that forgets many at once is not asked
/// for all of them at once; the next list goes on.
const MISSING_AT_ONCE: usize = 3;

/// A list that ended without an answer after this long was being made by the desk: it counts as one that does not come.
/// What ends sooner is the network.
const NEVER_COMES: Duration = Duration::from_secs(5);

/// Where [`LastList`] is kept.
fn fact(session: &str) -> String {
    format!("list:{session}")
}

impl Fetcher {
    /// Asks for the list of every standing that the desk knows, conditionally, as far as the budget allows it for this
    /// reason. Nothing is asked for somebody whom the desk does not know yet: there is nothing there to read.
    ///
    /// Boxed and never inlined, for the reason that [`Standing::session`](crate::customer::standing::Standing::session)
    /// has.
    #[inline(never)]
    pub(crate) fn list(&self, reason: Reason) -> BackendFuture<'_, Asked> {
        Box::pin(self.ask_for_lists(reason))
    }

    async fn ask_for_lists(&self, reason: Reason) -> Result<Asked, BackendError> {
        let (sessions, identifier, pushes) = self
            .store
            .read(|connection| {
                let customer = CustomerRow::find(connection)?;
                let pushes = customer.as_ref().is_some_and(|customer| push::is_on(&customer.profile));
                let identifier =
                    customer.and_then(|customer| customer.identity).map(|identity| identity.identifier().to_owned());
                let sessions = SessionRow::all(connection)?.into_iter().map(|row| {
                    let last = facts::get::<LastList>(connection, &fact(&row.id))?;
                    Ok((row, last))
                });
                Ok((sessions.collect::<Result<Vec<_>, StoreError>>()?, identifier, pushes))
            })
            .await
            .map_err(|error| storage(&error))?;
        let now = self.clock.now();
        let mut asked = Ok(Asked::Nothing);
        let mut known = None;
        for (row, last) in sessions {
            if !row.is_asked(identifier.is_some()) {
                continue;
            }
            if !budget::is_due(reason, last.as_ref(), row.verified, pushes, now) {
                known = Some(known.unwrap_or(true) && last.is_some_and(|last| last.came));
                continue;
            }
            // A session from before the log-in leads to an anonymous contact.
            let identifier = identifier.as_deref().filter(|_| row.own);
            match self.timed_list(&row, identifier).await {
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
            Ok(Asked::Nothing) => match known {
                // As it was the last time, which may have been before the app was in the background.
                Some(true) => self.moment.recall_history(History::Listed),
                Some(false) => self.moment.recall_history(History::Unavailable),
                None => {}
            },
            Ok(_) => self.moment.set_history(History::Listed),
            // Without a network it is not known.
            Err(error) if (error.fault.is_of_the_way() || error.fault == Fault::Storage) && known.is_none() => {}
            Err(error) => {
                tracing::info!(%error, "the desk's list of conversations can't be read; those on the phone go on");
                self.moment.set_history(History::Unavailable);
            }
        }
        asked
    }

    /// Reads the list of one session, and notes what that cost.
    async fn timed_list(&self, row: &SessionRow, identifier: Option<&str>) -> Result<(), BackendError> {
        let session = self.standing.session(&row.id).await?;
        let began = Instant::now();
        let mut took = None;
        let read = self.session_list(row, &session, identifier, || took = Some(began.elapsed())).await;
        let took = took.unwrap_or_else(|| began.elapsed());
        match &read {
            // Nothing was asked of the desk, or not for long.
            Err(error) if error.fault == Fault::Storage => return read,
            Err(error) if error.fault.is_of_the_way() && took < NEVER_COMES => return read,
            _ => {}
        }
        let last = LastList {
            at: self.clock.now(),
            took: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            came: read.is_ok(),
            verified: session.verified,
        };
        let id = row.id.clone();
        self.write(move |tx| facts::set(tx, &fact(&id), &last)).await?;
        read
    }

    async fn session_list(
        &self,
        row: &SessionRow,
        session: &Session,
        identifier: Option<&str>,
        came: impl FnOnce(),
    ) -> Result<(), BackendError> {
        let id = row.id.clone();
        let known = self
            .store
            .read(move |connection| ConversationRow::desk_ids(connection, Some(&id)))
            .await
            .map_err(|error| storage(&error))?;
        let asked = self.told.now();
        let fetched = self.backend.conversations(session, row.list_validator.as_deref()).await;
        came();
        let fetched = fetched?;
        let Fetched::New { value, mut validator } = fetched else { return Ok(()) };
        let id = row.id.clone();
        let listed: HashSet<DeskConversationId> = value.iter().map(|conversation| conversation.id).collect();
        // Of a contact that is not the customer's, nothing comes here that was not here before. What this answer says of
        // itself counts beside what the latest answers said: that may have been forgotten meanwhile.
        let foreign = self.standing.is_somebody_elses(&id);
        let is_foreign = |conversation: &DeskConversation| {
            foreign || identifier.is_some_and(|identifier| conversation.is_of_another_than(identifier))
        };
        let held: HashSet<DeskConversationId> = known.iter().map(|(_, number)| *number).collect();
        for conversation in value {
            if is_foreign(&conversation) && !held.contains(&conversation.id) {
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
}
