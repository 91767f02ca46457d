//! The rows of the desk, and the records that change them.
//!
//! A row changes in one way only: a [`Record`] is applied. The journal keeps the same records, so what is read back
//! after a crash is what was answered before it.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Millis;

/// A JSON object, as custom and content attributes are.
pub(crate) type Object = Map<String, Value>;

/// A person who writes to the shop.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub(crate) id: u64,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) identifier: Option<String>,
    pub(crate) avatar_url: Option<String>,
    pub(crate) custom_attributes: Object,
    pub(crate) additional_attributes: Object,
    pub(crate) blocked: bool,
    pub(crate) last_activity_at: Option<Millis>,
    pub(crate) created_at: Millis,
    pub(crate) updated_at: Millis,
}

/// A contact's seat in one inbox (Chatwoot's contact inbox); its `source_id` is the customer's only secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: u64,
    pub(crate) source_id: String,
    pub(crate) contact_id: u64,
    pub(crate) inbox_id: u64,
    #[serde(default = "own_channel")]
    pub(crate) channel: String,
    pub(crate) pubsub_token: String,
    pub(crate) hmac_verified: bool,
    pub(crate) created_at: Millis,
    pub(crate) updated_at: Millis,
}

/// The kind of channel of the inbox that the SDK talks to.
pub(crate) fn own_channel() -> String {
    "Channel::Api".to_owned()
}

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Open,
    Resolved,
    Pending,
    Snoozed,
}

impl Status {
    /// The word on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
            Self::Pending => "pending",
            Self::Snoozed => "snoozed",
        }
    }

    /// The status a word names.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Open, Self::Resolved, Self::Pending, Self::Snoozed].into_iter().find(|status| status.as_str() == word)
    }
}

/// A thread of messages. `id` is Chatwoot's display id: the only one it shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Conversation {
    pub(crate) id: u64,
    pub(crate) uuid: String,
    pub(crate) source_id: String,
    pub(crate) contact_id: u64,
    pub(crate) inbox_id: u64,
    pub(crate) status: Status,
    pub(crate) custom_attributes: Object,
    /// Whether the agent is assigned. An answer alone assigns nobody.
    #[serde(default)]
    pub(crate) assigned: bool,
    #[serde(default)]
    pub(crate) labels: Vec<String>,
    #[serde(default)]
    pub(crate) priority: Option<String>,
    pub(crate) contact_last_seen_at: Option<Millis>,
    pub(crate) agent_last_seen_at: Option<Millis>,
    pub(crate) first_reply_created_at: Option<Millis>,
    pub(crate) waiting_since: Option<Millis>,
    pub(crate) last_activity_at: Millis,
    pub(crate) created_at: Millis,
    pub(crate) updated_at: Millis,
}

/// `message_type` of a customer's message.
pub(crate) const INCOMING: u8 = 0;
/// `message_type` of an agent's or a bot's message.
pub(crate) const OUTGOING: u8 = 1;
/// `message_type` of "… resolved the conversation": never shown to a customer.
pub(crate) const ACTIVITY: u8 = 2;
/// `message_type` of greeting, out-of-office and survey.
pub(crate) const TEMPLATE: u8 = 3;

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sender {
    Contact(u64),
    Agent,
    Bot,
    /// Templates and activities have no sender, and the key is then absent on the wire.
    Nobody,
}

/// One message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) conversation_id: u64,
    pub(crate) content: Option<String>,
    pub(crate) message_type: u8,
    pub(crate) content_type: String,
    pub(crate) content_attributes: Object,
    pub(crate) sender: Sender,
    pub(crate) private: bool,
    pub(crate) status: String,
    /// Chatwoot never stores this; the sandbox does, for a test's inspection only. It is in no answer.
    pub(crate) echo_id: Option<String>,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) created_at: Millis,
    pub(crate) updated_at: Millis,
}

impl Message {
    /// Whether the customer may see it: private notes and activities are the desk's own.
    pub(crate) fn is_public(&self) -> bool {
        !self.private && self.message_type != ACTIVITY
    }

    /// Whether an agent took it back.
    pub(crate) fn is_deleted(&self) -> bool {
        self.content_attributes.get("deleted") == Some(&Value::Bool(true))
    }
}

/// A file of a message; its bytes are in [`super::blobs`] under `key`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) id: u64,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) file_type: String,
    pub(crate) content_type: String,
    pub(crate) size: u64,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
}

/// One change, whole enough to be applied again.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    Contact(Contact),
    Session(Session),
    Conversation(Conversation),
    Message(Message),
    /// A contact that was merged into another, or cleaned away.
    ContactGone(u64),
    /// A seat whose customer gets 404 from now on.
    SessionGone(String),
    ConversationGone(u64),
}

/// All rows, with the indexes the answers need.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) contacts: BTreeMap<u64, Contact>,
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) conversations: BTreeMap<u64, Conversation>,
    pub(crate) messages: BTreeMap<u64, Message>,
    /// Message ids of each conversation, ascending.
    pub(crate) threads: HashMap<u64, Vec<u64>>,
    /// When each conversation's incoming messages came, ascending: a long thread is not walked to count the unread.
    arrivals: HashMap<u64, Vec<Millis>>,
}

impl Tables {
    /// Makes one change.
    pub(crate) fn apply(&mut self, record: Record) {
        match record {
            Record::Contact(row) => drop(self.contacts.insert(row.id, row)),
            Record::Session(row) => drop(self.sessions.insert(row.source_id.clone(), row)),
            Record::Conversation(row) => drop(self.conversations.insert(row.id, row)),
            Record::Message(row) => {
                let thread = self.threads.entry(row.conversation_id).or_default();
                if let Err(place) = thread.binary_search(&row.id) {
                    thread.insert(place, row.id);
                    if row.message_type == INCOMING {
                        self.arrivals.entry(row.conversation_id).or_default().push(row.created_at);
                    }
                }
                self.messages.insert(row.id, row);
            }
            Record::ContactGone(id) => drop(self.contacts.remove(&id)),
            Record::SessionGone(source_id) => drop(self.sessions.remove(&source_id)),
            Record::ConversationGone(id) => {
                self.conversations.remove(&id);
                self.arrivals.remove(&id);
                for message in self.threads.remove(&id).unwrap_or_default() {
                    self.messages.remove(&message);
                }
            }
        }
    }

    /// Every row as a record: the shortest journal that leads here.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let contacts = self.contacts.values().cloned().map(Record::Contact);
        let sessions = self.sessions.values().cloned().map(Record::Session);
        let conversations = self.conversations.values().cloned().map(Record::Conversation);
        let messages = self.messages.values().cloned().map(Record::Message);
        contacts.chain(sessions).chain(conversations).chain(messages)
    }

    /// The messages of a conversation, oldest first.
    pub(crate) fn thread(&self, conversation: u64) -> impl DoubleEndedIterator<Item = &Message> {
        let ids = self.threads.get(&conversation).map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| self.messages.get(id))
    }

    /// How many customer's messages came after a moment.
    pub(crate) fn arrived_after(&self, conversation: u64, at: Millis) -> usize {
        let arrivals = self.arrivals.get(&conversation).map(Vec::as_slice).unwrap_or_default();
        arrivals.len() - arrivals.partition_point(|arrival| *arrival <= at)
    }

    /// The highest id in use of contacts, conversations, messages, and of attachments and sessions.
    pub(crate) fn last_ids(&self) -> [u64; 5] {
        let attachments = self.messages.values().flat_map(|message| &message.attachments);
        [
            self.contacts.keys().next_back().copied().unwrap_or(0),
            self.conversations.keys().next_back().copied().unwrap_or(0),
            self.messages.keys().next_back().copied().unwrap_or(0),
            attachments.map(|attachment| attachment.id).max().unwrap_or(0),
            self.sessions.values().map(|session| session.id).max().unwrap_or(0),
        ]
    }
}
