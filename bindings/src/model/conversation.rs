//! A conversation as the list shows it, and the people at the desk.

use std::fmt;

use super::{list, number};

/// One line of the conversation list.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ConversationSummary {
    /// Its id on this phone.
    pub id: String,
    /// Open, resolved, ….
    pub status: ConversationStatus,
    /// The newest words in it, one line, at most 120 characters; the draft is not in it.
    pub preview: String,
    /// Whether `preview` is the customer's own.
    pub preview_is_own: bool,
    /// When something was last said, in milliseconds since 1970.
    pub last_activity_millis: i64,
    /// How many messages of the desk the customer has not seen.
    pub unread: i32,
    /// Who answered last, or who it is assigned to.
    pub agent: Option<Agent>,
    /// What the customer began to write.
    pub draft: Option<String>,
    /// How many of the customer's messages wait for the network or for their turn.
    pub waiting: i32,
    /// How many of the customer's messages need attention.
    pub needs_attention: i32,
    /// Whether the customer can write in it. False while it may be in another of the desk's channels (mail, a web chat):
    /// a phone that is new to a logged-in customer learns which conversations are this app's when they first write.
    /// Sending then fails with a conflict; begin another conversation.
    pub can_write: bool,
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ConversationStatus {
    /// An agent is or will be on it.
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

/// A person at the desk.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Agent {
    /// The desk's id of the person, as text.
    pub id: String,
    /// The name that customers see.
    pub name: String,
    /// A picture: `http` or `https` only.
    pub avatar_url: Option<String>,
}

/// Who is typing in a conversation.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Typing {
    /// The agent's name, where the desk says it.
    pub name: Option<String>,
}

/// One step from the list as it was to the list as it is.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ConversationDiff {
    /// Everything anew.
    Reset {
        /// The whole list.
        items: Vec<ConversationSummary>,
    },
    /// A new item at `index`; those from there on move up.
    Insert {
        /// Where it stands now.
        index: i32,
        /// The item.
        item: ConversationSummary,
    },
    /// The item at `index` has changed.
    Update {
        /// Where it stands.
        index: i32,
        /// The item.
        item: ConversationSummary,
    },
    /// The item at `index` is gone; those behind it move down.
    Remove {
        /// Where it stood.
        index: i32,
    },
}

impl From<shopbell::Diff<shopbell::ConversationSummary>> for ConversationDiff {
    fn from(step: shopbell::Diff<shopbell::ConversationSummary>) -> Self {
        use shopbell::Diff;
        match step {
            Diff::Reset { items } => Self::Reset { items: list(items) },
            Diff::Insert { index, item } => Self::Insert { index: number(index), item: item.into() },
            Diff::Update { index, item } => Self::Update { index: number(index), item: item.into() },
            Diff::Remove { index } => Self::Remove { index: number(index) },
        }
    }
}

impl From<shopbell::ConversationSummary> for ConversationSummary {
    fn from(line: shopbell::ConversationSummary) -> Self {
        Self {
            id: line.id.as_str().to_owned(),
            status: line.status.into(),
            preview: line.preview,
            preview_is_own: line.preview_is_own,
            last_activity_millis: line.last_activity.millis(),
            unread: number(line.unread),
            agent: line.agent.map(Into::into),
            draft: line.draft,
            waiting: number(line.waiting),
            needs_attention: number(line.needs_attention),
            can_write: line.can_write,
        }
    }
}

impl From<shopbell::ConversationStatus> for ConversationStatus {
    fn from(status: shopbell::ConversationStatus) -> Self {
        use shopbell::ConversationStatus as Core;
        match status {
            Core::Open => Self::Open,
            Core::Pending => Self::Pending,
            Core::Snoozed => Self::Snoozed,
            Core::Resolved => Self::Resolved,
            Core::Gone => Self::Gone,
        }
    }
}

impl From<shopbell::Agent> for Agent {
    fn from(agent: shopbell::Agent) -> Self {
        Self { id: agent.id, name: agent.name, avatar_url: agent.avatar_url }
    }
}

impl From<shopbell::Typing> for Typing {
    fn from(typing: shopbell::Typing) -> Self {
        Self { name: typing.name }
    }
}

impl fmt::Debug for ConversationSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationSummary")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("unread", &self.unread)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Agent({})", self.id)
    }
}

impl fmt::Debug for Typing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Typing(named: {})", self.name.is_some())
    }
}
