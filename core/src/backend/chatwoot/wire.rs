//! What the desk sends, as it sends it. Every field may be missing, of another kind or new: see [`super::lenient`].
//!
//! No `Debug`: these hold what people wrote.

use serde_json::Value;

use super::lenient::{Fields, List, Wire};
use crate::Timestamp;

/// The answer of the inbox about itself.
pub(super) struct Inbox {
    pub(super) name: Option<String>,
    pub(super) identity_validation_enabled: bool,
    pub(super) csat_survey_enabled: bool,
}

impl Wire for Inbox {
    fn read(mut fields: Fields) -> Option<Self> {
        // Its public name in the path. Required: with it, the answer is an inbox's and nobody else's.
        fields.exact_text("identifier")?;
        Some(Self {
            name: fields.text("name"),
            identity_validation_enabled: fields.flag("identity_validation_enabled"),
            csat_survey_enabled: fields.flag("csat_survey_enabled"),
        })
    }
}

/// The answer to the making of a contact.
pub(super) struct Contact {
    /// The session's key. Required, as above.
    pub(super) source_id: String,
    pub(super) pubsub_token: Option<String>,
}

impl Wire for Contact {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self { source_id: fields.exact_text("source_id")?, pubsub_token: fields.text("pubsub_token") })
    }
}

/// Whom an answer is about.
#[derive(Default)]
pub(super) struct Person {
    /// `None` where the answer does not say it, `Some(None)` where the contact has none.
    pub(super) identifier: Option<Option<String>>,
}

impl Wire for Person {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self { identifier: fields.told("identifier") })
    }
}

/// The desk about itself.
pub(super) struct Version {
    pub(super) version: String,
}

impl Wire for Version {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self { version: fields.exact_text("version")? })
    }
}

/// A conversation, of a request or of an event.
#[derive(Default)]
pub(super) struct Conversation {
    pub(super) id: Option<i64>,
    pub(super) inbox_id: Option<i64>,
    pub(super) status: Option<String>,
    pub(super) contact_last_seen_at: Option<Timestamp>,
    pub(super) agent_last_seen_at: Option<Timestamp>,
    pub(super) messages: List<Message>,
    /// Of requests only.
    pub(super) contact: Person,
    /// Of events only.
    pub(super) updated_at: Option<Timestamp>,
    /// Of events only.
    pub(super) contact_inbox: ContactInbox,
    /// Of events only.
    pub(super) meta: Meta,
}

impl Wire for Conversation {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self {
            id: fields.number("id"),
            inbox_id: fields.number("inbox_id"),
            status: fields.text("status"),
            contact_last_seen_at: fields.moment("contact_last_seen_at"),
            agent_last_seen_at: fields.moment("agent_last_seen_at"),
            messages: fields.list("messages").unwrap_or_default(),
            updated_at: fields.moment("updated_at"),
            contact: fields.object("contact").unwrap_or_default(),
            contact_inbox: fields.object("contact_inbox").unwrap_or_default(),
            meta: fields.object("meta").unwrap_or_default(),
        })
    }
}

/// Which session a conversation belongs to.
#[derive(Default)]
pub(super) struct ContactInbox {
    pub(super) source_id: Option<String>,
}

impl Wire for ContactInbox {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self { source_id: fields.text("source_id") })
    }
}

/// Who has to do with a conversation.
#[derive(Default)]
pub(super) struct Meta {
    pub(super) assignee: Option<Sender>,
}

impl Wire for Meta {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self { assignee: fields.object("assignee") })
    }
}

/// A message, of a request or of an event.
#[derive(Default)]
pub(super) struct Message {
    pub(super) id: Option<i64>,
    pub(super) conversation_id: Option<i64>,
    pub(super) content: Option<String>,
    pub(super) message_type: MessageType,
    pub(super) content_type: Option<String>,
    pub(super) content_attributes: Value,
    pub(super) created_at: Option<Timestamp>,
    pub(super) private: bool,
    pub(super) attachments: List<Attachment>,
    pub(super) sender: Option<Sender>,
    /// Of events only.
    pub(super) sender_type: Option<String>,
    /// Of events only.
    pub(super) status: Option<String>,
    /// Of events only.
    pub(super) updated_at: Option<Timestamp>,
    /// Of events only, and there only of the one that tells of the creation.
    pub(super) echo_id: Option<String>,
}

impl Wire for Message {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self {
            id: fields.number("id"),
            conversation_id: fields.number("conversation_id"),
            content: fields.text("content"),
            message_type: message_type(fields.text("message_type")),
            content_type: fields.text("content_type"),
            content_attributes: fields.value("content_attributes"),
            created_at: fields.moment("created_at"),
            private: fields.flag("private"),
            attachments: fields.list("attachments").unwrap_or_default(),
            sender: fields.object("sender"),
            sender_type: fields.text("sender_type"),
            status: fields.text("status"),
            updated_at: fields.moment("updated_at"),
            echo_id: fields.text("echo_id"),
        })
    }
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum MessageType {
    Incoming,
    Outgoing,
    Activity,
    Template,
    /// A later version's.
    #[default]
    Unknown,
}

fn message_type(told: Option<String>) -> MessageType {
    match told.as_deref() {
        Some("0" | "0.0" | "incoming") => MessageType::Incoming,
        Some("1" | "1.0" | "outgoing") => MessageType::Outgoing,
        Some("2" | "2.0" | "activity") => MessageType::Activity,
        Some("3" | "3.0" | "template") => MessageType::Template,
        _ => MessageType::Unknown,
    }
}

/// Who wrote: a person at the desk, a program, or the customer.
#[derive(Default)]
pub(super) struct Sender {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) available_name: Option<String>,
    pub(super) avatar_url: Option<String>,
    pub(super) thumbnail: Option<String>,
    pub(super) kind: Option<String>,
    /// Of contacts only, as [`Person`]'s.
    pub(super) identifier: Option<Option<String>>,
}

impl Wire for Sender {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self {
            id: fields.text("id"),
            name: fields.text("name"),
            available_name: fields.text("available_name"),
            avatar_url: fields.text("avatar_url"),
            thumbnail: fields.text("thumbnail"),
            kind: fields.text("type"),
            identifier: fields.told("identifier"),
        })
    }
}

/// A file that came with a message.
#[derive(Default)]
pub(super) struct Attachment {
    pub(super) id: Option<i64>,
    pub(super) file_type: Option<String>,
    pub(super) extension: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) data_url: Option<String>,
    pub(super) thumb_url: Option<String>,
    pub(super) fallback_title: Option<String>,
    pub(super) transcribed_text: Option<String>,
    pub(super) file_size: Option<i64>,
    pub(super) width: Option<i64>,
    pub(super) height: Option<i64>,
    /// Of places. May come as text.
    pub(super) coordinates_lat: Option<String>,
    pub(super) coordinates_long: Option<String>,
    /// Of contacts: their names.
    pub(super) meta: Value,
}

impl Wire for Attachment {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self {
            id: fields.number("id"),
            file_type: fields.text("file_type"),
            extension: fields.text("extension"),
            content_type: fields.text("content_type"),
            data_url: fields.text("data_url"),
            thumb_url: fields.text("thumb_url"),
            fallback_title: fields.text("fallback_title"),
            transcribed_text: fields.text("transcribed_text"),
            file_size: fields.number("file_size"),
            width: fields.number("width"),
            height: fields.number("height"),
            coordinates_lat: fields.text("coordinates_lat"),
            coordinates_long: fields.text("coordinates_long"),
            meta: fields.value("meta"),
        })
    }
}

/// Somebody types.
#[derive(Default)]
pub(super) struct Typing {
    pub(super) conversation: Conversation,
    pub(super) user: Sender,
    pub(super) is_private: bool,
}

impl Wire for Typing {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self {
            conversation: fields.object("conversation").unwrap_or_default(),
            user: fields.object("user").unwrap_or_default(),
            is_private: fields.flag("is_private"),
        })
    }
}
