//! From the wire to the model: who wrote, what about, and which of it a customer may see.
//!
//! - Activity and private messages are left out, should the desk ever send them here.
//! - A message whose type a later version invented is the desk's own, unless a contact wrote it: nothing is hidden.
//! - Addresses are taken only where their scheme is harmless; the rest of the thing stays.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    content,
    lenient::{to_flag, to_number, to_text},
    wire::{self, MessageType},
};
use crate::{
    Agent, Attachment, AttachmentKind, Author, ConversationStatus, Coordinates, DeskConversationId, DeskMessageId,
    Receipt, Timestamp, address,
    backend::{ConversationChange, DeskChannel, DeskConversation, DeskMessage, Secret},
    rules,
};

/// A picture or a file: `http` or `https`.
pub(super) fn web_url(url: Option<&str>) -> Option<String> {
    let url = address::parse(url?.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !rules::is_blank(text))
}

/// A whole list, oldest first, each once.
///
/// A message without a readable date takes that of the one before it: so it stays in its place, and it is the same
/// each time that the list is read.
pub(super) fn messages(list: Vec<wire::Message>, conversation: DeskConversationId) -> Vec<DeskMessage> {
    let by_id: BTreeMap<i64, wire::Message> = list.into_iter().filter_map(|m| Some((m.id?, m))).collect();
    let mut before = Timestamp::default();
    let mut mapped = Vec::with_capacity(by_id.len());
    for wire in by_id.into_values() {
        let seen = wire.created_at.unwrap_or(before);
        mapped.extend(message(wire, Some(conversation), before));
        before = seen;
    }
    mapped
}

/// One message; `None` where a customer must not see it, or it can't be placed.
///
/// `conversation` is the one that was asked for; an event says itself which it is.
pub(super) fn message(
    mut wire: wire::Message,
    conversation: Option<DeskConversationId>,
    undated: Timestamp,
) -> Option<DeskMessage> {
    if wire.private || wire.message_type == MessageType::Activity {
        return None;
    }
    let Some(id) = wire.id.and_then(DeskMessageId::new) else {
        tracing::warn!("a message of the desk's without a number; left out");
        return None;
    };
    let conversation = conversation.or_else(|| DeskConversationId::new(wire.conversation_id?))?;
    let author = author(&mut wire);
    let receipt = match wire.status.as_deref() {
        _ if !author.is_customer() => None,
        Some("sent") => Some(Receipt::Sent),
        Some("delivered") => Some(Receipt::Delivered),
        Some("read") => Some(Receipt::Read),
        _ => None,
    };
    let attributes = &wire.content_attributes;
    let deleted = attributes.get("deleted").is_some_and(to_flag);
    let in_reply_to = attributes.get("in_reply_to").and_then(to_number).and_then(DeskMessageId::new);
    let content = content::content(wire.content.unwrap_or_default(), wire.content_type.as_deref(), attributes, deleted);
    // The desk's query has no order, so files come as its database likes. They are numbered as they were sent.
    wire.attachments.items.sort_by_key(|file| file.id.unwrap_or(i64::MAX));
    let attachments = if deleted { Vec::new() } else { wire.attachments.items.into_iter().map(attachment).collect() };
    Some(DeskMessage {
        id,
        conversation,
        author,
        content,
        attachments,
        created_at: wire.created_at.unwrap_or(undated),
        echo: filled(wire.echo_id),
        receipt,
        deleted,
        in_reply_to,
        updated_at: wire.updated_at,
        is_creation: false,
    })
}

fn author(wire: &mut wire::Message) -> Author {
    let sender = wire.sender.take();
    let kind = sender.as_ref().and_then(|s| s.kind.as_deref()).or(wire.sender_type.as_deref());
    let kind: String =
        kind.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match (wire.message_type, kind.as_str()) {
        (MessageType::Incoming, _) | (MessageType::Unknown, "contact") => Author::Customer,
        (MessageType::Outgoing, "agentbot" | "captainassistant") => {
            Author::Bot { name: sender.and_then(|s| filled(s.available_name).or(filled(s.name))) }
        }
        (MessageType::Outgoing, _) => Author::Agent { agent: sender.and_then(agent) },
        (MessageType::Template | MessageType::Unknown | MessageType::Activity, _) => Author::Desk,
    }
}

/// A person at the desk, where it is told who.
pub(super) fn agent(sender: wire::Sender) -> Option<Agent> {
    let name = filled(sender.available_name).or(filled(sender.name));
    if sender.id.is_none() && name.is_none() {
        return None;
    }
    Some(Agent {
        id: sender.id.unwrap_or_default(),
        name: name.unwrap_or_default(),
        avatar_url: web_url(sender.avatar_url.as_deref()).or_else(|| web_url(sender.thumbnail.as_deref())),
    })
}

fn attachment(wire: wire::Attachment) -> Attachment {
    let kind = match wire.file_type.as_deref() {
        Some("image") => AttachmentKind::Image,
        Some("audio") => AttachmentKind::Audio,
        Some("video") => AttachmentKind::Video,
        Some("file") => AttachmentKind::File,
        Some("location") => AttachmentKind::Location,
        Some("contact") => AttachmentKind::Contact,
        _ => AttachmentKind::Link,
    };
    let url = web_url(wire.data_url.as_deref());
    let named = match kind {
        AttachmentKind::Location | AttachmentKind::Contact | AttachmentKind::Link => None,
        _ => url.as_deref().and_then(file_name),
    };
    let name = filled(wire.fallback_title).or(named).unwrap_or_else(|| {
        let stem = wire.file_type.as_deref().unwrap_or("file");
        match filled(wire.extension) {
            Some(extension) => format!("{stem}.{extension}"),
            None => stem.to_owned(),
        }
    });
    let coordinates = coordinates(wire.coordinates_lat.as_deref(), wire.coordinates_long.as_deref());
    let (name, phone) = match (kind, person(&wire.meta)) {
        // Of a contact, the title is the number.
        (AttachmentKind::Contact, Some(person)) => (person, Some(name)),
        _ => (name, None),
    };
    Attachment {
        size: wire.file_size.and_then(|n| u64::try_from(n).ok()),
        media_type: wire.content_type.filter(|t| t.contains('/')),
        thumbnail_url: web_url(wire.thumb_url.as_deref()),
        url,
        width: wire.width.and_then(|n| u32::try_from(n).ok()),
        height: wire.height.and_then(|n| u32::try_from(n).ok()),
        transcript: filled(wire.transcribed_text),
        duration_ms: duration(&wire.meta),
        coordinates: coordinates.filter(|_| kind == AttachmentKind::Location),
        phone,
        ..Attachment::new(kind, name)
    }
}

fn coordinates(latitude: Option<&str>, longitude: Option<&str>) -> Option<Coordinates> {
    // Read as JSON's numbers are: Rust's own reader of decimals would come along with its table, 12 kB, for this alone.
    let degrees =
        |text: Option<&str>, most: f64| serde_json::from_str(text?).ok().filter(|degrees: &f64| degrees.abs() <= most);
    let (latitude, longitude) = (degrees(latitude, 90.0)?, degrees(longitude, 180.0)?);
    // Where nothing is known, the desk writes zeros: a place in the sea.
    (latitude != 0.0 || longitude != 0.0).then_some(Coordinates { latitude, longitude })
}

/// Whose card it is.
fn person(meta: &Value) -> Option<String> {
    let part = |name: &str| filled(to_text(meta.get(name)?));
    match (part("first_name").or_else(|| part("firstName")), part("last_name").or_else(|| part("lastName"))) {
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        (first, last) => first.or(last),
    }
}

/// Seconds, where the desk has measured them.
fn duration(meta: &Value) -> Option<u64> {
    let seconds = meta.get("duration")?.as_f64().filter(|seconds| (0.001..1e7).contains(seconds))?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range above")]
    Some((seconds * 1000.0) as u64)
}

/// The desk tells a file's name only in its address. Nothing in it may lead out of the folder that it is saved to, or
/// turn the direction of the text around it.
fn file_name(url: &str) -> Option<String> {
    let url = address::parse(url).ok()?;
    let last = url.path_segments()?.next_back()?;
    let decoded = address::percent_decoded(last);
    let name: String = decoded
        .rsplit(['/', '\\'])
        .next()?
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .take(255)
        .collect();
    (!name.trim_matches(['.', ' ']).is_empty()).then_some(name)
}

fn status(text: &str) -> Option<ConversationStatus> {
    match text {
        "open" => Some(ConversationStatus::Open),
        "resolved" => Some(ConversationStatus::Resolved),
        "pending" => Some(ConversationStatus::Pending),
        "snoozed" => Some(ConversationStatus::Snoozed),
        _ => None,
    }
}

/// A conversation of a request; `None` where it has no number. A status that a later version invented counts as open:
/// there, writing is possible.
pub(super) fn conversation(wire: wire::Conversation) -> Option<DeskConversation> {
    let id = DeskConversationId::new(wire.id?)?;
    Some(DeskConversation {
        id,
        status: wire.status.as_deref().and_then(status).unwrap_or_default(),
        customer_seen_at: wire.contact_last_seen_at,
        agent_seen_at: wire.agent_last_seen_at,
        messages: messages(wire.messages.items, id),
        complete: true,
        channel: channel(wire.inbox_id),
        contact: wire.contact.identifier,
    })
}

/// The inbox that something is in. Its number alone does not say whether it is this one.
fn channel(inbox: Option<i64>) -> Option<DeskChannel> {
    inbox.filter(|number| *number > 0).map(|number| DeskChannel { number, ours: false })
}

/// A conversation of an event, as the session with this key is told. What the session itself began is certainly of its
/// inbox.
pub(super) fn change(wire: wire::Conversation, key: &Secret) -> Option<ConversationChange> {
    let ours = wire.contact_inbox.source_id.as_deref() == Some(key.expose());
    Some(ConversationChange {
        id: DeskConversationId::new(wire.id?)?,
        status: wire.status.as_deref().and_then(status),
        customer_seen_at: wire.contact_last_seen_at,
        agent_seen_at: wire.agent_last_seen_at,
        agent: wire.meta.assignee.and_then(agent),
        channel: channel(wire.inbox_id).map(|channel| DeskChannel { ours, ..channel }),
        updated_at: wire.updated_at,
    })
}
