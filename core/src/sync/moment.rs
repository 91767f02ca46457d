//! What is true for the moment only: the link, who is there, who types. Never kept.
//!
//! # Typing
//! The words that somebody types, or stopped, come as late and out of order as all events, and carry no time. A word
//! that somebody types is out of date, and changes nothing, where
//! - it names a newest message that is older than one of the desk's that has arrived: it was said before that; or
//! - the word that ends it has come just before it, while nobody was known to type ([`OVERTAKEN`]).
//!
//! Whoever types, a message of the desk's ends it. The word that one person stopped does not end another's typing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use crate::{
    model::{Availability, ConversationId, DeskMessageId, Timestamp, Typing},
    setup::Setup,
    store::{Feed, Topic},
};

/// How long somebody counts as typing without a further word: the desk's own clients clear after 30 s, for the word
/// that ends it may be lost.
const TYPING_LASTS: Duration = Duration::from_secs(30);

/// How long a word that somebody stopped typing waits for the one that they began: two events that overtake each other
/// are that close.
const OVERTAKEN: Duration = Duration::from_secs(1);

/// Who types in one conversation. Pure; its time never goes back ([`SteadyClock`](crate::clock::SteadyClock)).
#[derive(Debug, Default)]
struct Typist {
    /// And until when that holds without a further word.
    now: Option<(Typing, Timestamp)>,
    /// The desk's newest message that has arrived.
    spoken: Option<DeskMessageId>,
    /// Who has stopped without having begun, and until when the word of the beginning is taken for theirs.
    stopped: Option<(Typing, Timestamp)>,
}

impl Typist {
    fn at(&self, now: Timestamp) -> Option<&(Typing, Timestamp)> {
        self.now.as_ref().filter(|(_, until)| *until > now)
    }

    fn begins(&mut self, who: Typing, after: Option<DeskMessageId>, now: Timestamp) {
        let overtaken = self.stopped.take().is_some_and(|(other, until)| until > now && may_be_one(&other, &who));
        let outdated = after.is_some() && after < self.spoken;
        if !overtaken && !outdated {
            self.now = Some((who, now.plus(TYPING_LASTS)));
        }
    }

    fn stops(&mut self, who: Typing, now: Timestamp) {
        match self.at(now) {
            None => self.stopped = Some((who, now.plus(OVERTAKEN))),
            Some((other, _)) if may_be_one(other, &who) => self.now = None,
            Some(_) => {}
        }
    }

    fn speaks(&mut self, message: DeskMessageId) {
        // An older one that was edited is nobody's speaking.
        if self.spoken < Some(message) {
            self.spoken = Some(message);
            self.now = None;
        }
    }
}

/// Not every desk says who it is.
fn may_be_one(one: &Typing, other: &Typing) -> bool {
    one.name.is_none() || other.name.is_none() || one == other
}

/// How the client reaches the desk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connection {
    /// Nothing was asked of the desk yet: before an anonymous customer writes, there is nothing to ask.
    #[default]
    Unknown,
    /// The desk can't be reached: the last requests found no network, or no desk that works, or the host says that there is
    /// no network and nothing has proved it wrong. Messages stay [`Queued`](crate::Delivery::Queued); the desk is asked
    /// for now and then ([`Limits::offline_poll`](crate::Limits::offline_poll)).
    Offline,
    /// The desk's certificate is not trusted: see [`SupportError::Untrusted`](crate::SupportError::Untrusted). For the
    /// customer the same as [`Offline`](Self::Offline).
    Untrusted,
    /// Requests work, whoever makes them; what happens at the desk is asked for now and then.
    Online,
    /// What happens at the desk arrives at once.
    Live,
    /// The realtime connection is up, and tells late or nothing: a page held what it should have told of seconds ago.
    /// Answers are shown all the same, within the beat at which pages are asked for
    /// ([`Limits::active_poll`](crate::Limits::active_poll)); who types is not shown.
    Delayed,
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
    /// conversations from other phones may be missing. Some desks never give it to a logged-in customer.
    Unavailable,
}

/// The moment, shared by the worker that learns it and the observers that show it.
#[derive(Clone)]
pub(crate) struct Moment {
    availability: Arc<watch::Sender<Availability>>,
    history: Arc<watch::Sender<History>>,
    setup: Setup,
    typing: Arc<Mutex<HashMap<ConversationId, Typist>>>,
    feed: Feed,
}

impl Moment {
    pub(crate) fn new(feed: Feed) -> Self {
        Self {
            availability: Arc::new(watch::channel(Availability::default()).0),
            history: Arc::new(watch::channel(History::default()).0),
            setup: Setup::default(),
            typing: Arc::default(),
            feed,
        }
    }

    pub(crate) fn availability(&self) -> watch::Receiver<Availability> {
        self.availability.subscribe()
    }

    pub(crate) fn history(&self) -> watch::Receiver<History> {
        self.history.subscribe()
    }

    pub(crate) fn setup(&self) -> &Setup {
        &self.setup
    }

    pub(crate) fn set_history(&self, history: History) {
        self.history.send_if_modified(|now| std::mem::replace(now, history) != history);
    }

    /// As it was the last time. What was learnt meanwhile, by somebody else who asked, is newer.
    pub(crate) fn recall_history(&self, history: History) {
        self.history.send_if_modified(|now| {
            let is_news = *now == History::Unknown && history != History::Unknown;
            if is_news {
                *now = history;
            }
            is_news
        });
    }

    pub(crate) fn set_availability(&self, availability: Availability) {
        self.availability.send_if_modified(|now| std::mem::replace(now, availability) != availability);
    }

    /// Who types in the conversation at `now`, and until when that holds without a further word.
    pub(crate) fn typing(&self, conversation: &ConversationId, now: Timestamp) -> Option<(Typing, Timestamp)> {
        let conversation = self.feed.conversation(conversation);
        let typing = self.typing.lock().unwrap_or_else(PoisonError::into_inner);
        typing.get(&conversation).and_then(|typist| typist.at(now)).cloned()
    }

    /// The desk says that somebody types in the conversation, or stopped; `after` is its newest message by then.
    pub(crate) fn set_typing(
        &self,
        conversation: &ConversationId,
        typing: bool,
        who: Typing,
        after: Option<DeskMessageId>,
        now: Timestamp,
    ) {
        self.change(
            conversation,
            |typist| if typing { typist.begins(who, after, now) } else { typist.stops(who, now) },
        );
    }

    /// Somebody at the desk has said this.
    pub(crate) fn spoken(&self, conversation: &ConversationId, message: DeskMessageId) {
        self.change(conversation, |typist| typist.speaks(message));
    }

    fn change(&self, conversation: &ConversationId, change: impl FnOnce(&mut Typist)) {
        let conversation = self.feed.conversation(conversation);
        let mut all = self.typing.lock().unwrap_or_else(PoisonError::into_inner);
        let typist = all.entry(conversation.clone()).or_default();
        let before = typist.now.clone();
        change(typist);
        let changed = before != typist.now;
        drop(all);
        if changed {
            self.feed.publish([Topic::Typing(conversation)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(name: &str) -> Typing {
        Typing { name: Some(name.to_owned()) }
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_seconds(1_000_000).plus(Duration::from_millis(millis))
    }

    fn number(id: i64) -> Option<DeskMessageId> {
        DeskMessageId::new(id)
    }

    fn types(typist: &Typist, now: Timestamp) -> Option<&str> {
        typist.at(now).and_then(|(typing, _)| typing.name.as_deref())
    }

    #[test]
    fn what_was_so_the_last_time_gives_way_to_what_was_learnt() {
        let moment = Moment::new(Feed::new());
        moment.recall_history(History::Listed);
        assert_eq!(*moment.history().borrow(), History::Listed);
        moment.set_history(History::Unavailable);
        moment.recall_history(History::Listed);
        assert_eq!(*moment.history().borrow(), History::Unavailable);
    }

    #[test]
    fn beginning_that_comes_after_its_message_changes_nothing() {
        let mut typist = Typist::default();
        typist.begins(who("Ann"), number(4), at(0));
        assert_eq!(types(&typist, at(1)), Some("Ann"));
        typist.speaks(number(5).unwrap());
        typist.begins(who("Ann"), number(4), at(5));
        assert_eq!(types(&typist, at(6)), None);
        // She goes on, and an older message of hers is edited meanwhile.
        typist.begins(who("Ann"), number(5), at(10));
        typist.speaks(number(3).unwrap());
        assert_eq!(types(&typist, at(11)), Some("Ann"));
    }

    #[test]
    fn beginning_that_comes_after_its_end_changes_nothing() {
        let mut typist = Typist::default();
        typist.stops(who("Ann"), at(0));
        typist.begins(who("Ann"), None, at(200));
        assert_eq!(types(&typist, at(201)), None);
        // The next one counts, and so does one that comes later than two words overtake each other.
        typist.begins(who("Ann"), None, at(300));
        assert_eq!(types(&typist, at(301)), Some("Ann"));
        typist.stops(who("Ann"), at(400));
        typist.begins(who("Ann"), None, at(450));
        assert_eq!(types(&typist, at(451)), Some("Ann"), "the end of what was known is no end of the next");
        typist.stops(who("Ann"), at(500));
        typist.stops(who("Ann"), at(501));
        typist.begins(who("Ann"), None, at(2_000));
        assert_eq!(types(&typist, at(2_001)), Some("Ann"));
    }

    #[test]
    fn end_of_one_agents_typing_does_not_end_anothers() {
        let mut typist = Typist::default();
        typist.begins(who("Ann"), None, at(0));
        typist.stops(who("Bob"), at(1));
        assert_eq!(types(&typist, at(2)), Some("Ann"));
        typist.stops(Typing { name: None }, at(3));
        assert_eq!(types(&typist, at(4)), None);
    }

    #[test]
    fn typing_ends_by_itself() {
        let mut typist = Typist::default();
        typist.begins(who("Ann"), None, at(0));
        assert_eq!(types(&typist, at(29_999)), Some("Ann"));
        assert_eq!(types(&typist, at(30_001)), None);
    }
}
