//! What a test sees of the desk's rows.

use serde_json::Value;

use crate::{
    clock::seconds,
    state::{
        State,
        tables::{Contact, Conversation, Message},
    },
    views::seconds_or_zero,
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

pub(super) fn look_at(state: &State, row: &Conversation) -> ConversationView {
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

pub(super) fn look_at_contact(state: &State, contact: &Contact) -> ContactView {
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
}
