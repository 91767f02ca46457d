//! Tells observers that something changed, never what: they ask the store.
//!
//! A watcher remembers the version of its topic that it last saw, so a change between two questions is never missed
//! and a hundred changes cost a slow reader one question.
//!
//! Who has nothing else to do may leave its question here ([`Watcher::leave`]). The writer asks it on its own
//! connection right after the commit that touches the topic, where the pages are still at hand, and sends the answer
//! along: two threads fewer to wake between a command and the screen. A question that is left is never the only way to
//! the answer: whatever else changes the topic drops it, and the watcher asks as everybody does.
//!
//! The feed also knows how far each observer is ([`Feed::given_out`]): one that was asked for more and has nothing has
//! given out the version that it waits at.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::Connection;
use tokio::sync::{Notify, oneshot, watch};

use super::{MessageRow, StoreError, writer::Act};
use crate::{SupportError, model::ConversationId};

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
    /// What happens in the help centre.
    #[cfg(feature = "help-center")]
    HelpEvents,
}

/// What a commit does to a topic, as far as a question may go by it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// Anything.
    Any,
    /// Nothing but these messages, new and at the end of the conversation: as they were written, so that nobody need read
    /// them.
    Appended(Vec<MessageRow>),
}

/// Which open store a commit is of: two stores of one client may change at the same moment (a log-in), and a question
/// about one person's must not be answered from the other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoreId(u64);

#[derive(Default)]
struct Versions {
    /// Raised by a change to everything at once (another process wrote).
    all: u64,
    topics: HashMap<Topic, u64>,
    left: Vec<Left>,
    /// Conversations that became another one: that one's topics are theirs.
    joined: HashMap<ConversationId, ConversationId>,
    observers: Vec<Arc<Mark>>,
}

/// How far an observer is.
#[derive(Debug)]
struct Mark {
    topic: Topic,
    /// The first version of which something is still to be given out; [`u64::MAX`] once it has ended.
    owes: AtomicU64,
}

impl Mark {
    fn has_given_out(&self, version: u64) -> bool {
        self.owes.load(Ordering::Acquire) > version
    }
}

impl Versions {
    /// A look-up that many ask for is there once.
    #[inline(never)]
    fn of(&self, topic: &Topic) -> u64 {
        self.all.wrapping_add(self.topics.get(&self.current(topic.clone())).copied().unwrap_or(0))
    }

    fn current(&self, topic: Topic) -> Topic {
        match topic {
            Topic::Conversation(id) => Topic::Conversation(self.conversation(&id)),
            Topic::Typing(id) => Topic::Typing(self.conversation(&id)),
            topic => topic,
        }
    }

    fn conversation(&self, id: &ConversationId) -> ConversationId {
        self.joined.get(id).unwrap_or(id).clone()
    }
}

impl std::fmt::Debug for Versions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Versions({} topics, {} questions)", self.topics.len(), self.left.len())
    }
}

/// A question that was left.
struct Left {
    store: StoreId,
    topic: Topic,
    question: Box<dyn Ask>,
}

/// A question with the place that its answer goes to.
trait Ask: Send {
    fn ask(self: Box<Self>, connection: &Connection, change: &Change, version: u64);
    /// Nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;
}

/// An answer, and the version of the topic that it is of.
pub(crate) struct Answered<T> {
    version: u64,
    pub(crate) answer: Result<T, SupportError>,
}

struct Question<Q, T> {
    question: Q,
    reply: oneshot::Sender<Answered<T>>,
}

impl<Q, T> Ask for Question<Q, T>
where
    T: Send,
    Q: FnOnce(&Connection, &Change) -> Result<T, StoreError> + Send,
{
    fn ask(self: Box<Self>, connection: &Connection, change: &Change, version: u64) {
        let Self { question, reply } = *self;
        let answer = question(connection, change).map_err(SupportError::from);
        // Nobody waits any more: the version was not seen, so the next round asks again.
        let _ = reply.send(Answered { version, answer });
    }

    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}

/// What a commit has changed: the questions that it has made due, each with the change and the version to be answered
/// for, and whom it concerns: who is to act on it, and the observers. They hear of it when this is dropped. Last, for
/// they would take the processor from who answers.
#[derive(Default)]
pub(crate) struct News {
    due: Vec<(Left, Change, u64)>,
    after: Vec<Act>,
    /// `None` where nobody's topic has changed.
    wake: Option<Arc<watch::Sender<u64>>>,
}

impl News {
    /// Asks the questions.
    pub(crate) fn ask(&mut self, connection: &Connection) {
        for (left, change, version) in self.due.drain(..) {
            left.question.ask(connection, &change, version);
        }
    }
}

impl Drop for News {
    fn drop(&mut self) {
        self.after.drain(..).for_each(|act| act());
        if let Some(wake) = &self.wake {
            wake.send_modify(|n| *n = n.wrapping_add(1));
        }
    }
}

/// The change feed of one store.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    versions: Arc<Mutex<Versions>>,
    wake: Arc<watch::Sender<u64>>,
    /// Told whenever an observer has given out more, or has ended.
    progress: Arc<Notify>,
    stores: Arc<AtomicU64>,
}

impl Feed {
    pub(crate) fn new() -> Self {
        let wake = Arc::new(watch::channel(0).0);
        Self { versions: Arc::default(), wake, progress: Arc::default(), stores: Arc::default() }
    }

    /// A name for a store that was opened, unlike every other.
    pub(crate) fn store_id(&self) -> StoreId {
        StoreId(self.stores.fetch_add(1, Ordering::Relaxed))
    }

    /// These changed.
    pub(crate) fn publish(&self, topics: impl IntoIterator<Item = Topic>) {
        // Whoever left a question about them has to ask it themselves: there is no connection here.
        drop(self.change(topics.into_iter().map(|topic| (topic, Change::Any))));
    }

    /// A commit to this store changed these, and has that done `after` it; gives the questions that were left about them.
    pub(super) fn committed(&self, store: StoreId, changes: Vec<(Topic, Change)>, after: Vec<Act>) -> News {
        let mut news = if changes.is_empty() { News::default() } else { self.change(changes) };
        news.due.retain(|(left, ..)| left.store == store);
        news.after = after;
        news
    }

    fn change(&self, changes: impl IntoIterator<Item = (Topic, Change)>) -> News {
        let mut versions = self.lock();
        let mut due = Vec::new();
        for (topic, change) in changes {
            let topic = versions.current(topic);
            let (about, others) = std::mem::take(&mut versions.left).into_iter().partition(|left| left.topic == topic);
            versions.left = others;
            *versions.topics.entry(topic.clone()).or_default() += 1;
            let version = versions.of(&topic);
            let about: Vec<Left> = about;
            due.extend(about.into_iter().map(|left| (left, change.clone(), version)));
        }
        News { due, after: Vec::new(), wake: Some(Arc::clone(&self.wake)) }
    }

    /// Each first conversation is the second one now. Whoever observes the first hears of the second from now on, and
    /// asks once more.
    pub(super) fn join(&self, joined: Vec<(ConversationId, ConversationId)>) {
        let mut versions = self.lock();
        let mut news = false;
        for (from, into) in joined {
            // A version never goes back for who observed the first.
            let count = |versions: &Versions, id: &ConversationId| {
                versions.topics.get(&Topic::Conversation(id.clone())).copied().unwrap_or(0)
            };
            let most = count(&versions, &from).max(count(&versions, &into));
            versions.topics.insert(Topic::Conversation(into.clone()), most);
            for target in versions.joined.values_mut().filter(|target| **target == from) {
                *target = into.clone();
            }
            news |= versions.joined.insert(from, into.clone()).as_ref() != Some(&into);
        }
        drop(versions);
        if news {
            self.publish_all();
        }
    }

    /// The conversation that an id stands for: itself, but for one that was joined to another.
    pub(crate) fn conversation(&self, id: &ConversationId) -> ConversationId {
        self.lock().conversation(id)
    }

    /// Anything may have changed.
    pub(crate) fn publish_all(&self) {
        let mut versions = self.lock();
        versions.all += 1;
        versions.left.clear();
        drop(versions);
        self.wake.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Watches a topic from now on.
    pub(crate) fn watch(&self, topic: Topic) -> Watcher {
        let wake = self.wake.subscribe();
        let seen = self.lock().of(&topic);
        Watcher { feed: self.clone(), wake, topic, seen, mark: None }
    }

    /// The same for one who gives out what has changed, and is waited for by [`given_out`](Self::given_out).
    pub(crate) fn observe(&self, topic: Topic) -> Watcher {
        let mut watcher = self.watch(topic.clone());
        let mark = Arc::new(Mark { topic, owes: AtomicU64::new(0) });
        self.lock().observers.push(Arc::clone(&mark));
        watcher.mark = Some(mark);
        watcher
    }

    /// Waits until every observer has given out what has changed by now, and was asked for more. One that ends, or has
    /// nothing to ask ([`Watcher::owes_nothing`]), is not waited for.
    pub(crate) async fn given_out(&self) {
        let mut due: Vec<(Arc<Mark>, u64)> = {
            let versions = self.lock();
            versions.observers.iter().map(|mark| (Arc::clone(mark), versions.of(&mark.topic))).collect()
        };
        loop {
            // Before they are looked at: who gives out the last in between is heard.
            let progress = self.progress.notified();
            tokio::pin!(progress);
            progress.as_mut().enable();
            due.retain(|(mark, version)| !mark.has_given_out(*version));
            if due.is_empty() {
                return;
            }
            progress.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Versions> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One observer's place in the feed.
#[derive(Debug)]
pub(crate) struct Watcher {
    feed: Feed,
    wake: watch::Receiver<u64>,
    topic: Topic,
    seen: u64,
    /// How far it is, where it is an observer's.
    mark: Option<Arc<Mark>>,
}

impl Watcher {
    /// Waits until the topic has changed since the last call (or since the watcher was made). Cancel-safe.
    pub(crate) async fn changed(&mut self) {
        loop {
            // Marked before the version is read: a change in between wakes the next round, at worst for nothing.
            self.wake.borrow_and_update();
            let version = self.version();
            if version != self.seen {
                self.seen = version;
                return;
            }
            self.owes_nothing(version);
            if self.wake.changed().await.is_err() {
                // Unreachable while `feed` holds the sender; waiting for ever is right for a feed with no writer.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Which version the topic has now.
    pub(crate) fn version(&self) -> u64 {
        self.feed.lock().of(&self.topic)
    }

    /// Nobody need wait for what this observer has to give out up to that version: it was given out, or can't be.
    pub(crate) fn owes_nothing(&self, version: u64) {
        if let Some(mark) = &self.mark {
            mark.owes.store(version.wrapping_add(1), Ordering::Release);
            self.feed.progress.notify_waiters();
        }
    }

    /// Leaves a question, to be asked at the next commit to this store that touches the topic. `None` where the topic
    /// has changed already: then there is no need to wait. The place where the answer comes is closed without one
    /// where something else changed the topic.
    pub(crate) fn leave<T: Send + 'static>(
        &self,
        store: StoreId,
        question: impl FnOnce(&Connection, &Change) -> Result<T, StoreError> + Send + 'static,
    ) -> Option<oneshot::Receiver<Answered<T>>> {
        let mut versions = self.feed.lock();
        if versions.of(&self.topic) != self.seen {
            return None;
        }
        // A watcher that is polled and dropped again and again leaves one each time.
        versions.left.retain(|left| !left.question.is_abandoned());
        let (reply, answer) = oneshot::channel();
        let question = Box::new(Question { question, reply });
        let topic = versions.current(self.topic.clone());
        versions.left.push(Left { store, topic, question });
        drop(versions);
        self.owes_nothing(self.seen);
        Some(answer)
    }

    /// Takes an answer in: the version that it is of was seen.
    pub(crate) fn take<T>(&mut self, answered: Answered<T>) -> Result<T, SupportError> {
        if answered.answer.is_ok() {
            self.seen = answered.version;
        }
        answered.answer
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if let Some(mark) = &self.mark {
            self.feed.lock().observers.retain(|other| !Arc::ptr_eq(other, mark));
            self.owes_nothing(u64::MAX - 1);
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

    fn one() -> Topic {
        Topic::Conversation(ConversationId::new("1"))
    }

    #[tokio::test(start_paused = true)]
    async fn question_that_was_left_is_answered_by_the_commit_and_counts_as_seen() {
        let (feed, connection) = (Feed::new(), Connection::open_in_memory().unwrap());
        let (store, mut watcher) = (feed.store_id(), feed.watch(one()));
        let mut answer = watcher.leave(store, |_, _| Ok(7)).unwrap();
        feed.committed(store, vec![(Topic::List, Change::Any)], Vec::new()).ask(&connection);
        assert!(answer.try_recv().is_err(), "another topic");
        feed.committed(store, vec![(one(), Change::Any)], Vec::new()).ask(&connection);
        assert_eq!(watcher.take(answer.await.unwrap()), Ok(7));
        assert!(pending(&mut watcher).await, "the change was seen with its answer");
    }

    #[tokio::test(start_paused = true)]
    async fn question_is_never_answered_from_another_store() {
        let (feed, connection) = (Feed::new(), Connection::open_in_memory().unwrap());
        let (store, other, mut watcher) = (feed.store_id(), feed.store_id(), feed.watch(one()));
        let answer = watcher.leave(store, |_, _| Ok(7)).unwrap();
        feed.committed(other, vec![(one(), Change::Any)], Vec::new()).ask(&connection);
        assert!(answer.await.is_err());
        assert!(!pending(&mut watcher).await, "it asks by itself");
    }

    #[tokio::test(start_paused = true)]
    async fn answer_that_nobody_took_leaves_the_change_unseen() {
        let (feed, connection) = (Feed::new(), Connection::open_in_memory().unwrap());
        let (store, mut watcher) = (feed.store_id(), feed.watch(one()));
        drop(watcher.leave(store, |_, _| Ok(7)));
        feed.committed(store, vec![(one(), Change::Any)], Vec::new()).ask(&connection);
        assert!(watcher.leave(store, |_, _| Ok(7)).is_none(), "there is something to ask for");
        assert!(!pending(&mut watcher).await);
    }

    #[tokio::test(start_paused = true)]
    async fn change_without_a_commit_sends_the_question_back() {
        let feed = Feed::new();
        let (store, watcher) = (feed.store_id(), feed.watch(one()));
        for change in [|feed: &Feed| feed.publish([one()]), Feed::publish_all] {
            let mut watcher = feed.watch(one());
            let answer = watcher.leave(store, |_, _| Ok(7)).unwrap();
            change(&feed);
            assert!(answer.await.is_err());
            assert!(!pending(&mut watcher).await);
        }
        drop(watcher);
    }

    async fn owed(feed: &Feed) -> bool {
        tokio::time::timeout(Duration::from_millis(1), feed.given_out()).await.is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn change_is_given_out_once_its_observer_is_asked_for_more() {
        let feed = Feed::new();
        let worker = feed.watch(Topic::List);
        assert!(!owed(&feed).await, "nobody observes");
        let mut list = feed.observe(Topic::List);
        assert!(owed(&feed).await, "its first answer");
        assert!(pending(&mut list).await);
        assert!(!owed(&feed).await);
        feed.publish([Topic::List]);
        assert!(owed(&feed).await);
        assert!(!pending(&mut list).await);
        assert!(owed(&feed).await, "it may be giving it out now");
        assert!(pending(&mut list).await);
        assert!(!owed(&feed).await);
        feed.publish([Topic::Customer]);
        assert!(!owed(&feed).await, "another topic");
        feed.publish_all();
        assert!(owed(&feed).await);
        drop(list);
        assert!(!owed(&feed).await, "it has ended");
        drop(worker);
    }

    #[tokio::test(start_paused = true)]
    async fn observer_that_leaves_a_question_has_given_out_everything() {
        let (feed, connection) = (Feed::new(), Connection::open_in_memory().unwrap());
        let (store, mut watcher) = (feed.store_id(), feed.observe(one()));
        let answer = watcher.leave(store, |_, _| Ok(7)).unwrap();
        assert!(!owed(&feed).await);
        feed.committed(store, vec![(one(), Change::Any)], Vec::new()).ask(&connection);
        assert_eq!(watcher.take(answer.await.unwrap()), Ok(7));
        assert!(owed(&feed).await, "the answer is under way");
        let _answer = watcher.leave(store, |_, _| Ok(8)).unwrap();
        assert!(!owed(&feed).await);
    }

    #[tokio::test(start_paused = true)]
    async fn change_after_the_question_is_not_waited_for() {
        let feed = Feed::new();
        let mut list = feed.observe(Topic::List);
        assert!(pending(&mut list).await);
        feed.publish([Topic::List]);
        let version = list.version();
        let waiting = feed.given_out();
        tokio::pin!(waiting);
        assert!(tokio::time::timeout(Duration::from_millis(1), &mut waiting).await.is_err());
        feed.publish([Topic::List]);
        list.owes_nothing(version);
        assert!(tokio::time::timeout(Duration::from_millis(1), waiting).await.is_ok());
    }

    #[test]
    fn questions_that_were_abandoned_are_not_kept() {
        let feed = Feed::new();
        let (store, watcher) = (feed.store_id(), feed.watch(one()));
        for _ in 0..100 {
            drop(watcher.leave(store, |_, _| Ok(7)));
        }
        assert_eq!(feed.versions.lock().unwrap().left.len(), 1);
    }
}
