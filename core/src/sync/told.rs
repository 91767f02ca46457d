//! What the realtime connection has told of while the desk was being asked.
//!
//! A page shows its messages as they were when the desk wrote the answer, and it may arrive after the word that one of
//! them was edited or deleted. Nothing in a page says how old it is. So what the connection has told of since the page
//! was asked for is not taken from the page.

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
    /// The last ones, each with its place in the count. With the conversation, for a desk may number each by itself.
    last: VecDeque<(u64, DeskConversationId, DeskMessageId)>,
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
        let told = |message: &DeskMessage| {
            let this = (message.conversation, message.id);
            inner.last.iter().any(|&(place, conversation, id)| place > asked.0 && (conversation, id) == this)
        };
        if inner.count > asked.0 {
            messages.retain(|message| !told(message));
        }
        messages
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
    fn flood_of_words_is_not_remembered_for_ever() {
        let told = Told::default();
        for number in 1..=1_000 {
            told.note(message(number).conversation, message(number).id);
        }
        assert_eq!(told.inner().last.len(), REMEMBERED);
    }
}
