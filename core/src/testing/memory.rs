//! A desk in memory: for tests of what stands above the port, and **the template of an adapter**.
//!
//! # To add a desk
//! 1. Copy this file to `backend/<desk>/mod.rs` and leave its folder: `memory/state.rs` is the far side, which your
//!    desk already has, `memory/control.rs` and `memory/script.rs` are for tests.
//! 2. Fill in each method. The comment in it says what it must promise; where your desk can't, say so in
//!    [`Capabilities`] and answer [`Fault::Unsupported`].
//! 3. Run [`conformance`](super::conformance) on it until it passes.
//!
//! What this desk makes easy and a real one does not, is the answer that is lost: decide for every failure whether it
//! is [`refused`](BackendError::refused) (certainly nothing happened) or [`unclear`](BackendError::unclear). The
//! adapter that ships has the table of its cases at the top of its `http.rs`.
//!
//! # To test with it
//! ```
//! use shopbell::backend::{Backend, Establish, OutgoingMessage, Secret};
//! use shopbell::testing::memory::{MemoryDesk, Play, Call};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), shopbell::backend::BackendError> {
//! let desk = MemoryDesk::new();
//! let who = Establish { key: Secret::new("key"), identity: None, existing: false };
//! let session = desk.establish(&who).await?;
//! let conversation = desk.open_conversation(&session).await?.id;
//!
//! desk.once(Call::SendMessage, Play::late());
//! let message = OutgoingMessage { text: "hello".into(), echo: "e1".into() };
//! assert!(desk.send_message(&session, conversation, &message).await.is_err());
//! assert!(desk.texts_of_customers().is_empty());
//! desk.settle();
//! assert_eq!(desk.texts_of_customers(), ["hello"]);
//! # Ok(())
//! # }
//! ```
//! Nothing here sleeps: what waits, waits for [`MemoryDesk::settle`], [`MemoryDesk::release`] or an event.

mod contacts;
mod control;
mod files;
mod help;
mod script;
mod state;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::{mpsc, watch};

use self::state::{Signal, State};
pub use self::{
    help::PORTAL,
    script::{Air, Call, Play},
};
#[cfg(doc)]
use crate::backend::Happened;
use crate::{
    backend::{
        Backend, BackendError, BackendFuture, Capabilities, ConversationContext, Departure, DeskChannel,
        DeskConversation, DeskInfo, DeskMessage, DeskNotices, Establish, Fault, Fetched, HelpCenterBackend,
        IncomingFile, OutgoingFile, OutgoingMessage, Owner, Page, Realtime, RealtimeEvent, Resume, Session,
    },
    model::{Answer, ConversationStatus, CustomerProfile, DeskConversationId, DeskMessageId, Identity, Timestamp},
};

/// How a [`MemoryDesk`] is made.
///
/// ```
/// use shopbell::testing::memory::MemoryDesk;
/// let desk = MemoryDesk::with(|options| options.page_size = 3);
/// ```
#[derive(Clone, Debug)]
pub struct MemoryOptions {
    /// What it says that it can do. Everything by default but to know a message that is sent twice.
    pub capabilities: Capabilities,
    /// What it says of itself.
    pub info: DeskInfo,
    /// How many messages a page has: 20.
    pub page_size: usize,
    /// Whether pages of articles begin too early, each by one more: they overlap, and the last articles stand on none. Off.
    pub pages_overlap: bool,
    /// Whether the list of published articles says their languages. Off.
    pub list_tells_locales: bool,
    /// Whether lists and pages repeat the sender's key; else only the event of the creation does. Off.
    pub keeps_echo: bool,
    /// Whether the app has the right inbox. On.
    pub inbox_known: bool,
    /// Whether opening a conversation answers with the newest one that there is. Off.
    pub single_conversation: bool,
    /// The channel that conversations opened by customers are in: none.
    pub channel: Option<DeskChannel>,
    /// Whether events, and the answer to a mark of what was seen, tell the desk's time. On.
    pub tells_times: bool,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        Self {
            capabilities: Capabilities {
                realtime: true,
                typing: true,
                read_receipts: true,
                resolve: true,
                conversation_context: true,
                article_votes: true,
                article_list: true,
                max_message_chars: 10_000,
                max_attachments: 5,
                presence_interval: Duration::from_secs(60),
                ..Capabilities::default()
            },
            info: DeskInfo { name: "Memory".to_owned(), identity_proof_required: false, survey: false },
            page_size: 20,
            pages_overlap: false,
            list_tells_locales: false,
            keeps_echo: false,
            inbox_known: true,
            single_conversation: false,
            channel: None,
            tells_times: true,
        }
    }
}

/// A desk in memory. A clone is the same desk: keep one for the agent's side, hand the other to what is tested.
///
/// ```
/// use std::sync::Arc;
/// use shopbell::{backend::Backend, testing::memory::MemoryDesk};
/// let desk = MemoryDesk::new();
/// let backend: Arc<dyn Backend> = Arc::new(desk.clone());
/// assert!(desk.calls().is_empty() && backend.capabilities().realtime);
/// ```
// A watch, for it is a lock and a bell in one: `until` hears of every change. An adapter holds its HTTP client here.
#[derive(Clone)]
pub struct MemoryDesk(Arc<watch::Sender<State>>);

impl Default for MemoryDesk {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryDesk {
    // No secret and nothing that anybody wrote: an adapter is printed by whoever holds it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDesk").finish_non_exhaustive()
    }
}

impl MemoryDesk {
    /// An empty desk with the defaults.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// An empty desk with other options.
    pub fn with(change: impl FnOnce(&mut MemoryOptions)) -> Self {
        let mut options = MemoryOptions::default();
        change(&mut options);
        Self(Arc::new(watch::Sender::new(State::new(options))))
    }

    fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.0.borrow())
    }

    #[allow(clippy::expect_used, reason = "`send_modify` calls its closure once")]
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut result = None;
        self.0.send_modify(|state| result = Some(change(state)));
        result.expect("the closure ran")
    }
}

fn unsupported(supported: bool) -> Result<(), BackendError> {
    if supported { Ok(()) } else { Err(BackendError::refused(Fault::Unsupported, "this desk can't")) }
}

impl Backend for MemoryDesk {
    fn capabilities(&self) -> Capabilities {
        self.look(|state| state.options.capabilities)
    }

    fn desk_info(&self) -> BackendFuture<'_, DeskInfo> {
        // The first thing that a developer with a wrong configuration meets: tell an unknown inbox from a desk that is
        // not there.
        Box::pin(self.perform(Call::DeskInfo, |state| {
            state.check_inbox()?;
            let identity_proof_required = state.options.info.identity_proof_required || state.proof_required;
            Ok(DeskInfo { identity_proof_required, ..state.options.info.clone() })
        }))
    }

    fn establish<'a>(&'a self, request: &'a Establish) -> BackendFuture<'a, Session> {
        // Promise: the same key gives the same session, after any failure, for the caller repeats it until it knows.
        // Promise: a wrong proof is `IdentityRejected` and never "the desk failed": it stops the outbox until the app
        // logs in anew, where the other is repeated. Nothing of a rejected request is kept.
        // Who it is goes by the identifier alone: no address must decide it.
        let request = request.clone();
        Box::pin(self.perform(Call::Establish, move |state| {
            state.check_inbox()?;
            state.establish(&request)
        }))
    }

    fn update_customer<'a>(
        &'a self,
        session: &'a Session,
        identity: Option<&'a Identity>,
        profile: &'a CustomerProfile,
    ) -> BackendFuture<'a, ()> {
        // Promise: what is `None` stays as the desk has it; attributes are merged by name. One value that is refused
        // refuses the whole, and nothing of it is kept: the caller finds out which one it is.
        let (session, identity, profile) = (session.clone(), identity.cloned(), profile.clone());
        Box::pin(
            self.perform(Call::UpdateCustomer, move |state| {
                state.update_customer(&session, identity.as_ref(), &profile)
            }),
        )
    }

    fn owner(&self, session: &Session, identity: &Identity) -> Owner {
        // Promise: what the last answers said. No request is made for it.
        self.look(|state| state.owner(session, identity))
    }

    fn notices(&self) -> BackendFuture<'_, Option<DeskNotices>> {
        // Promise: `None` rather than a guess.
        Box::pin(self.perform(Call::Notices, |state| Ok(state.contacts.notices)))
    }

    fn conversations<'a>(
        &'a self,
        session: &'a Session,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Vec<DeskConversation>>> {
        // Promise: all of the customer's conversations and nobody else's. `messages` are the newest, without a gap;
        // `complete` only where the first is among them.
        // Promise: `Unchanged` only where the caller's validator was given with the very same answer. A desk without
        // validators gives `None`, and the answer whole each time.
        let (session, validator) = (session.clone(), validator.map(str::to_owned));
        Box::pin(self.perform(Call::Conversations, move |state| state.list(&session, validator.as_deref())))
    }

    fn messages<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        before: Option<DeskMessageId>,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Page>> {
        // Promise: oldest first, every one before `before`, none left out between pages. `has_older: false` only where
        // the first message was given; a desk that can't know says `true`, and then gives an empty page.
        // Of what is missing, say which: the session is established again, the conversation is not.
        let (session, validator) = (session.clone(), validator.map(str::to_owned));
        Box::pin(
            self.perform(Call::Messages, move |state| state.page(&session, conversation, before, validator.as_deref())),
        )
    }

    fn open_conversation<'a>(&'a self, session: &'a Session) -> BackendFuture<'a, DeskConversation> {
        // Promise: numbers grow. The caller knows a conversation that it did not get the answer for by its number,
        // which is higher than all that it has seen.
        let session = session.clone();
        Box::pin(self.perform(Call::OpenConversation, move |state| state.open(&session)))
    }

    fn open_conversation_with<'a>(
        &'a self,
        session: &'a Session,
        context: &'a ConversationContext,
    ) -> BackendFuture<'a, DeskConversation> {
        // Promise: where it says that it can, the agents see it.
        let (session, context) = (session.clone(), context.clone());
        Box::pin(self.perform(Call::OpenConversation, move |state| {
            unsupported(state.options.capabilities.conversation_context)?;
            let opened = state.open(&session)?;
            state.help.contexts.insert(opened.id, context);
            Ok(opened)
        }))
    }

    fn send_message<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: &'a OutgoingMessage,
    ) -> BackendFuture<'a, DeskMessage> {
        // Promise: `Happened::No` only where the desk certainly has not got it. This is the one call where a wrong
        // answer to that doubles what a customer said.
        // Promise: the text comes back to the letter; the outbox finds its own messages by it.
        // Hand the echo to the desk if it repeats it, in the answer or in the event.
        let (session, message) = (session.clone(), message.clone());
        Box::pin(self.perform(Call::SendMessage, move |state| state.send(&session, conversation, &message, Vec::new())))
    }

    fn send_files<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: &'a OutgoingMessage,
        files: &'a [OutgoingFile],
        departure: Arc<dyn Departure>,
    ) -> BackendFuture<'a, DeskMessage> {
        // Promise: as for a message without files. And: without `departure`'s word nothing happens at the desk.
        // Promise: sizes come back to the byte, names to the letters and digits; the outbox finds its own by them.
        if self.look(|state| state.options.capabilities.max_attachments) == 0 {
            return Box::pin(async { Err(BackendError::refused(Fault::Unsupported, "this desk takes no files")) });
        }
        Box::pin(self.take_files(session.clone(), conversation, message.clone(), files.to_vec(), departure))
    }

    fn fetch_file<'a>(
        &'a self,
        _session: &'a Session,
        url: &'a str,
        resume: Option<&'a Resume>,
    ) -> BackendFuture<'a, Box<dyn IncomingFile>> {
        // Promise: what comes is the whole, or the rest of the very version that was asked for. Its end is reached
        // only where all of it came.
        Box::pin(self.give_file(url.to_owned(), resume.cloned()))
    }

    fn answer<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: DeskMessageId,
        answer: &'a Answer,
    ) -> BackendFuture<'a, ()> {
        // Promise: the last answer stands, and comes back in the message's content as `AnswerState::Sent`.
        let (session, answer) = (session.clone(), answer.clone());
        Box::pin(self.perform(Call::Answer, move |state| state.answer(&session, conversation, message, &answer)))
    }

    fn set_typing<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        typing: bool,
    ) -> BackendFuture<'a, ()> {
        // No promise beyond trying: nobody repeats it.
        let session = session.clone();
        Box::pin(self.perform(Call::SetTyping, move |state| {
            unsupported(state.options.capabilities.typing)?;
            state.customer_types(&session, conversation, typing)
        }))
    }

    fn mark_seen<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
    ) -> BackendFuture<'a, Option<Timestamp>> {
        // Promise: twice is as good as once. The time is the desk's own, and not before the one that the conversation
        // tells as the customer's last looking.
        let session = session.clone();
        Box::pin(self.perform(Call::MarkSeen, move |state| {
            unsupported(state.options.capabilities.read_receipts)?;
            state.customer_saw(&session, conversation)
        }))
    }

    fn resolve<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
    ) -> BackendFuture<'a, ConversationStatus> {
        // Promise: ending what has ended is no error, and never opens it again: desks that toggle must look first.
        let session = session.clone();
        Box::pin(self.perform(Call::Resolve, move |state| {
            unsupported(state.options.capabilities.resolve)?;
            state.customer_resolves(&session, conversation)
        }))
    }

    fn connect<'a>(&'a self, session: &'a Session) -> BackendFuture<'a, Box<dyn Realtime>> {
        // Promise: when this returns, events come: what happens from then on is told. The caller reads what it missed
        // after it, not before.
        // Promise: it ends in bounded time, also where the desk only keeps silent.
        let (session, desk) = (session.clone(), self.clone());
        Box::pin(async move {
            let listen = move |state: &mut State| {
                unsupported(state.options.capabilities.realtime)?;
                state.listen(&session)
            };
            let events = desk.perform(Call::Connect, listen).await?;
            let connection: Box<dyn Realtime> = Box::new(Connection { desk, events, ended: None, presence: false });
            Ok(connection)
        })
    }

    fn help_center(&self) -> Option<&dyn HelpCenterBackend> {
        // See `memory/help.rs`.
        Some(self)
    }
}

struct Connection {
    desk: MemoryDesk,
    events: mpsc::UnboundedReceiver<Signal>,
    /// Why it is over, for every call after that.
    ended: Option<BackendError>,
    /// The customer is there, and has not been told of the agents yet.
    presence: bool,
}

impl Realtime for Connection {
    fn next(&mut self) -> BackendFuture<'_, RealtimeEvent> {
        // Promise: dropped at any await, no event is lost: whatever is half received stays in `self`, and nothing is
        // taken out before the future is ready. Promise: a connection that has ended goes on failing.
        Box::pin(async move {
            if let Some(error) = &self.ended {
                return Err(error.clone());
            }
            if std::mem::take(&mut self.presence) {
                return Ok(RealtimeEvent::Presence(self.desk.look(|state| state.availability)));
            }
            let lost = || BackendError::refused(Fault::Network, "the connection is over");
            let signal = self.events.recv().await.unwrap_or_else(|| Err(lost()));
            self.ended = signal.as_ref().err().cloned();
            signal
        })
    }

    fn announce_presence(&mut self) -> BackendFuture<'_, ()> {
        // The answer comes as an event, from `next`.
        Box::pin(async move {
            if let Some(error) = &self.ended {
                return Err(error.clone());
            }
            self.desk.perform(Call::AnnouncePresence, |_| Ok(())).await?;
            self.presence = true;
            Ok(())
        })
    }
}
