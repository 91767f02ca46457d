//! Tells observers that something changed, never what: they ask the store.
//!
//! A watcher remembers the version of its topic that it last saw, so a change between two questions is never missed
//! and a hundred changes cost a slow reader one question.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;

use crate::model::ConversationId;

/// What an observer watches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// The list: any conversation's line.
    List,
    /// One conversation: its messages, its agents' read mark, its draft.
    Conversation(ConversationId),
    /// Who types in a conversation.
    Typing(ConversationId),
    /// The outbox: an entry was added or changed by a command.
    Outbox,
    /// The customer's verification.
    Customer,
    /// The help centre's articles.
    #[cfg(feature = "help-center")]
    Help,
}

#[derive(Debug, Default)]
struct Versions {
    /// Raised by a change to everything at once (another process wrote).
    all: u64,
    topics: HashMap<Topic, u64>,
}

/// The change feed of one store.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    versions: Arc<Mutex<Versions>>,
    wake: Arc<watch::Sender<u64>>,
}

impl Feed {
    pub(crate) fn new() -> Self {
        Self { versions: Arc::default(), wake: Arc::new(watch::channel(0).0) }
    }

    /// These changed.
    pub(crate) fn publish(&self, topics: impl IntoIterator<Item = Topic>) {
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        for topic in topics {
            *versions.topics.entry(topic).or_default() += 1;
        }
        drop(versions);
        self.wake.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Anything may have changed.
    pub(crate) fn publish_all(&self) {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).all += 1;
        self.wake.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Watches a topic from now on.
    pub(crate) fn watch(&self, topic: Topic) -> Watcher {
        let wake = self.wake.subscribe();
        let seen = self.version(&topic);
        Watcher { feed: self.clone(), wake, topic, seen }
    }

    fn version(&self, topic: &Topic) -> u64 {
        let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.all.wrapping_add(versions.topics.get(topic).copied().unwrap_or(0))
    }
}

/// One observer's place in the feed.
#[derive(Debug)]
pub(crate) struct Watcher {
    feed: Feed,
    wake: watch::Receiver<u64>,
    topic: Topic,
    seen: u64,
}

impl Watcher {
    /// Waits until the topic has changed since the last call (or since the watcher was made). Cancel-safe.
    pub(crate) async fn changed(&mut self) {
        loop {
            // Marked before the version is read: a change in between wakes the next round, at worst for nothing.
            self.wake.borrow_and_update();
            let version = self.feed.version(&self.topic);
            if version != self.seen {
                self.seen = version;
                return;
            }
            if self.wake.changed().await.is_err() {
                // Unreachable while `feed` holds the sender; waiting for ever is right for a feed with no writer.
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn pending(watcher: &mut Watcher) -> bool {
        tokio::time::timeout(Duration::from_millis(1), watcher.changed()).await.is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn change_before_the_question_is_not_missed() {
        let feed = Feed::new();
        let mut list = feed.watch(Topic::List);
        feed.publish([Topic::List]);
        feed.publish([Topic::List]);
        assert!(!pending(&mut list).await);
        assert!(pending(&mut list).await, "two changes are one question");
    }

    #[tokio::test(start_paused = true)]
    async fn other_topics_do_not_wake() {
        let feed = Feed::new();
        let mut one = feed.watch(Topic::Conversation(ConversationId::new("1")));
        feed.publish([Topic::Conversation(ConversationId::new("2")), Topic::List]);
        assert!(pending(&mut one).await);
        feed.publish_all();
        assert!(!pending(&mut one).await);
    }
}
