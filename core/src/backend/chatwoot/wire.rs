//! What the desk sends, as it sends it. Every field may be missing, of another kind or new: see [`super::lenient`].
//!
//! No `Debug`: these hold what people wrote.

use serde::Deserialize;
use serde_json::Value;

use super::lenient::{List, flag, moment, number, object, soft, text, to_text};
use crate::Timestamp;

/// The answer of the inbox about itself.
#[derive(Deserialize)]
pub(super) struct Inbox {
    /// Its public name in the path. Required: with it, the answer is an inbox's and nobody else's.
    #[serde(rename = "identifier")]
    _identifier: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub(super) identity_validation_enabled: bool,
    #[serde(default, deserialize_with = "flag")]
    pub(super) csat_survey_enabled: bool,
}

/// The answer to the making of a contact.
#[derive(Deserialize)]
pub(super) struct Contact {
    /// The session's key. Required, as above.
    pub(super) source_id: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) pubsub_token: Option<String>,
}

/// A conversation, of a request or of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Conversation {
    #[serde(deserialize_with = "number")]
    pub(super) id: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub(super) inbox_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub(super) status: Option<String>,
    #[serde(deserialize_with = "moment")]
    pub(super) contact_last_seen_at: Option<Timestamp>,
    #[serde(deserialize_with = "moment")]
    pub(super) agent_last_seen_at: Option<Timestamp>,
    #[serde(deserialize_with = "soft")]
    pub(super) messages: List<Message>,
    /// Of events only.
    #[serde(deserialize_with = "object")]
    pub(super) contact_inbox: ContactInbox,
    /// Of events only.
    #[serde(deserialize_with = "object")]
    pub(super) meta: Meta,
}

/// Which session a conversation belongs to.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ContactInbox {
    #[serde(deserialize_with = "text")]
    pub(super) source_id: Option<String>,
}

/// Who has to do with a conversation.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Meta {
    #[serde(deserialize_with = "object")]
    pub(super) assignee: Option<Sender>,
}

/// A message, of a request or of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    #[serde(deserialize_with = "number")]
    pub(super) id: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub(super) conversation_id: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub(super) inbox_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub(super) content: Option<String>,
    #[serde(deserialize_with = "message_type")]
    pub(super) message_type: MessageType,
    #[serde(deserialize_with = "text")]
    pub(super) content_type: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub(super) content_attributes: Value,
    #[serde(deserialize_with = "moment")]
    pub(super) created_at: Option<Timestamp>,
    #[serde(deserialize_with = "flag")]
    pub(super) private: bool,
    #[serde(deserialize_with = "soft")]
    pub(super) attachments: List<Attachment>,
    #[serde(deserialize_with = "object")]
    pub(super) sender: Option<Sender>,
    /// Of events only.
    #[serde(deserialize_with = "text")]
    pub(super) sender_type: Option<String>,
    /// Of events only.
    #[serde(deserialize_with = "text")]
    pub(super) status: Option<String>,
    /// Of events only, and there only of the one that tells of the creation.
    #[serde(deserialize_with = "text")]
    pub(super) echo_id: Option<String>,
    /// Of events only.
    #[serde(deserialize_with = "object")]
    pub(super) conversation: MessageConversation,
}

/// What an event tells of its message's conversation.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct MessageConversation {
    #[serde(deserialize_with = "object")]
    pub(super) contact_inbox: ContactInbox,
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

fn message_type<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<MessageType, D::Error> {
    let value = to_text(&Value::deserialize(deserializer)?);
    Ok(match value.as_deref() {
        Some("0" | "0.0" | "incoming") => MessageType::Incoming,
        Some("1" | "1.0" | "outgoing") => MessageType::Outgoing,
        Some("2" | "2.0" | "activity") => MessageType::Activity,
        Some("3" | "3.0" | "template") => MessageType::Template,
        _ => MessageType::Unknown,
    })
}

/// Who wrote: a person at the desk, a program, or the customer.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sender {
    #[serde(deserialize_with = "text")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) available_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) avatar_url: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) thumbnail: Option<String>,
    #[serde(rename = "type", deserialize_with = "text")]
    pub(super) kind: Option<String>,
}

/// A file that came with a message.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Attachment {
    #[serde(deserialize_with = "text")]
    pub(super) file_type: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) extension: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) content_type: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) data_url: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) thumb_url: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) fallback_title: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) transcribed_text: Option<String>,
    #[serde(deserialize_with = "number")]
    pub(super) file_size: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub(super) width: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub(super) height: Option<i64>,
    /// Of places. May come as text.
    #[serde(deserialize_with = "text")]
    pub(super) coordinates_lat: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) coordinates_long: Option<String>,
    /// Of contacts: their names.
    #[serde(deserialize_with = "soft")]
    pub(super) meta: Value,
}

/// Somebody types.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typing {
    #[serde(deserialize_with = "object")]
    pub(super) conversation: Conversation,
    #[serde(deserialize_with = "object")]
    pub(super) user: Sender,
    #[serde(deserialize_with = "flag")]
    pub(super) is_private: bool,
}
