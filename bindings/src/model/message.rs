//! One message of a conversation.

use std::fmt;

use super::{Agent, Attachment, Block, Content, list, number};

/// A message as the app shows it.
#[derive(Clone, PartialEq, uniffi::Record)]
pub struct Message {
    /// Its id on this phone; never changes, whatever happens to the message.
    pub id: String,
    /// The id of the conversation that it belongs to.
    pub conversation: String,
    /// Who wrote it.
    pub author: Author,
    /// What it says or asks.
    pub content: Content,
    /// The words of `content`, parsed: Markdown where an agent, a bot or the desk wrote them, verbatim where the
    /// customer did.
    pub blocks: Vec<Block>,
    /// Files that came with it.
    pub attachments: Vec<Attachment>,
    /// When the desk got it; before that, when the customer pressed send. In milliseconds since 1970.
    pub created_at_millis: i64,
    /// How far it has come; `None` for messages that are not the customer's own.
    pub delivery: Option<Delivery>,
    /// The desk changed its words after they were first seen here.
    pub edited: bool,
    /// Deleted at the desk: `content` is then the desk's notice, and no attachment is left.
    pub deleted: bool,
    /// The id of the message that this one replies to, where it is known here.
    pub in_reply_to: Option<String>,
}

/// Who wrote a message.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
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

/// How far a message of the customer's has come. Shown as it is known, never guessed.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Delivery {
    /// Kept on this phone and waiting for its turn or for the network.
    Queued,
    /// On its way right now, or sent with an answer that never came.
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

/// Why a message or an answer waits for the customer.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
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

/// What lies before the oldest message shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Older {
    /// Possibly more.
    MayExist,
    /// Nothing: the conversation begins here.
    // Swift would take `None` for the one of its optionals.
    NoMore,
}

/// One step from the timeline as it was to the timeline as it is.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum MessageDiff {
    /// Everything anew.
    Reset {
        /// The whole list.
        items: Vec<Message>,
    },
    /// A new item at `index`; those from there on move up.
    Insert {
        /// Where it stands now.
        index: i32,
        /// The item.
        item: Message,
    },
    /// The item at `index` has changed.
    Update {
        /// Where it stands.
        index: i32,
        /// The item.
        item: Message,
    },
    /// The item at `index` is gone; those behind it move down.
    Remove {
        /// Where it stood.
        index: i32,
    },
}

impl From<shopbell::Diff<shopbell::Message>> for MessageDiff {
    fn from(step: shopbell::Diff<shopbell::Message>) -> Self {
        use shopbell::Diff;
        match step {
            Diff::Reset { items } => Self::Reset { items: list(items) },
            Diff::Insert { index, item } => Self::Insert { index: number(index), item: item.into() },
            Diff::Update { index, item } => Self::Update { index: number(index), item: item.into() },
            Diff::Remove { index } => Self::Remove { index: number(index) },
        }
    }
}

impl From<shopbell::Message> for Message {
    fn from(message: shopbell::Message) -> Self {
        Self {
            id: message.id.as_str().to_owned(),
            conversation: message.conversation.as_str().to_owned(),
            author: message.author.into(),
            content: message.content.into(),
            blocks: list(message.blocks),
            attachments: list(message.attachments),
            created_at_millis: message.created_at.millis(),
            delivery: message.delivery.map(Into::into),
            edited: message.edited,
            deleted: message.deleted,
            in_reply_to: message.in_reply_to.map(|id| id.as_str().to_owned()),
        }
    }
}

impl From<shopbell::Author> for Author {
    fn from(author: shopbell::Author) -> Self {
        use shopbell::Author as Core;
        match author {
            Core::Customer => Self::Customer,
            Core::Agent { agent } => Self::Agent { agent: agent.map(Into::into) },
            Core::Bot { name } => Self::Bot { name },
            // `Desk`, and what the core may learn of.
            _ => Self::Desk,
        }
    }
}

impl From<shopbell::Delivery> for Delivery {
    fn from(delivery: shopbell::Delivery) -> Self {
        use shopbell::Delivery as Core;
        match delivery {
            Core::Queued => Self::Queued,
            Core::Sending => Self::Sending,
            Core::Sent => Self::Sent,
            Core::Delivered => Self::Delivered,
            Core::Read => Self::Read,
            Core::NeedsAttention { reason } => Self::NeedsAttention { reason: reason.into() },
        }
    }
}

impl From<shopbell::AttentionReason> for AttentionReason {
    fn from(reason: shopbell::AttentionReason) -> Self {
        use shopbell::AttentionReason as Core;
        match reason {
            Core::Refused { detail } => Self::Refused { detail },
            Core::Unconfirmed => Self::Unconfirmed,
            Core::IdentityRejected => Self::IdentityRejected,
            Core::Gone => Self::Gone,
            Core::FileLost => Self::FileLost,
            // Retrying is what can be done about anything that is not known here.
            _ => Self::DeskFailing,
        }
    }
}

impl From<shopbell::Older> for Older {
    fn from(older: shopbell::Older) -> Self {
        match older {
            shopbell::Older::MayExist => Self::MayExist,
            shopbell::Older::None => Self::NoMore,
        }
    }
}

// Lengths, not words: these hold what people wrote.

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("content", &self.content)
            .field("attachments", &self.attachments.len())
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
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

impl fmt::Debug for AttentionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused { .. } => "Refused",
            Self::DeskFailing => "DeskFailing",
            Self::Unconfirmed => "Unconfirmed",
            Self::IdentityRejected => "IdentityRejected",
            Self::Gone => "Gone",
            Self::FileLost => "FileLost",
        })
    }
}
