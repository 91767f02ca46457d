//! What the realtime connection has told of while the desk was being asked.
//!
//! A page shows its messages as they were when the desk wrote the answer, and it may arrive after the word that one of
//! them was edited or deleted. Nothing in a page says how old it is. So what the connection has told of since the page
//! was asked for is not taken from the page: neither a message nor where a conversation stands. A deletion is taken from
//! any page, for it is final. What is left is at least as new as what is kept here.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    backend::DeskMessage,
    model::{DeskConversationId, DeskMessageId},
};

/// How many are remembered: what agents write, edit and delete while a request is on its way is a few.
const REMEMBERED: usize = 256;

/// When the desk was asked, counted in what the connection has told of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment(u64);

#[derive(Default)]
pub(super) struct Told(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    count: u64,
    /// The last ones, each with its place in the count; `None` for the conversation itself. With the conversation, for a
    /// desk may number each by itself.
    last: VecDeque<(u64, DeskConversationId, Option<DeskMessageId>)>,
}

impl Inner {
    fn has_told(&self, conversation: DeskConversationId, message: Option<DeskMessageId>, since: Moment) -> bool {
        let mut last = self.last.iter();
        last.any(|&(place, there, id)| place > since.0 && (there, id) == (conversation, message))
    }
}

impl Told {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Before the desk is asked.
    pub(super) fn now(&self) -> Moment {
        Moment(self.inner().count)
    }

    /// The connection has told of this message, and it is written down.
    pub(super) fn note(&self, conversation: DeskConversationId, message: DeskMessageId) {
        self.add(conversation, Some(message));
    }

    /// The connection has told of this conversation, and it is written down.
    pub(super) fn note_conversation(&self, conversation: DeskConversationId) {
        self.add(conversation, None);
    }

    fn add(&self, conversation: DeskConversationId, message: Option<DeskMessageId>) {
        let mut inner = self.inner();
        inner.count += 1;
        let place = inner.count;
        inner.last.push_back((place, conversation, message));
        if inner.last.len() > REMEMBERED {
            inner.last.pop_front();
        }
    }

    /// Of what the desk said when it was asked at that moment, what is not older than what is here.
    pub(super) fn fresh(&self, mut messages: Vec<DeskMessage>, asked: Moment) -> Vec<DeskMessage> {
        let inner = self.inner();
        if inner.count > asked.0 {
            messages
                .retain(|message| message.deleted || !inner.has_told(message.conversation, Some(message.id), asked));
        }
        messages
    }

    /// Whether what the desk said of the conversation itself, asked at that moment, is not older than what is here.
    pub(super) fn is_fresh(&self, conversation: DeskConversationId, asked: Moment) -> bool {
        !self.inner().has_told(conversation, None, asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::message;

    #[test]
    fn page_gives_way_to_what_was_told_of_since_it_was_asked_for() {
        let told = Told::default();
        let numbers = |asked| {
            let fresh = told.fresh((1..=3).map(message).collect(), asked);
            fresh.iter().map(|message| message.id.get()).collect::<Vec<_>>()
        };
        let note = |number| told.note(message(number).conversation, message(number).id);
        note(1);
        let asked = told.now();
        assert_eq!(numbers(asked), [1, 2, 3], "it was told of before");
        note(2);
        assert_eq!(numbers(asked), [1, 3]);
        // Another conversation's of the same number.
        told.note(DeskConversationId::new(9).unwrap(), message(3).id);
        assert_eq!(numbers(asked), [1, 3]);
        assert_eq!(numbers(told.now()), [1, 2, 3]);
    }

    #[test]
    fn deletion_is_taken_from_a_page_whatever_was_told_since() {
        let told = Told::default();
        let asked = told.now();
        told.note(message(1).conversation, message(1).id);
        let page = vec![DeskMessage { deleted: true, ..message(1) }];
        assert_eq!(told.fresh(page.clone(), asked), page);
    }

    #[test]
    fn status_of_a_list_gives_way_to_what_was_told_since_it_was_asked_for() {
        let told = Told::default();
        let (one, two) = (DeskConversationId::new(1).unwrap(), DeskConversationId::new(2).unwrap());
        let asked = told.now();
        told.note(one, message(1).id);
        assert!(told.is_fresh(one, asked), "a message says nothing of where the conversation stands");
        told.note_conversation(one);
        assert!(!told.is_fresh(one, asked) && told.is_fresh(two, asked) && told.is_fresh(one, told.now()));
    }

    #[test]
    fn flood_of_words_is_not_remembered_for_ever() {
        let told = Told::default();
        for number in 1..=1_000 {
            told.note(message(number).conversation, message(number).id);
        }
        assert_eq!(told.inner().last.len(), REMEMBERED);
    }
}
