//! The agent's side in process: what the agent routes do, without HTTP, and a look at everything.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::{
    channel::OtherInbox,
    clock::seconds,
    domain::{Draft, Upload},
    request_log::RequestLog,
    settings::Settings,
    shared::Shared,
    state::{
        State,
        tables::{Conversation, INCOMING, Message, Sender, Status},
    },
    views::{AGENT_NAME, seconds_or_zero},
};

/// A conversation, seen from inside.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationView {
    /// The display id, the only one on the wire.
    pub id: u64,
    /// The customer's number.
    pub contact_id: u64,
    /// The session it belongs to.
    pub source_id: String,
    /// The inbox it belongs to; the SDK's own is 3.
    pub inbox_id: u64,
    /// `open`, `resolved`, `pending` or `snoozed`.
    pub status: String,
    /// The customer's name.
    pub contact_name: Option<String>,
    /// The customer's identifier.
    pub contact_identifier: Option<String>,
    /// The customer's e-mail.
    pub contact_email: Option<String>,
    /// The customer's custom attributes.
    pub custom_attributes: Value,
    /// The conversation's own custom attributes.
    pub conversation_attributes: Value,
    /// When the customer last looked, in Unix seconds; 0 is never.
    pub contact_last_seen_at: i64,
    /// When an agent last looked, in Unix seconds; 0 is never.
    pub agent_last_seen_at: i64,
    /// All messages, oldest first, notes and activities included.
    pub messages: Vec<MessageView>,
}

/// A message, seen from inside.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageView {
    /// Its number.
    pub id: u64,
    /// Its text.
    pub content: Option<String>,
    /// 0 incoming, 1 outgoing, 2 activity, 3 template.
    pub message_type: u8,
    /// `text`, `input_select` …
    pub content_type: String,
    /// What belongs to the content type, and the customer's answer to it.
    pub content_attributes: Value,
    /// The echo id it was sent with: kept for inspection only, a real desk forgets it.
    pub echo_id: Option<String>,
    /// Name and size of each file.
    pub attachments: Vec<(String, u64)>,
    /// When it was written, in Unix seconds.
    pub created_at: i64,
    /// Whether an agent took it back.
    pub deleted: bool,
    /// Whether it is a note among agents.
    pub private: bool,
}

/// A customer, seen from inside.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactView {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: Option<String>,
    /// The merchant's name for it.
    pub identifier: Option<String>,
    /// Its e-mail.
    pub email: Option<String>,
    /// Its phone.
    pub phone_number: Option<String>,
    /// Its custom attributes.
    pub custom_attributes: Value,
    /// Whether it is blocked.
    pub blocked: bool,
    /// The secrets of its sessions, in order of creation, with whether each is verified.
    pub sessions: Vec<(String, bool)>,
}

/// The agent's side of a running sandbox; a cheap clone. Each method does what the agent route does, broadcasts
/// included, and returns when it is done. An id that does not exist does nothing and gives 0.
#[derive(Debug, Clone)]
pub struct Desk {
    pub(crate) shared: Arc<Shared>,
}

impl Desk {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// All conversations, by number.
    pub fn conversations(&self) -> Vec<ConversationView> {
        self.shared.read(|state| state.tables.conversations.values().map(|row| look_at(state, row)).collect())
    }

    /// One conversation.
    pub fn conversation(&self, id: u64) -> Option<ConversationView> {
        self.shared.read(|state| state.conversation(id).map(|row| look_at(state, row)))
    }

    /// All contacts, by number.
    pub fn contacts(&self) -> Vec<ContactView> {
        self.shared.read(|state| {
            let rows = state.tables.contacts.values();
            rows.map(|contact| {
                let own = state.tables.sessions.values().filter(|session| session.contact_id == contact.id);
                let mut own: Vec<_> = own.collect();
                own.sort_by_key(|session| session.id);
                ContactView {
                    id: contact.id,
                    name: contact.name.clone(),
                    identifier: contact.identifier.clone(),
                    email: contact.email.clone(),
                    phone_number: contact.phone_number.clone(),
                    custom_attributes: Value::Object(contact.custom_attributes.clone()),
                    blocked: contact.blocked,
                    sessions: own.iter().map(|session| (session.source_id.clone(), session.hmac_verified)).collect(),
                }
            })
            .collect()
        })
    }

    /// Answers as the agent; gives the message's id.
    pub fn reply(&self, conversation: u64, text: &str) -> u64 {
        self.say(conversation, Draft::outgoing(Sender::Agent, text.to_owned()))
    }

    /// Answers with a rich message. Unlike the agent route it takes malformed attributes, for tests of a client's
    /// tolerance.
    pub fn reply_rich(&self, conversation: u64, content_type: &str, text: &str, content_attributes: Value) -> u64 {
        let draft = Draft::outgoing(Sender::Agent, text.to_owned());
        self.say(conversation, draft.rich(content_type, content_attributes))
    }

    /// Answers with a file, as its name and type say; gives the message's id.
    pub fn reply_with_file(
        &self,
        conversation: u64,
        text: &str,
        name: &str,
        content_type: &str,
        bytes: impl Into<Bytes>,
    ) -> u64 {
        let file = Upload { name: name.to_owned(), content_type: Some(content_type.to_owned()), bytes: bytes.into() };
        let draft = Draft::outgoing(Sender::Agent, text.to_owned());
        self.say(conversation, Draft { files: vec![file], ..draft })
    }

    /// The bytes of a message's files, in order.
    pub fn files(&self, message: u64) -> Vec<Bytes> {
        self.shared.read(|state| {
            let files = state.message(message).map(|row| row.attachments.clone()).unwrap_or_default();
            files.iter().filter_map(|file| state.blobs.get(&file.key)).collect()
        })
    }

    /// Writes a note among agents, which no customer sees.
    pub fn note(&self, conversation: u64, text: &str) -> u64 {
        self.say(conversation, Draft { private: true, ..Draft::outgoing(Sender::Agent, text.to_owned()) })
    }

    /// Changes a message's text.
    pub fn edit(&self, message: u64, text: &str) {
        self.shared.write(|state| state.change_message(message, |row| row.content = Some(text.to_owned())));
    }

    /// Takes a message back.
    pub fn delete(&self, message: u64) {
        self.shared.write(|state| state.delete_message(message));
    }

    /// Shows the agent typing, or no longer.
    pub fn set_typing(&self, conversation: u64, on: bool) {
        self.type_as_agent(conversation, on, false);
    }

    /// Shows the agent typing a private note, or no longer. The desk tells the customer of that too, with
    /// `is_private: true`.
    pub fn set_typing_note(&self, conversation: u64, on: bool) {
        self.type_as_agent(conversation, on, true);
    }

    /// Marks a conversation as seen by the agent.
    pub fn mark_seen(&self, conversation: u64) {
        self.shared.write(|state| state.agent_saw(conversation));
    }

    /// Resolves a conversation; a job then asks for a rating.
    pub fn resolve(&self, conversation: u64) {
        self.set_status(conversation, Status::Resolved);
    }

    /// Opens a conversation again.
    pub fn reopen(&self, conversation: u64) {
        self.set_status(conversation, Status::Open);
    }

    /// Puts a conversation aside; the customer's next message wakes it.
    pub fn snooze(&self, conversation: u64) {
        self.set_status(conversation, Status::Snoozed);
    }

    /// Sets the agent to `online`, `busy` or `offline`. Customers hear of it only when they ask on the cable.
    pub fn set_agent_availability(&self, status: &str) {
        self.shared.read(|state| status.clone_into(&mut state.availability));
    }

    /// Blocks a customer, or lets one in again.
    pub fn set_blocked(&self, contact: u64, blocked: bool) {
        self.shared.write(|state| state.set_blocked(contact, blocked));
    }

    /// Adds many agent's messages at once, untold and outside the flood limit: what a customer missed.
    pub fn bulk_messages(&self, conversation: u64, count: usize) {
        self.shared.write(|state| state.add_bulk(conversation, count));
    }

    /// Begins a conversation with a customer; gives its id, or 0 if there is no such session.
    pub fn start_conversation(&self, source_id: &str, text: &str) -> u64 {
        self.shared.write(|state| {
            let Some(session) = state.session(source_id).cloned() else { return 0 };
            let id = state.add_conversation(&session, serde_json::Map::new());
            let draft = Draft::outgoing(Sender::Agent, text.to_owned());
            state.create_message(id, draft).map_or(0, |_| id)
        })
    }

    /// Begins a conversation with a customer by e-mail, which a verified session lists as well.
    pub fn start_conversation_elsewhere(&self, source_id: &str, text: &str) -> u64 {
        self.start_conversation_in(&OtherInbox::email(), source_id, text)
    }

    /// Begins a conversation with a customer in another inbox, which a verified session lists as well; gives its id, or
    /// 0 if there is no such session.
    pub fn start_conversation_in(&self, inbox: &OtherInbox, source_id: &str, text: &str) -> u64 {
        self.shared.write(|state| {
            let Some(session) = state.session(source_id).cloned() else { return 0 };
            let id = state.add_foreign_conversation(&session, inbox);
            let draft = Draft::outgoing(Sender::Agent, text.to_owned());
            state.create_message(id, draft).map_or(0, |_| id)
        })
    }

    /// Writes a message as the conversation's customer, through the conversation's own channel; gives its id.
    pub fn write_as_customer(&self, conversation: u64, text: &str) -> u64 {
        self.shared.write(|state| {
            let Some(contact) = state.conversation(conversation).map(|row| row.contact_id) else { return 0 };
            let draft = Draft { sender: Sender::Contact(contact), ..Draft::text(text.to_owned()).of_type(INCOMING) };
            state.create_message(conversation, draft).unwrap_or(0)
        })
    }

    /// The messages that clients wrote through the SDK's inbox into conversations of other inboxes. The desk takes them,
    /// and no client may ever write one.
    pub fn foreign_writes(&self) -> Vec<u64> {
        self.shared.read(|state| state.foreign_writes.clone())
    }

    /// Removes a session as the clean-up job does: 404 from now on.
    pub fn purge_contact(&self, source_id: &str) {
        self.shared.write(|state| state.purge(source_id));
    }

    /// Deletes a conversation with its messages, as an agent does. No event tells of it: requests for it are 404 from
    /// now on. Says whether it was there.
    pub fn delete_conversation(&self, id: u64) -> bool {
        self.shared.write(|state| state.delete_conversation(id)).is_ok()
    }

    /// Deletes a contact with everything, as an agent does. Says whether it is gone: a contact that counts as online,
    /// for 90 seconds after its socket was last heard, can't be deleted.
    pub fn delete_contact(&self, id: u64) -> bool {
        self.shared.write(|state| state.delete_contact(id)).is_ok()
    }

    /// Makes a contact offline at once, as if its socket had been silent for long enough.
    pub fn forget_presence(&self, contact: u64) {
        self.shared.read(|state| state.presence.remove(&contact));
    }

    /// Makes a message older by so many days, for what the desk forbids after a while.
    pub fn age_message(&self, message: u64, days: u64) {
        self.shared.write(|state| state.age_message(message, days));
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Settings {
        self.shared.read(|state| state.settings.clone())
    }

    /// Changes the settings, from the next request on.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        self.shared.read(|state| change(&mut state.settings));
    }

    /// The requests that came in, oldest first.
    pub fn requests(&self) -> Vec<RequestLog> {
        self.shared.requests.list()
    }

    /// Forgets them.
    pub fn clear_requests(&self) {
        self.shared.requests.clear();
    }

    /// How many cable sockets are open.
    pub fn cable_connections(&self) -> usize {
        self.shared.hub.sockets()
    }

    /// Customers' typing signals in order: the conversation, and whether it began.
    pub fn typing_seen(&self) -> Vec<(u64, bool)> {
        self.shared.read(|state| state.typing_seen.clone())
    }

    fn type_as_agent(&self, conversation: u64, on: bool, private: bool) {
        self.shared.write(|state| {
            let agent = state.agent_sender();
            state.desk_types(conversation, on, &agent, private);
        });
    }

    fn say(&self, conversation: u64, draft: Draft) -> u64 {
        self.shared.write(|state| state.create_message(conversation, draft)).unwrap_or(0)
    }

    fn set_status(&self, conversation: u64, status: Status) {
        if let Err(refusal) = self.shared.write(|state| state.set_status(conversation, status, AGENT_NAME)) {
            tracing::warn!(?refusal, "the status was not set");
        }
    }
}

fn look_at(state: &State, row: &Conversation) -> ConversationView {
    let contact = state.contact(row.contact_id);
    ConversationView {
        id: row.id,
        contact_id: row.contact_id,
        source_id: row.source_id.clone(),
        inbox_id: row.inbox_id,
        status: row.status.as_str().to_owned(),
        contact_name: contact.and_then(|contact| contact.name.clone()),
        contact_identifier: contact.and_then(|contact| contact.identifier.clone()),
        contact_email: contact.and_then(|contact| contact.email.clone()),
        custom_attributes: Value::Object(contact.map(|row| row.custom_attributes.clone()).unwrap_or_default()),
        conversation_attributes: Value::Object(row.custom_attributes.clone()),
        contact_last_seen_at: signed(seconds_or_zero(row.contact_last_seen_at)),
        agent_last_seen_at: signed(seconds_or_zero(row.agent_last_seen_at)),
        messages: state.tables.thread(row.id).map(look_at_message).collect(),
    }
}

fn look_at_message(row: &Message) -> MessageView {
    MessageView {
        id: row.id,
        content: row.content.clone(),
        message_type: row.message_type,
        content_type: row.content_type.clone(),
        content_attributes: Value::Object(row.content_attributes.clone()),
        echo_id: row.echo_id.clone(),
        attachments: row.attachments.iter().map(|file| (file.name.clone(), file.size)).collect(),
        created_at: signed(seconds(row.created_at)),
        deleted: row.is_deleted(),
        private: row.private,
    }
}

fn signed(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
