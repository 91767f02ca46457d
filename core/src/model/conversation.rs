//! A conversation as the list shows it, and the people at the desk.

use std::fmt;

use super::{ConversationId, Timestamp};
use crate::json::from_json;

/// One line of the conversation list.
#[derive(Clone, PartialEq)]
pub struct ConversationSummary {
    /// Its id on this phone.
    pub id: ConversationId,
    /// Open, resolved, ….
    pub status: ConversationStatus,
    /// The newest words in it, one line, at most 120 characters; the draft is not in it.
    pub preview: String,
    /// Whether `preview` is the customer's own.
    pub preview_is_own: bool,
    /// When something was last said.
    pub last_activity: Timestamp,
    /// How many messages of the desk the customer has not seen.
    pub unread: u32,
    /// Who answered last, or who it is assigned to.
    pub agent: Option<Agent>,
    /// What the customer began to write.
    pub draft: Option<String>,
    /// How many of the customer's messages wait for the network or for their turn.
    pub waiting: u32,
    /// How many of the customer's messages need attention.
    pub needs_attention: u32,
    /// Whether the customer can write in it. `false` while it may be in another of the desk's channels (mail, a web
    /// chat): a phone that is new to a logged-in customer learns which conversations are this app's when they first
    /// write. [`send`](crate::Conversation::send) then fails with [`Conflict`](crate::SupportError::Conflict); begin
    /// another conversation.
    pub can_write: bool,
}

impl fmt::Debug for ConversationSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationSummary")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("unread", &self.unread)
            .field("waiting", &self.waiting)
            .field("needs_attention", &self.needs_attention)
            .field("can_write", &self.can_write)
            .finish_non_exhaustive()
    }
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationStatus {
    /// An agent is or will be on it.
    #[default]
    Open,
    /// A bot is on it.
    Pending,
    /// Put off by an agent.
    Snoozed,
    /// Done; writing opens it again.
    Resolved,
    /// The desk has deleted it. What is on the phone stays readable; writing begins a new conversation at the desk,
    /// which goes on here.
    Gone,
}

from_json!(ConversationStatus of {
    "open" => Open,
    "pending" => Pending,
    "snoozed" => Snoozed,
    "resolved" => Resolved,
    "gone" => Gone,
});

/// A person at the desk.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub struct Agent {
    /// The desk's id of the person, as text.
    pub id: String,
    /// The name that customers see.
    pub name: String,
    /// A picture: `http` or `https` only.
    pub avatar_url: Option<String>,
}

from_json!(Agent { id, name, avatar_url });

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Agent({})", self.id)
    }
}

/// Whether the people at the desk are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// Not known: no socket has said so yet.
    #[default]
    Unknown,
    /// At least one is online.
    Online,
    /// None is online, one is busy.
    Busy,
    /// None is there.
    Offline,
}

/// Who is typing in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// The agent's name, where the desk says it.
    pub name: Option<String>,
}
