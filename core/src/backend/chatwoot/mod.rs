//! The adapter to [Chatwoot](https://www.chatwoot.com), by its public client interface and its `/cable` socket.
//!
//! The rooms: `dial` and `tls` open connections, `transport` sends over them and takes bodies in, `http` follows and
//! caps, `refusals` says what a status means, `calls` makes the requests and probes, `upload` and `download` move files,
//! `body`, `lenient` and `wire` read, `mapping` and `content` turn what was read into the model, `versions` knows what releases
//! do differently, `cable` is the realtime session without a socket, `socket` drives it, `events` maps what it brings.
//!
//! How this desk behaves, and what is done about it:
//!
//! - **The only secret is the contact's `source_id`, and it stands in the address.** It is chosen here
//!   ([`Establish::key`]), so that asking twice makes one contact. No error, log or `Debug` of this folder holds an
//!   address.
//! - **Making a contact looks one up by identifier, e-mail address and phone number**, and gives the one that it finds
//!   as it is: an identifier that came with another contact's address is dropped. So a contact is made by its
//!   identifier alone, and [`Backend::update_customer`] says the rest.
//! - **Changing a contact's address joins it with the contact that has it**, whoever that is. `owner` watches whose
//!   contact the answers name.
//! - **An empty name, address or number is ignored**, not cleared; an attribute is cleared by `null`.
//! - **Making a contact does not verify it.** Where there is a proof, a change without content follows that does.
//! - **A wrong proof is answered with 500.** The inbox is asked then: if it is well, the request is made once more, and
//!   a second 500 is [`Fault::IdentityRejected`]. A profile may be refused with 500, too; the change is then tried
//!   without it, so that a wrong address never counts as a wrong proof.
//! - **404 does not say of what.** The contact, then the inbox (or the conversation) are asked.
//! - **A verified contact sees all its conversations, of every inbox.** They are told apart by the inbox's number alone.
//!   Which number is this inbox's, only two things tell: the answer to opening a conversation, and an event of a
//!   conversation that this session began. What is written through this inbox into another's conversation is taken, and
//!   leaves the agents' dashboard loading for ever (chatwoot#10626).
//! - **An inbox may keep one conversation for each contact.** Opening one then answers with the one that there is, and
//!   with all of its messages.
//! - **The list of conversations holds every message.** It is asked for with a validator, which makes most answers
//!   empty, and may take longer than other requests.
//! - **Pages have 20 messages and no sign of their end.** A full page has older ones, as far as can be known.
//! - **Sending is not idempotent.** The `echo_id` comes back only in the event of the creation. The outbox looks.
//! - **Files go as `multipart/form-data`**, with their length told beforehand, for not every server takes a body
//!   without. It tells a file's name only in its address, with some signs replaced; sent names hold none of them.
//! - **Files come by redirects** to a store that may be another host. No request of this folder carries a header that
//!   proves anything, and none is made to an address that holds a name and a password.
//! - **Too many messages in a minute are told as 422** like a mistake in the message; it is [`Fault::Flooded`].
//! - **The socket answers a bad token with silence.** See `cable`.
//! - **Agents write Markdown, customers words.** The model says which by the author.
//!
//! What is certain not to have happened after which failure stands in `http`.

mod body;
mod cable;
mod calls;
mod content;
mod dial;
mod download;
mod events;
#[cfg(feature = "help-center")]
mod help;
#[cfg(feature = "testing")]
pub mod hostile;
mod http;
mod lenient;
mod mapping;
mod owner;
mod refusals;
#[cfg(feature = "help-center")]
mod sitemap;
mod socket;
mod tls;
mod transport;
mod upload;
#[doc(hidden)]
pub mod versions;
mod wire;

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use ::http::Method;
use serde_json::json;
use url::Url;

use self::{
    cable::Timing,
    calls::{Reach, is_unchanged},
    dial::Dialer,
    events::Events,
    http::{Http, Reply, Request},
    lenient::List,
    owner::Owners,
    socket::Door,
};
#[cfg(doc)]
use crate::backend::Fault;
use crate::{
    Answer, ClientConfig, Clock, ConversationStatus, CustomerProfile, DeskConversationId, DeskMessageId, Identity,
    Limits, SupportError, Timestamp,
    backend::{
        Backend, BackendError, BackendFuture, Capabilities, ConversationContext, Departure, DeskChannel,
        DeskConversation, DeskInfo, DeskMessage, DeskNotices, Establish, Fetched, IncomingFile, OutgoingFile,
        OutgoingMessage, Owner, Page, Realtime, Resume, Session,
    },
};

/// How many messages a page of the desk has: fixed there.
const PAGE: usize = 20;

/// The numbers are the desk's own, from its validations; presence ends 90 s after the last announcement, and its own
/// widget announces every 60 s.
const CAPABILITIES: Capabilities = Capabilities {
    idempotent_send: false,
    realtime: true,
    typing: true,
    read_receipts: true,
    resolve: true,
    complete_list: true,
    conversation_context: true,
    // An empty value is ignored there.
    clears_profile_fields: false,
    article_votes: false,
    article_list: true,
    max_message_chars: 150_000,
    max_attribute_chars: 1_500,
    max_attribute_integer: 9_999_999_999,
    presence_interval: Duration::from_secs(60),
    max_attachments: 15,
    // An inbox of this kind takes files of any type and size; only a proxy before it has limits, which differ.
    max_attachment_bytes: u64::MAX,
    attachment_types: &[],
};

/// What the adapter is made with.
///
/// ```
/// use shopbell::{ClientConfig, backend::chatwoot::ChatwootOptions};
/// let config = ClientConfig::new("https://desk.example.com", "inbox-identifier", "/tmp/support");
/// let options = ChatwootOptions::try_from(&config)?;
/// assert_eq!(options.inbox, "inbox-identifier");
/// # Ok::<(), shopbell::SupportError>(())
/// ```
#[derive(Clone)]
pub struct ChatwootOptions {
    /// The desk's address, checked; a path is a prefix.
    pub desk_url: Url,
    /// The inbox's identifier.
    pub inbox: String,
    /// Names the app to the desk.
    pub user_agent: String,
    /// Time-outs and the cap on answers.
    pub limits: Limits,
    /// Dates a message that the desk sends without a date.
    pub clock: Arc<dyn Clock>,
}

impl TryFrom<&ClientConfig> for ChatwootOptions {
    type Error = SupportError;

    fn try_from(config: &ClientConfig) -> Result<Self, SupportError> {
        Ok(Self {
            desk_url: config.validate()?,
            inbox: config.inbox.clone(),
            user_agent: config.user_agent.clone(),
            limits: config.limits.clone(),
            clock: Arc::clone(&config.clock),
        })
    }
}

impl fmt::Debug for ChatwootOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatwootOptions")
            .field("desk_url", &self.desk_url.as_str())
            .field("inbox", &self.inbox)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// One inbox of a Chatwoot desk, as a [`Backend`].
///
/// ```
/// use shopbell::{ClientConfig, backend::{Backend, chatwoot::{Chatwoot, ChatwootOptions}}};
/// let config = ClientConfig::new("https://desk.example.com", "inbox-identifier", "/tmp/support");
/// let desk = Chatwoot::new(ChatwootOptions::try_from(&config)?)?;
/// assert!(!desk.capabilities().idempotent_send);
/// # Ok::<(), shopbell::SupportError>(())
/// ```
pub struct Chatwoot {
    http: Http,
    door: Door,
    owners: Owners,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Chatwoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chatwoot").finish_non_exhaustive()
    }
}

impl Chatwoot {
    /// Makes the adapter; nothing is sent.
    ///
    /// Errors: [`SupportError::InvalidConfig`], where no request can ever be made with the options.
    pub fn new(options: ChatwootOptions) -> Result<Self, SupportError> {
        let tls = tls::config();
        Self::with(options, Timing::default(), tls)
    }

    fn with(
        options: ChatwootOptions,
        timing: Timing,
        tls: Result<rustls::ClientConfig, rustls::Error>,
    ) -> Result<Self, SupportError> {
        let ChatwootOptions { desk_url, inbox, user_agent, limits, clock } = options;
        let invalid = |problem: String| SupportError::InvalidConfig { field: "desk_url", problem };
        let tls = tls.map_err(|error| invalid(error.to_string()))?;
        let dialer = Dialer::new(tls, limits.connect_timeout);
        let http =
            Http::new(&desk_url, &inbox, &user_agent, &limits, dialer.clone(), Arc::clone(&clock)).map_err(invalid)?;
        let door = Door::new(&desk_url, &user_agent, &limits, dialer, timing);
        Ok(Self { http, door, owners: Owners::default(), clock })
    }

    async fn list(
        &self,
        session: &Session,
        validator: Option<&str>,
    ) -> Result<Fetched<Vec<DeskConversation>>, BackendError> {
        let mut request =
            Request::new(Method::GET, "GET conversations", &["contacts", session.key.expose(), "conversations"]);
        request.validator = validator;
        request.long = true;
        let reply = self.call(request, Reach::Contact(session)).await?;
        if is_unchanged(&reply, validator)? {
            return Ok(Fetched::Unchanged);
        }
        let list: List<wire::Conversation> = reply.list()?;
        self.owners.saw_conversations(session, &list.items);
        let value = list.items.into_iter().filter_map(mapping::conversation).collect();
        Ok(Fetched::New { value, validator: reply.etag })
    }

    async fn page(
        &self,
        session: &Session,
        conversation: DeskConversationId,
        before: Option<DeskMessageId>,
        validator: Option<&str>,
    ) -> Result<Fetched<Page>, BackendError> {
        let mut request = Request::new(Method::GET, "GET messages", &["messages"]);
        request.query.extend(before.map(|before| ("before", before.get())));
        request.validator = validator;
        let reply = self.on_conversation(session, conversation, request).await?;
        if is_unchanged(&reply, validator)? {
            return Ok(Fetched::Unchanged);
        }
        let list: List<wire::Message> = reply.list()?;
        self.owners.saw_messages(session, &list.items);
        let messages = mapping::messages(list.items, conversation);
        // Of a full page of which nothing can be shown, there is no number to ask on with.
        let has_older = list.total >= PAGE && !messages.is_empty();
        Ok(Fetched::New { value: Page { messages, has_older }, validator: reply.etag })
    }

    async fn open(&self, session: &Session, body: serde_json::Value) -> Result<DeskConversation, BackendError> {
        let path = ["contacts", session.key.expose(), "conversations"];
        let request = Request::new(Method::POST, "POST conversation", &path).body(body);
        let reply = self.call(request, Reach::Contact(session)).await?;
        let wire: wire::Conversation = reply.object()?;
        self.owners.saw(session, wire.contact.identifier.clone());
        let mut opened = mapping::conversation(wire).ok_or_else(|| senseless(&reply))?;
        // Opened through this inbox: the one answer that tells its number for certain.
        opened.channel = opened.channel.map(|channel| DeskChannel { ours: true, ..channel });
        Ok(opened)
    }

    fn conversation_of(&self, reply: &Reply) -> Result<DeskConversation, BackendError> {
        mapping::conversation(reply.object()?).ok_or_else(|| senseless(reply))
    }
}

fn senseless(reply: &Reply) -> BackendError {
    let detail = format!("{}: the answer has no number", reply.label);
    BackendError::unclear(crate::backend::Fault::Desk, detail)
}

impl Backend for Chatwoot {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn desk_info(&self) -> BackendFuture<'_, DeskInfo> {
        Box::pin(self.inbox_info())
    }

    fn establish<'a>(&'a self, request: &'a Establish) -> BackendFuture<'a, Session> {
        Box::pin(self.make_session(request))
    }

    fn update_customer<'a>(
        &'a self,
        session: &'a Session,
        identity: Option<&'a Identity>,
        profile: &'a CustomerProfile,
    ) -> BackendFuture<'a, ()> {
        Box::pin(self.set_profile(session, identity, profile))
    }

    fn owner(&self, session: &Session, identity: &Identity) -> Owner {
        self.owner_of(session, identity)
    }

    fn notices(&self) -> BackendFuture<'_, Option<DeskNotices>> {
        Box::pin(self.version_notices())
    }

    fn conversations<'a>(
        &'a self,
        session: &'a Session,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Vec<DeskConversation>>> {
        Box::pin(self.list(session, validator))
    }

    fn messages<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        before: Option<DeskMessageId>,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Page>> {
        Box::pin(self.page(session, conversation, before, validator))
    }

    fn open_conversation<'a>(&'a self, session: &'a Session) -> BackendFuture<'a, DeskConversation> {
        Box::pin(self.open(session, json!({})))
    }

    fn open_conversation_with<'a>(
        &'a self,
        session: &'a Session,
        context: &'a ConversationContext,
    ) -> BackendFuture<'a, DeskConversation> {
        // The one thing that the desk takes with the making of a conversation.
        Box::pin(self.open(session, json!({ "custom_attributes": context })))
    }

    fn send_message<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: &'a OutgoingMessage,
    ) -> BackendFuture<'a, DeskMessage> {
        Box::pin(async move {
            let request = Request::new(Method::POST, "POST message", &["messages"])
                .body(json!({ "content": message.text, "echo_id": message.echo }));
            let reply = self.on_conversation(session, conversation, request).await?;
            let wire: wire::Message = reply.object()?;
            self.owners.saw_messages(session, std::slice::from_ref(&wire));
            let sent = mapping::message(wire, Some(conversation), self.clock.now());
            sent.ok_or_else(|| senseless(&reply))
        })
    }

    fn send_files<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: &'a OutgoingMessage,
        files: &'a [OutgoingFile],
        departure: Arc<dyn Departure>,
    ) -> BackendFuture<'a, DeskMessage> {
        Box::pin(self.upload(session, conversation, message, files, departure))
    }

    fn fetch_file<'a>(
        &'a self,
        _session: &'a Session,
        url: &'a str,
        resume: Option<&'a Resume>,
    ) -> BackendFuture<'a, Box<dyn IncomingFile>> {
        Box::pin(self.download(url, resume))
    }

    fn answer<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: DeskMessageId,
        answer: &'a Answer,
    ) -> BackendFuture<'a, ()> {
        Box::pin(self.put_answer(session, conversation, message, answer))
    }

    fn set_typing<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        typing: bool,
    ) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            let status = if typing { "on" } else { "off" };
            let request =
                Request::new(Method::POST, "POST typing", &["toggle_typing"]).body(json!({ "typing_status": status }));
            self.on_conversation(session, conversation, request).await?.must_be_ours()
        })
    }

    fn mark_seen<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
    ) -> BackendFuture<'a, Option<Timestamp>> {
        Box::pin(async move {
            let request = Request::new(Method::POST, "POST seen", &["update_last_seen"]).body(json!({}));
            let reply = self.on_conversation(session, conversation, request).await?;
            reply.must_be_ours()?;
            // The desk's answer is empty; its server dates it.
            Ok(reply.date)
        })
    }

    fn resolve<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
    ) -> BackendFuture<'a, ConversationStatus> {
        Box::pin(async move {
            let request = Request::new(Method::POST, "POST status", &["toggle_status"]).body(json!({}));
            let reply = self.on_conversation(session, conversation, request).await?;
            Ok(self.conversation_of(&reply)?.status)
        })
    }

    fn connect<'a>(&'a self, session: &'a Session) -> BackendFuture<'a, Box<dyn Realtime>> {
        Box::pin(async move {
            let Some(token) = &session.realtime_token else {
                let detail = "the session has no token for the realtime connection";
                return Err(BackendError::refused(crate::backend::Fault::Unsupported, detail));
            };
            let events = Events { key: session.key.clone(), clock: Arc::clone(&self.clock) };
            let socket: Box<dyn Realtime> = Box::new(self.door.open(token, events).await?);
            Ok(socket)
        })
    }

    #[cfg(feature = "help-center")]
    fn help_center(&self) -> Option<&dyn crate::backend::HelpCenterBackend> {
        Some(self)
    }
}
