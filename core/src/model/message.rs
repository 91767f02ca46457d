//! One message of a conversation.

use std::fmt;

use super::{Agent, AttachmentId, Block, Content, ConversationId, Coordinates, MessageId, Timestamp, Transfer};
use crate::json::from_json;

/// A message as the app shows it.
#[derive(Clone, PartialEq)]
pub struct Message {
    /// Its id on this phone; never changes, whatever happens to the message.
    pub id: MessageId,
    /// The conversation that it belongs to.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub author: Author,
    /// What it says or asks.
    pub content: Content,
    /// The words of `content`, parsed: Markdown where an agent, a bot or the desk wrote them, verbatim where the
    /// customer did.
    pub blocks: Vec<Block>,
    /// Files that came with it.
    pub attachments: Vec<Attachment>,
    /// When the desk got it; before that, when the customer pressed send.
    pub created_at: Timestamp,
    /// How far it has come; `None` for messages that are not the customer's own.
    pub delivery: Option<Delivery>,
    /// The desk changed its words after they were first seen here.
    pub edited: bool,
    /// Deleted at the desk: `content` is then the desk's notice, and no attachment is left.
    pub deleted: bool,
    /// The message that this one replies to, where it is known here.
    pub in_reply_to: Option<MessageId>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("conversation", &self.conversation)
            .field("content", &self.content)
            .field("attachments", &self.attachments.len())
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

/// Who wrote a message.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[non_exhaustive]
pub enum Author {
    /// The customer, on this phone or another.
    Customer,
    /// A person at the desk; `None` where the desk does not say who.
    Agent {
        /// Name and picture.
        agent: Option<Agent>,
    },
    /// A program at the desk.
    Bot {
        /// Its name, where the desk gives one.
        name: Option<String>,
    },
    /// The desk itself: greetings, out-of-office notes, surveys.
    Desk,
}

from_json!(Author by "type" {
    "customer" => Customer {},
    "agent" => Agent { agent },
    "bot" => Bot { name },
    "desk" => Desk {},
});

impl Author {
    /// Whether the customer wrote it.
    pub fn is_customer(&self) -> bool {
        matches!(self, Self::Customer)
    }
}

impl fmt::Debug for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Customer => "Customer",
            Self::Agent { .. } => "Agent",
            Self::Bot { .. } => "Bot",
            Self::Desk => "Desk",
        })
    }
}

/// How far a message of the customer's has come. Shown as it is known, never guessed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Delivery {
    /// Kept on this phone and waiting for its turn, for the network or for the desk. While the desk is known to be out of
    /// reach a message stays so: it is not attempted, and does not change to [`Sending`](Self::Sending) and back.
    Queued,
    /// On its way right now, or sent with an answer that never came: then the desk is asked before anything is sent
    /// again.
    Sending,
    /// The desk has it.
    Sent,
    /// The desk says that it reached the agents.
    Delivered,
    /// An agent has seen it.
    Read,
    /// It stays here until the customer retries, edits or discards it.
    NeedsAttention {
        /// Why.
        reason: AttentionReason,
    },
}

from_json!(Delivery by "type" {
    "queued" => Queued {},
    "sending" => Sending {},
    "sent" => Sent {},
    "delivered" => Delivered {},
    "read" => Read {},
    "needs_attention" => NeedsAttention { reason },
});

/// Why a message or an answer waits for the customer.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[non_exhaustive]
pub enum AttentionReason {
    /// The desk does not take it as it is: edit it.
    Refused {
        /// The desk's own words, for the customer.
        detail: String,
    },
    /// The desk failed every time: retry later.
    DeskFailing,
    /// It can't be known whether the desk has it: retrying looks first and then sends.
    Unconfirmed,
    /// The desk does not accept who the customer is: log in again.
    IdentityRejected,
    /// The conversation or the inbox is gone at the desk.
    Gone,
    /// A file that belongs to it is not on the phone any more: discard it, and attach the file again.
    FileLost,
}

from_json!(AttentionReason by "type" {
    "refused" => Refused { detail },
    "desk_failing" => DeskFailing {},
    "unconfirmed" => Unconfirmed {},
    "identity_rejected" => IdentityRejected {},
    "gone" => Gone {},
    "file_lost" => FileLost {},
});

impl fmt::Debug for AttentionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            // The desk's words may quote the customer's.
            Self::Refused { .. } => "Refused",
            Self::DeskFailing => "DeskFailing",
            Self::Unconfirmed => "Unconfirmed",
            Self::IdentityRejected => "IdentityRejected",
            Self::Gone => "Gone",
            Self::FileLost => "FileLost",
        })
    }
}

/// What a desk says of a customer's message that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Receipt {
    /// It has it.
    Sent,
    /// It reached the agents.
    Delivered,
    /// An agent saw it.
    Read,
}

from_json!(Receipt of { "sent" => Sent, "delivered" => Delivered, "read" => Read });

/// A file or a place that came with a message.
#[derive(Clone, PartialEq, serde::Serialize)]
pub struct Attachment {
    /// Its id on this phone; empty in what comes from an adapter, for the store gives it.
    #[serde(skip_serializing_if = "AttachmentId::is_unnamed")]
    pub id: AttachmentId,
    /// What sort of thing it is.
    pub kind: AttachmentKind,
    /// Its file name, or its title.
    pub name: String,
    /// Its size in bytes, where the desk says it.
    pub size: Option<u64>,
    /// Its media type, where the desk says it.
    pub media_type: Option<String>,
    /// Where it is: `http` or `https` only.
    pub url: Option<String>,
    /// A small picture of it.
    pub thumbnail_url: Option<String>,
    /// Width in pixels, of pictures and videos.
    pub width: Option<u32>,
    /// Height in pixels, of pictures and videos.
    pub height: Option<u32>,
    /// What is said in it, for audio, where the desk writes it down.
    pub transcript: Option<String>,
    /// How long it lasts in milliseconds, of sounds and films, where the desk says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Where it is, of places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// The telephone number, of contacts; `name` is then whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// How far it has come on its way to the desk. Known while it goes, and not kept.
    #[serde(skip)]
    pub transfer: Transfer,
}

from_json!(Attachment {
    id or AttachmentId::unnamed(),
    kind,
    name,
    size,
    media_type,
    url,
    thumbnail_url,
    width,
    height,
    transcript,
    duration_ms,
    coordinates,
    phone;
    transfer: Transfer::default()
});

impl Attachment {
    /// With nothing known of it but this.
    ///
    /// ```
    /// use shopbell::{Attachment, AttachmentKind};
    /// let file = Attachment { size: Some(7), ..Attachment::new(AttachmentKind::File, "a.pdf") };
    /// assert_eq!((file.name.as_str(), file.url), ("a.pdf", None));
    /// ```
    pub fn new(kind: AttachmentKind, name: impl Into<String>) -> Self {
        Self {
            id: AttachmentId::unnamed(),
            kind,
            name: name.into(),
            size: None,
            media_type: None,
            url: None,
            thumbnail_url: None,
            width: None,
            height: None,
            transcript: None,
            duration_ms: None,
            coordinates: None,
            phone: None,
            transfer: Transfer::Sent,
        }
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({:?}, {:?} bytes)", self.kind, self.size)
    }
}

/// What sort of thing an attachment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttachmentKind {
    /// A picture.
    Image,
    /// Sound.
    Audio,
    /// A film.
    Video,
    /// Any other file.
    File,
    /// A place on the map; `url` leads there.
    Location,
    /// A person's card.
    Contact,
    /// Something else, with a link.
    Link,
}

from_json!(AttachmentKind of {
    "image" => Image,
    "audio" => Audio,
    "video" => Video,
    "file" => File,
    "location" => Location,
    "contact" => Contact,
    "link" => Link,
});

impl AttachmentKind {
    /// What a file of this media type is.
    ///
    /// ```
    /// use shopbell::AttachmentKind;
    /// assert_eq!(AttachmentKind::of("image/png"), AttachmentKind::Image);
    /// assert_eq!(AttachmentKind::of("application/pdf"), AttachmentKind::File);
    /// ```
    pub fn of(media_type: &str) -> Self {
        match media_type.split('/').next() {
            Some("image") => Self::Image,
            Some("audio") => Self::Audio,
            Some("video") => Self::Video,
            _ => Self::File,
        }
    }
}
