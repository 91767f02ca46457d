//! The port to a support desk.
//!
//! [`Backend`] is everything that Shopbell asks of a desk. The outbox is the only caller of what writes, sync the only
//! caller of what reads; neither knows which desk it is. One adapter ships: [`chatwoot`]. To add another desk, copy
//! the scripted one in `testing/memory.rs`, fill in each method, and run the conformance suite of
//! `testing/conformance.rs` on it until it passes; no other file changes.
//!
//! Rules for every adapter:
//! - **Say what happened.** Each failure carries [`Happened`]: `No` only where it is certain that the desk did nothing
//!   (no connection, a refusal, a throttle). Everything else is `Maybe`, and the outbox will look before it sends
//!   again. A wrong `No` doubles a message, a wrong `Maybe` costs one look.
//! - **Never trust a body.** What is not the desk's own kind of answer (a log-in page of a hotel's network) is network
//!   trouble, never data.
//! - **Cancellation.** Any future may be dropped at any await; [`Realtime::next`] must lose no event by it.
//! - **No retries inside**: back-off is the outbox's and sync's business, except for a probe that tells two refusals
//!   apart.

pub mod chatwoot;
mod error;
mod files;
mod help;
mod owner;

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin, sync::Arc};

pub use error::{BackendError, Fault, Happened};
pub use files::{Departure, FileHead, IncomingFile, OutgoingFile, Resume};
pub use help::{
    DeskArticle, DeskArticleName, DeskArticlePage, DeskCategory, DeskPortal, HelpCenterBackend, ListedArticle,
    OutgoingVote,
};
pub use owner::{DeskNotices, Owner};

use crate::model::{
    Agent, Answer, Attachment, Author, Availability, Content, ConversationStatus, CustomerProfile, DeskConversationId,
    DeskMessageId, Identity, Receipt, Timestamp,
};

/// What the methods of [`Backend`] return.
pub type BackendFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, BackendError>> + Send + 'a>>;

/// A support desk.
pub trait Backend: Send + Sync + 'static {
    /// What this desk can do. Constant for the adapter's life.
    fn capabilities(&self) -> Capabilities;

    /// Asks the desk about itself; also the check that it is there and knows the inbox.
    ///
    /// Errors: [`Fault::UnknownInbox`] where it does not.
    fn desk_info(&self) -> BackendFuture<'_, DeskInfo>;

    /// Makes the customer known to the desk, or finds them again. Idempotent by `request.key`: called twice, after any
    /// failure, it gives the same session. Who it is goes by the identity alone: [`update_customer`](Self::update_customer)
    /// tells everything else afterwards.
    ///
    /// Errors: [`Fault::IdentityRejected`] where the desk does not accept the identity's hash, or wants one;
    /// [`Fault::SessionGone`] where only an existing session is wanted and there is none: nobody is made known then.
    fn establish<'a>(&'a self, request: &'a Establish) -> BackendFuture<'a, Session>;

    /// Sets what `profile` sets, clears what it clears ([`Capabilities::clears_profile_fields`]) and leaves the rest.
    /// Idempotent. The desk may join contacts by `email` and `phone`; addresses that it must not join by never come
    /// here as such.
    ///
    /// Errors: [`Fault::Refused`] where the desk does not take a value; nothing of the profile is set then.
    fn update_customer<'a>(
        &'a self,
        session: &'a Session,
        identity: Option<&'a Identity>,
        profile: &'a CustomerProfile,
    ) -> BackendFuture<'a, ()>;

    /// Whom the agents see behind the session of this customer, as the desk's latest answers said it. Makes no request.
    fn owner(&self, session: &Session, identity: &Identity) -> Owner {
        let _ = (session, identity);
        Owner::Unknown
    }

    /// What the desk's version leaves open. `None` where that can't be known. Asked at most once a day.
    fn notices(&self) -> BackendFuture<'_, Option<DeskNotices>> {
        Box::pin(async { Ok(None) })
    }

    /// The customer's conversations, with as many of their newest messages as the desk gives for free.
    ///
    /// With `validator` (from an earlier answer) the desk may say [`Fetched::Unchanged`].
    fn conversations<'a>(
        &'a self,
        session: &'a Session,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Vec<DeskConversation>>>;

    /// One page of messages, oldest first, all before `before` (the newest page where `None`).
    ///
    /// Errors: [`Fault::ConversationGone`], [`Fault::SessionGone`].
    fn messages<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        before: Option<DeskMessageId>,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Page>>;

    /// Opens a conversation. Not idempotent: after [`Happened::Maybe`] the caller looks for one that it does not know.
    fn open_conversation<'a>(&'a self, session: &'a Session) -> BackendFuture<'a, DeskConversation>;

    /// As [`open_conversation`](Self::open_conversation), with what the agents shall know of how it began, by name: the
    /// help articles that the customer has read, say. A desk that can't keep it says so in
    /// [`Capabilities::conversation_context`] and is never asked.
    fn open_conversation_with<'a>(
        &'a self,
        session: &'a Session,
        context: &'a ConversationContext,
    ) -> BackendFuture<'a, DeskConversation> {
        let _ = context;
        self.open_conversation(session)
    }

    /// Sends a message. Not idempotent, unless [`Capabilities::idempotent_send`] says so.
    fn send_message<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: &'a OutgoingMessage,
    ) -> BackendFuture<'a, DeskMessage>;

    /// Sends a message with files, as [`send_message`](Self::send_message) one without; its text may be empty. The
    /// files are streamed, never held, and `departure` is told of their going: see [`Departure`].
    ///
    /// A transfer that no longer moves ends by itself, however long a moving one may take. Desks that take no files
    /// say so by [`Capabilities::max_attachments`], and leave this out.
    ///
    /// Errors: [`Fault::Interrupted`] where the connection broke while the files went out.
    fn send_files<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: &'a OutgoingMessage,
        files: &'a [OutgoingFile],
        departure: Arc<dyn Departure>,
    ) -> BackendFuture<'a, DeskMessage> {
        let _ = (session, conversation, message, files, departure);
        Box::pin(async { Err(BackendError::refused(Fault::Unsupported, "this desk takes no files")) })
    }

    /// Fetches a file that came with a message: `url` is an [`Attachment`]'s. With `resume` the desk is asked for the
    /// rest only, and may still answer with the whole.
    ///
    /// What proves who the customer is goes to the desk itself and to no other host, wherever a redirect leads; only
    /// `http` and `https` are followed.
    ///
    /// Errors: [`Fault::FileGone`] where there is no such file, or none any more.
    fn fetch_file<'a>(
        &'a self,
        session: &'a Session,
        url: &'a str,
        resume: Option<&'a Resume>,
    ) -> BackendFuture<'a, Box<dyn IncomingFile>> {
        let _ = (session, url, resume);
        Box::pin(async { Err(BackendError::refused(Fault::Unsupported, "this desk gives no files")) })
    }

    /// Answers a select, a form or a survey. Idempotent: the last answer stands.
    fn answer<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: DeskMessageId,
        answer: &'a Answer,
    ) -> BackendFuture<'a, ()>;

    /// Tells the agents that the customer types, or stopped.
    fn set_typing<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        typing: bool,
    ) -> BackendFuture<'a, ()>;

    /// Tells the agents that the customer has seen everything up to now. Idempotent. Gives the desk's own time of it, or
    /// a later one, where the desk tells any; no mark of this phone may be later by the desk's clock.
    fn mark_seen<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
    ) -> BackendFuture<'a, Option<Timestamp>>;

    /// Ends a conversation. Idempotent.
    fn resolve<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
    ) -> BackendFuture<'a, ConversationStatus>;

    /// Opens the realtime connection and returns once the desk has confirmed that events will come.
    ///
    /// Errors: [`Fault::SessionGone`] where the desk stays silent to the subscription, as one does whose token is no
    /// longer good; the caller establishes again.
    fn connect<'a>(&'a self, session: &'a Session) -> BackendFuture<'a, Box<dyn Realtime>>;

    /// The desk's help centre, where it has one.
    fn help_center(&self) -> Option<&dyn HelpCenterBackend> {
        None
    }
}

/// What the agents shall know of how a conversation began: texts by name.
pub type ConversationContext = BTreeMap<String, String>;

/// An open realtime connection. Dropping it closes the socket.
pub trait Realtime: Send {
    /// The next event. Ends with an error when the connection is lost or has gone stale. Cancel-safe.
    fn next(&mut self) -> BackendFuture<'_, RealtimeEvent>;

    /// Tells the desk that the customer is still there; the desk answers with [`RealtimeEvent::Presence`].
    fn announce_presence(&mut self) -> BackendFuture<'_, ()>;
}

/// What happens at the desk while one watches. Events may come twice, late and out of order: they are upserts.
#[derive(Clone, Debug, PartialEq)]
pub enum RealtimeEvent {
    /// A message is new or has changed.
    Message(Box<DeskMessage>),
    /// A conversation is new or has changed. It carries no messages that need applying.
    Conversation(ConversationChange),
    /// Somebody at the desk types, or stopped.
    Typing {
        /// Where.
        conversation: DeskConversationId,
        /// Typing, or stopped.
        typing: bool,
        /// Who, where the desk says it.
        name: Option<String>,
        /// The conversation's newest message when it was said, where the desk tells it: what is older than a message
        /// that has arrived is out of date.
        after: Option<DeskMessageId>,
    },
    /// Whether agents are there.
    Presence(Availability),
}

/// What a desk can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// A message sent twice with one key is kept once: the outbox then resends without looking.
    pub idempotent_send: bool,
    /// There is a realtime connection.
    pub realtime: bool,
    /// Typing of the customer can be told.
    pub typing: bool,
    /// What the customer has seen can be told.
    pub read_receipts: bool,
    /// The customer can end a conversation.
    pub resolve: bool,
    /// [`Backend::conversations`] gives whole conversations, from the first message on, and costs the desk as much. What
    /// one answer holds is said by [`DeskConversation::complete`].
    pub complete_list: bool,
    /// [`Backend::open_conversation_with`] keeps what it is given, and the agents see it.
    pub conversation_context: bool,
    /// [`Backend::update_customer`] clears name, e-mail address, phone number and picture. Attributes can always be
    /// cleared.
    pub clears_profile_fields: bool,
    /// [`HelpCenterBackend::vote`] is taken.
    pub article_votes: bool,
    /// [`HelpCenterBackend::article_list`] is there.
    pub article_list: bool,
    /// The longest text of a message, in characters.
    pub max_message_chars: usize,
    /// The longest text of a customer's attribute, in characters.
    pub max_attribute_chars: usize,
    /// The largest absolute value of a whole-number attribute.
    pub max_attribute_integer: i64,
    /// How often [`Realtime::announce_presence`] must be called for the customer to count as online.
    pub presence_interval: std::time::Duration,
    /// How many files a message may have; 0 where the desk takes none.
    pub max_attachments: usize,
    /// The largest file that the desk takes, in bytes.
    pub max_attachment_bytes: u64,
    /// The media types that the desk takes, as `image/png` or `image/*`; empty where it takes all.
    pub attachment_types: &'static [&'static str],
}

impl Default for Capabilities {
    /// A desk that can do nothing beyond messages, without limits to speak of.
    fn default() -> Self {
        Self {
            idempotent_send: false,
            realtime: false,
            typing: false,
            read_receipts: false,
            resolve: false,
            complete_list: false,
            conversation_context: false,
            clears_profile_fields: false,
            article_votes: false,
            article_list: false,
            max_message_chars: 100_000,
            max_attribute_chars: 1_000,
            max_attribute_integer: i64::MAX,
            presence_interval: std::time::Duration::from_secs(60),
            max_attachments: 0,
            max_attachment_bytes: u64::MAX,
            attachment_types: &[],
        }
    }
}

/// What a desk says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DeskInfo {
    /// The inbox's name, as the merchant gave it.
    pub name: String,
    /// Identities need the server's proof.
    pub identity_proof_required: bool,
    /// A survey follows a resolved conversation.
    pub survey: bool,
}

/// What [`Backend::establish`] needs.
#[derive(Clone)]
pub struct Establish {
    /// The secret that the session will be known by: chosen here, at random, so that asking twice makes one customer.
    pub key: Secret,
    /// Who it is; `None` for an anonymous customer.
    pub identity: Option<Identity>,
    /// Only a session that the desk has: one that it has deleted is not made anew.
    pub existing: bool,
}

/// A customer's standing with the desk. Kept in the store, never logged.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Session {
    /// The secret of [`Establish::key`], or the one the desk gave instead.
    pub key: Secret,
    /// What the realtime connection needs, where the desk gives one.
    pub realtime_token: Option<Secret>,
    /// The desk accepted the identity's proof.
    pub verified: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session(verified: {})", self.verified)
    }
}

/// Text that must not reach a log: `Debug` prints `***`.
///
/// ```
/// use shopbell::backend::Secret;
/// assert_eq!(format!("{:?}", Secret::new("token")), "***");
/// ```
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// An answer that the desk may have given before.
#[derive(Clone, Debug, PartialEq)]
pub enum Fetched<T> {
    /// The same as when the validator was given.
    Unchanged,
    /// New, with the validator to ask with the next time.
    New {
        /// What was asked for.
        value: T,
        /// For the next question, where the desk gives one.
        validator: Option<String>,
    },
}

/// One page of messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Oldest first.
    pub messages: Vec<DeskMessage>,
    /// Whether older ones may exist. Never wrongly `false`; a `true` may be followed by an empty page, for not every
    /// desk can tell.
    pub has_older: bool,
}

/// A conversation as the desk has it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeskConversation {
    /// Its number.
    pub id: DeskConversationId,
    /// Where it stands.
    pub status: ConversationStatus,
    /// When the customer last looked, on any phone.
    pub customer_seen_at: Option<Timestamp>,
    /// When an agent last looked.
    pub agent_seen_at: Option<Timestamp>,
    /// Its messages, oldest first, as many as the desk gave.
    pub messages: Vec<DeskMessage>,
    /// Whether `messages` holds every message from the first on.
    pub complete: bool,
    /// The channel that it is in; `None` where the desk has one channel, or does not tell.
    pub channel: Option<DeskChannel>,
    /// The identifier of the contact that it belongs to, as this very answer says it: `Some(None)` where that has none,
    /// `None` where the desk does not tell. One that is not the customer's is not taken in.
    pub contact: Option<Option<String>>,
}

impl DeskConversation {
    /// Whether it certainly belongs to somebody else than the customer with this identifier.
    pub(crate) fn is_of_another_than(&self, identifier: &str) -> bool {
        self.contact.as_ref().is_some_and(|contact| contact.as_deref() != Some(identifier))
    }
}

/// One of the desk's channels: this app's inbox, another app's, the web chat, mail. A desk that shows a customer what
/// they wrote in any of them says which is which; what is not certainly of this app's channel is not written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeskChannel {
    /// The desk's number of it.
    pub number: i64,
    /// Certainly the channel that this backend was made for: the desk put something there at this backend's own
    /// request. `false` where that is not known.
    pub ours: bool,
}

/// What changed in a conversation; `None` leaves what is known.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversationChange {
    /// Its number.
    pub id: DeskConversationId,
    /// Where it stands.
    pub status: Option<ConversationStatus>,
    /// When the customer last looked, on any phone.
    pub customer_seen_at: Option<Timestamp>,
    /// When an agent last looked.
    pub agent_seen_at: Option<Timestamp>,
    /// Who it is assigned to.
    pub agent: Option<Agent>,
    /// The channel that it is in, where that is told.
    pub channel: Option<DeskChannel>,
    /// As of when, by the desk's clock; of two changes the later one stands. `None` where the desk tells no times.
    pub updated_at: Option<Timestamp>,
}

/// A message as the desk has it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeskMessage {
    /// Its number.
    pub id: DeskMessageId,
    /// The conversation that it is in.
    pub conversation: DeskConversationId,
    /// Who wrote it.
    pub author: Author,
    /// What it says or asks.
    pub content: Content,
    /// Files that came with it.
    pub attachments: Vec<Attachment>,
    /// When the desk got it.
    pub created_at: Timestamp,
    /// The key that the sender gave it, where the desk repeats it.
    pub echo: Option<String>,
    /// What the desk says of the customer's own message; `None` where it says nothing here.
    pub receipt: Option<Receipt>,
    /// Deleted: `content` is the desk's notice.
    pub deleted: bool,
    /// The message that this one replies to.
    pub in_reply_to: Option<DeskMessageId>,
    /// When the desk changed it last, by its own clock; of two events the later one stands. `None` in pages, and where
    /// the desk tells no times.
    pub updated_at: Option<Timestamp>,
    /// The event of its creation, which nothing is older than.
    pub is_creation: bool,
}

/// A message on its way to the desk.
#[derive(Clone)]
pub struct OutgoingMessage {
    /// What the customer wrote.
    pub text: String,
    /// A key for it, repeated by desks that can. The same for every attempt.
    pub echo: String,
}

impl fmt::Debug for OutgoingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutgoingMessage({} bytes)", self.text.len())
    }
}
