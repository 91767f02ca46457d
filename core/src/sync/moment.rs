//! What is true for the moment only: the link, who is there, who types. Never kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use crate::{
    model::{Availability, ConversationId, Timestamp, Typing},
    store::{Feed, Topic},
};

/// How long somebody counts as typing without a further word: the desk's own clients clear after 30 s, for the word
/// that ends it may be lost.
const TYPING_LASTS: Duration = Duration::from_secs(30);

/// How the client reaches the desk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connection {
    /// Nothing was tried yet.
    #[default]
    Unknown,
    /// The last try found no network, or the host says that there is none.
    Offline,
    /// Requests work; what happens at the desk is asked for now and then.
    Online,
    /// What happens at the desk arrives at once.
    Live,
}

/// Whether the desk's list of the customer's conversations could be read: it is the only way to learn of conversations
/// that were begun elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum History {
    /// It was not asked for yet, or there was no network.
    #[default]
    Unknown,
    /// The list on the phone is what the desk has.
    Listed,
    /// The desk can't give it. Conversations that are on the phone go on by their own pages, and the customer can write;
    /// conversations from other phones may be missing. Some desks never give it to a logged-in customer: Chatwoot before
    /// 4.7.0.
    Unavailable,
}

/// The moment, shared by the worker that learns it and the observers that show it.
#[derive(Clone)]
pub(crate) struct Moment {
    connection: Arc<watch::Sender<Connection>>,
    availability: Arc<watch::Sender<Availability>>,
    history: Arc<watch::Sender<History>>,
    typing: Arc<Mutex<HashMap<ConversationId, (Typing, Timestamp)>>>,
    feed: Feed,
}

impl Moment {
    pub(crate) fn new(feed: Feed) -> Self {
        Self {
            connection: Arc::new(watch::channel(Connection::default()).0),
            availability: Arc::new(watch::channel(Availability::default()).0),
            history: Arc::new(watch::channel(History::default()).0),
            typing: Arc::default(),
            feed,
        }
    }

    pub(crate) fn connection(&self) -> watch::Receiver<Connection> {
        self.connection.subscribe()
    }

    pub(crate) fn availability(&self) -> watch::Receiver<Availability> {
        self.availability.subscribe()
    }

    pub(crate) fn history(&self) -> watch::Receiver<History> {
        self.history.subscribe()
    }

    pub(crate) fn set_history(&self, history: History) {
        self.history.send_if_modified(|now| std::mem::replace(now, history) != history);
    }

    pub(crate) fn set_connection(&self, connection: Connection) {
        self.connection.send_if_modified(|now| std::mem::replace(now, connection) != connection);
    }

    pub(crate) fn set_availability(&self, availability: Availability) {
        self.availability.send_if_modified(|now| std::mem::replace(now, availability) != availability);
    }

    /// Who types in the conversation at `now`, and until when that holds without a further word.
    pub(crate) fn typing(&self, conversation: &ConversationId, now: Timestamp) -> Option<(Typing, Timestamp)> {
        let conversation = self.feed.conversation(conversation);
        let typing = self.typing.lock().unwrap_or_else(PoisonError::into_inner);
        typing.get(&conversation).filter(|(_, until)| *until > now).cloned()
    }

    pub(crate) fn set_typing(&self, conversation: &ConversationId, typing: Option<Typing>, now: Timestamp) {
        let conversation = self.feed.conversation(conversation);
        let mut all = self.typing.lock().unwrap_or_else(PoisonError::into_inner);
        match typing {
            Some(typing) => all.insert(conversation.clone(), (typing, now.plus(TYPING_LASTS))),
            None => all.remove(&conversation),
        };
        drop(all);
        self.feed.publish([Topic::Typing(conversation)]);
    }
}
