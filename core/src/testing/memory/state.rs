//! The far side: what a desk's own server would be. Nothing here is to be copied into an adapter.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::mpsc;

use super::{
    MemoryOptions,
    contacts::{Contacts, Seat},
    files::{Files, Kept},
    script::{Air, Script},
};
use crate::{
    backend::{
        BackendError, ConversationChange, DeskConversation, DeskMessage, Fault, Fetched, OutgoingMessage, Page,
        RealtimeEvent, Session,
    },
    clock::digest,
    model::{
        Agent, Answer, Attachment, Author, Availability, Content, ConversationStatus, DeskConversationId,
        DeskMessageId, Identity, Receipt, Timestamp,
    },
};

/// What goes down a realtime connection: an event, or the reason of its end.
pub(super) type Signal = Result<RealtimeEvent, BackendError>;

struct Row {
    /// The key of the session that opened it.
    owner: String,
    /// Counts up with each change: the validator.
    version: u64,
    conversation: DeskConversation,
}

struct Listener {
    key: String,
    line: mpsc::UnboundedSender<Signal>,
}

/// Everything that the desk knows. One lock around it: [`super::MemoryDesk`] holds it in a `watch`.
pub(super) struct State {
    pub(super) options: MemoryOptions,
    pub(super) script: Script,
    pub(super) availability: Availability,
    /// Identifiers that are turned away, whatever their proof.
    pub(super) refused: BTreeSet<String>,
    pub(super) proof_required: bool,
    pub(super) help: super::help::Help,
    /// Customers' typing, as the agents saw it.
    pub(super) typing: Vec<(DeskConversationId, bool)>,
    pub(super) files: Files,
    pub(super) seats: BTreeMap<String, Seat>,
    pub(super) contacts: Contacts,
    rows: BTreeMap<DeskConversationId, Row>,
    listeners: Vec<Listener>,
    /// Counts all changes.
    version: u64,
    conversations_made: i64,
    messages_made: i64,
    seconds: i64,
}

impl State {
    pub(super) fn new(options: MemoryOptions) -> Self {
        Self {
            options,
            script: Script::default(),
            availability: Availability::Offline,
            refused: BTreeSet::new(),
            proof_required: false,
            help: super::help::Help::default(),
            typing: Vec::new(),
            files: Files::default(),
            seats: BTreeMap::new(),
            contacts: Contacts::default(),
            rows: BTreeMap::new(),
            listeners: Vec::new(),
            version: 0,
            conversations_made: 0,
            messages_made: 0,
            seconds: 1_750_000_000,
        }
    }

    /// The desk's own clock: a second later at each look, so that nothing happens at the same time.
    pub(super) fn later(&mut self) -> Timestamp {
        self.seconds += 1;
        Timestamp::from_seconds(self.seconds)
    }

    pub(super) fn proof(identifier: &str) -> String {
        digest(&["proof", identifier]) + &digest(&["more proof", identifier])
    }

    // What the customer's side asks for.

    pub(super) fn check_inbox(&self) -> Result<(), BackendError> {
        let unknown = || BackendError::refused(Fault::UnknownInbox, "the desk does not know the inbox");
        self.options.inbox_known.then_some(()).ok_or_else(unknown)
    }

    pub(super) fn check_identity(&self, identity: Option<&Identity>) -> Result<bool, BackendError> {
        let rejected = |why: &str| Err(BackendError::refused(Fault::IdentityRejected, why));
        let Some(identity) = identity else {
            return if self.proof_required { rejected("a proof is required") } else { Ok(false) };
        };
        if self.refused.contains(identity.identifier()) {
            return rejected("the identity is refused");
        }
        match identity.hash() {
            Some(hash) if hash == Self::proof(identity.identifier()) => Ok(true),
            Some(_) => rejected("the proof is wrong"),
            None if self.proof_required => rejected("a proof is required"),
            None => Ok(false),
        }
    }

    pub(super) fn list(
        &self,
        session: &Session,
        validator: Option<&str>,
    ) -> Result<Fetched<Vec<DeskConversation>>, BackendError> {
        self.seat(session)?;
        let seen: Vec<&Row> = self.rows.values().filter(|row| self.sees(session.key.expose(), row)).collect();
        // The count tells that one has gone, the version that one has changed.
        let newest = seen.iter().map(|row| row.version).max().unwrap_or_default();
        let current = format!("{}-{newest}", seen.len());
        if validator == Some(current.as_str()) {
            return Ok(Fetched::Unchanged);
        }
        let contact = self.contact(session.key.expose()).map(|contact| contact.identifier.clone());
        let listed = |row: &Row| DeskConversation { contact: contact.clone(), ..row.conversation.clone() };
        let mut value: Vec<DeskConversation> = seen.into_iter().map(listed).collect();
        value.iter_mut().flat_map(|conversation| &mut conversation.messages).for_each(|message| self.forget(message));
        Ok(Fetched::New { value, validator: Some(current) })
    }

    pub(super) fn page(
        &self,
        session: &Session,
        conversation: DeskConversationId,
        before: Option<DeskMessageId>,
        validator: Option<&str>,
    ) -> Result<Fetched<Page>, BackendError> {
        let row = self.row(session, conversation)?;
        let current = row.version.to_string();
        if validator == Some(current.as_str()) {
            return Ok(Fetched::Unchanged);
        }
        let all = &row.conversation.messages;
        let end = before.map_or(all.len(), |before| all.partition_point(|message| message.id < before));
        let start = end.saturating_sub(self.options.page_size);
        let mut messages = all.get(start..end).unwrap_or_default().to_vec();
        messages.iter_mut().for_each(|message| self.forget(message));
        Ok(Fetched::New { value: Page { messages, has_older: start > 0 }, validator: Some(current) })
    }

    pub(super) fn sessions(&self) -> Vec<Session> {
        let session = |(key, seat): (&String, &Seat)| Session {
            key: crate::backend::Secret::new(key.clone()),
            realtime_token: Some(crate::backend::Secret::new(seat.token.clone())),
            verified: seat.verified,
        };
        self.seats.iter().map(session).collect()
    }

    pub(super) fn check_session(&self, session: &Session) -> Result<(), BackendError> {
        self.seat(session).map(|_| ())
    }

    pub(super) fn open(&mut self, session: &Session) -> Result<DeskConversation, BackendError> {
        self.seat(session)?;
        if self.options.single_conversation
            && let Some(row) = self.rows.values().rfind(|row| self.sees(session.key.expose(), row))
        {
            let mut kept = row.conversation.clone();
            kept.messages.iter_mut().for_each(|message| self.forget(message));
            return Ok(kept);
        }
        self.conversations_made += 1;
        let id = DeskConversationId::new(self.conversations_made).ok_or_else(nonsense)?;
        let conversation = DeskConversation {
            id,
            status: ConversationStatus::Open,
            customer_seen_at: None,
            agent_seen_at: None,
            messages: Vec::new(),
            complete: true,
            channel: self.options.channel,
            contact: None,
        };
        let row = Row { owner: session.key.expose().to_owned(), version: 0, conversation: conversation.clone() };
        self.rows.insert(id, row);
        self.tell_conversation(id);
        Ok(conversation)
    }

    pub(super) fn send(
        &mut self,
        session: &Session,
        conversation: DeskConversationId,
        message: &OutgoingMessage,
        files: Vec<Kept>,
    ) -> Result<DeskMessage, BackendError> {
        let row = self.row(session, conversation)?;
        let twin = row.conversation.messages.iter().find(|m| m.echo.as_deref() == Some(&message.echo));
        if let Some(twin) = twin.filter(|_| self.options.capabilities.idempotent_send) {
            return Ok(twin.clone());
        }
        let says_nothing = message.text.is_empty() && files.is_empty();
        if says_nothing || message.text.chars().count() > self.options.capabilities.max_message_chars {
            let reason = "The message is empty or too long.".to_owned();
            return Err(BackendError::refused(Fault::Refused { reason }, "the length of a message"));
        }
        if row.conversation.status == ConversationStatus::Resolved {
            self.set_status(conversation, ConversationStatus::Open);
        }
        let (text, echo) = (Content::text(message.text.clone()), Some(message.echo.clone()));
        let attachments = files.into_iter().map(|file| self.files.keep(file)).collect();
        let kept = self.add_with(conversation, Author::Customer, text, echo, attachments);
        let mut kept = kept.ok_or_else(nonsense)?;
        self.forget(&mut kept);
        Ok(kept)
    }

    pub(super) fn answer(
        &mut self,
        session: &Session,
        conversation: DeskConversationId,
        message: DeskMessageId,
        answer: &Answer,
    ) -> Result<(), BackendError> {
        self.row(session, conversation)?;
        let mut taken = false;
        self.change_message(message, |row| {
            if let Some(slot) = row.content.answer_slot().filter(|_| row.conversation == conversation) {
                *slot = Some(Answer { state: crate::model::AnswerState::Sent, given_at: None, ..answer.clone() });
                taken = true;
            }
        });
        if taken { Ok(()) } else { Err(BackendError::refused(Fault::MessageGone, "no such question")) }
    }

    pub(super) fn customer_types(
        &mut self,
        session: &Session,
        conversation: DeskConversationId,
        typing: bool,
    ) -> Result<(), BackendError> {
        self.row(session, conversation)?;
        self.typing.push((conversation, typing));
        Ok(())
    }

    pub(super) fn customer_saw(
        &mut self,
        session: &Session,
        conversation: DeskConversationId,
    ) -> Result<Option<Timestamp>, BackendError> {
        self.row(session, conversation)?;
        let now = self.later();
        self.change(conversation, |row| row.customer_seen_at = Some(now));
        Ok(self.options.tells_times.then_some(now))
    }

    pub(super) fn customer_resolves(
        &mut self,
        session: &Session,
        conversation: DeskConversationId,
    ) -> Result<ConversationStatus, BackendError> {
        if self.row(session, conversation)?.conversation.status != ConversationStatus::Resolved {
            self.set_status(conversation, ConversationStatus::Resolved);
        }
        Ok(ConversationStatus::Resolved)
    }

    pub(super) fn listen(&mut self, session: &Session) -> Result<mpsc::UnboundedReceiver<Signal>, BackendError> {
        let token = session.realtime_token.as_ref().map(crate::backend::Secret::expose);
        if token != Some(self.seat(session)?.token.as_str()) {
            return Err(BackendError::refused(Fault::SessionGone, "the desk does not know the token"));
        }
        let (line, events) = mpsc::unbounded_channel();
        self.listeners.push(Listener { key: session.key.expose().to_owned(), line });
        Ok(events)
    }

    // What both sides do.

    pub(super) fn add(
        &mut self,
        conversation: DeskConversationId,
        author: Author,
        content: Content,
        echo: Option<String>,
    ) -> Option<DeskMessage> {
        self.add_with(conversation, author, content, echo, Vec::new())
    }

    pub(super) fn add_with(
        &mut self,
        conversation: DeskConversationId,
        author: Author,
        content: Content,
        echo: Option<String>,
        attachments: Vec<Attachment>,
    ) -> Option<DeskMessage> {
        self.rows.get(&conversation)?;
        self.messages_made += 1;
        let message = DeskMessage {
            id: DeskMessageId::new(self.messages_made)?,
            conversation,
            receipt: author.is_customer().then_some(Receipt::Sent),
            author,
            content,
            attachments,
            created_at: self.later(),
            echo,
            deleted: false,
            in_reply_to: None,
            updated_at: None,
            is_creation: false,
        };
        self.change_row(conversation, |row| row.messages.push(message.clone()));
        let event = DeskMessage { updated_at: self.dated(message.created_at), is_creation: true, ..message.clone() };
        self.tell(conversation, RealtimeEvent::Message(Box::new(event)));
        Some(message)
    }

    /// Changes a message and tells of it; nothing where there is none.
    pub(super) fn change_message(&mut self, id: DeskMessageId, change: impl FnOnce(&mut DeskMessage)) -> bool {
        let holds = |row: &&Row| row.conversation.messages.iter().any(|message| message.id == id);
        let Some(conversation) = self.rows.values().find(holds).map(|row| row.conversation.id) else { return false };
        let mut changed = None;
        self.change_row(conversation, |row| {
            if let Some(message) = row.messages.iter_mut().find(|message| message.id == id) {
                change(message);
                changed = Some(message.clone());
            }
        });
        if let Some(message) = changed {
            let now = self.later();
            let event = DeskMessage { updated_at: self.dated(now), ..message };
            self.tell(conversation, RealtimeEvent::Message(Box::new(event)));
        }
        true
    }

    pub(super) fn set_status(&mut self, conversation: DeskConversationId, status: ConversationStatus) -> bool {
        self.change(conversation, |row| row.status = status)
    }

    /// Changes a conversation and tells of it.
    pub(super) fn change(&mut self, id: DeskConversationId, change: impl FnOnce(&mut DeskConversation)) -> bool {
        let changed = self.change_row(id, change);
        self.tell_conversation(id);
        changed
    }

    // What only the desk's side does.

    pub(super) fn purge(&mut self, key: &str) {
        if let Some(seat) = self.seats.remove(key)
            && !self.seats.values().any(|other| other.contact == seat.contact)
        {
            self.contacts.all.remove(&seat.contact);
        }
        self.rows.retain(|_, row| row.owner != key);
        self.listeners.retain(|listener| listener.key != key);
    }

    pub(super) fn purge_all(&mut self) {
        self.seats.clear();
        self.contacts.all.clear();
        self.rows.clear();
        self.listeners.clear();
    }

    pub(super) fn purge_conversation(&mut self, id: DeskConversationId) {
        self.rows.remove(&id);
    }

    /// Ends all realtime connections, each with this reason.
    pub(super) fn hang_up(&mut self, reason: &BackendError) {
        for listener in self.listeners.drain(..) {
            // One that is dropped already needs no reason.
            let _ = listener.line.send(Err(reason.clone()));
        }
    }

    pub(super) fn connections(&self) -> usize {
        self.listeners.iter().filter(|listener| !listener.line.is_closed()).count()
    }

    pub(super) fn everything(&self) -> Vec<DeskConversation> {
        self.rows.values().map(|row| row.conversation.clone()).collect()
    }

    /// Tells every listener who may see the conversation, through the air as it is.
    pub(super) fn tell(&mut self, conversation: DeskConversationId, event: RealtimeEvent) {
        let Some(row) = self.rows.get(&conversation) else { return };
        let listening = self.listeners.iter().filter(|listener| self.sees(&listener.key, row));
        let lines: Vec<_> = listening.map(|listener| listener.line.clone()).collect();
        for line in lines {
            let copies = match self.script.air {
                Air::Lost => 0,
                Air::Clear => 1,
                Air::Twice => 2,
                Air::Reversed => {
                    self.script.held_events.push((line, event.clone()));
                    continue;
                }
            };
            for _ in 0..copies {
                // A connection that has just been dropped hears nothing, as on a real network.
                let _ = line.send(Ok(event.clone()));
            }
        }
    }

    /// What an event tells of a time of the desk's.
    fn dated(&self, at: Timestamp) -> Option<Timestamp> {
        self.options.tells_times.then_some(at)
    }

    /// The newest message of a conversation.
    pub(super) fn newest(&self, id: DeskConversationId) -> Option<DeskMessageId> {
        self.rows.get(&id)?.conversation.messages.iter().map(|message| message.id).max()
    }

    fn tell_conversation(&mut self, id: DeskConversationId) {
        let now = self.later();
        let updated_at = self.dated(now);
        let Some(row) = self.rows.get(&id) else { return };
        let change = ConversationChange {
            id,
            status: Some(row.conversation.status),
            customer_seen_at: row.conversation.customer_seen_at,
            agent_seen_at: row.conversation.agent_seen_at,
            agent: None,
            channel: row.conversation.channel,
            updated_at,
        };
        self.tell(id, RealtimeEvent::Conversation(change));
    }

    fn change_row(&mut self, id: DeskConversationId, change: impl FnOnce(&mut DeskConversation)) -> bool {
        let Some(row) = self.rows.get_mut(&id) else { return false };
        self.version += 1;
        row.version = self.version;
        change(&mut row.conversation);
        true
    }

    pub(super) fn seat(&self, session: &Session) -> Result<&Seat, BackendError> {
        let gone = || BackendError::refused(Fault::SessionGone, "the desk does not know the key");
        self.seats.get(session.key.expose()).ok_or_else(gone)
    }

    /// A conversation that the session may see: another's is as good as none.
    fn row(&self, session: &Session, id: DeskConversationId) -> Result<&Row, BackendError> {
        self.seat(session)?;
        let gone = || BackendError::refused(Fault::ConversationGone, "no such conversation");
        self.rows.get(&id).filter(|row| self.sees(session.key.expose(), row)).ok_or_else(gone)
    }

    /// Its own, and where it has proved who it is, what anybody began whose session leads to the same contact.
    fn sees(&self, key: &str, row: &Row) -> bool {
        row.owner == key || self.same_person(key, &row.owner)
    }

    /// What a desk keeps of the sender's key: by default nothing, like one that only repeats it in the event.
    fn forget(&self, message: &mut DeskMessage) {
        if !self.options.keeps_echo {
            message.echo = None;
        }
    }
}

/// The one agent.
pub(super) fn agent() -> Agent {
    Agent { id: "1".to_owned(), name: "Ann".to_owned(), avatar_url: None }
}

pub(super) fn nonsense() -> BackendError {
    BackendError::unclear(Fault::Desk, "the desk ran out of numbers")
}
