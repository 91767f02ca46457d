//! How far back to read: from the newest page until a message that is known without a gap.

use crate::{
    backend::{DeskMessage, Page},
    model::DeskMessageId,
    store::SyncMark,
};

/// One catching up of one conversation.
#[derive(Debug)]
pub(crate) struct CatchUp {
    /// Where the run without a gap ends.
    known: Option<DeskMessageId>,
    mark: SyncMark,
    newest: Option<DeskMessageId>,
    oldest: Option<DeskMessageId>,
}

/// What to do after a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask for the page before this message.
    Before(DeskMessageId),
    /// Nothing is missing: keep this mark.
    Done(SyncMark),
}

impl CatchUp {
    /// From where the last one ended.
    pub(crate) fn new(mark: SyncMark) -> Self {
        Self { known: mark.synced_to, mark, newest: None, oldest: None }
    }

    /// Takes in a page, the newest first; `validator` is the newest page's.
    pub(crate) fn page(&mut self, page: &Page, validator: Option<&str>) -> Next {
        let numbers = || page.messages.iter().map(|message: &DeskMessage| message.id);
        if self.newest.is_none() {
            self.newest = numbers().max();
            self.mark.validator = validator.map(str::to_owned);
        }
        let oldest = numbers().min();
        let reached = match (oldest, self.known) {
            (None, _) => true,
            (Some(oldest), Some(known)) => oldest <= known,
            // Nothing was ever read: the newest page is where history begins here, and older pages are read when
            // somebody scrolls there. Where it was read and was empty, all of it is new.
            (Some(_), None) => !self.mark.complete,
        };
        // A desk whose pages do not go back would be asked for ever.
        let stuck = matches!((oldest, self.oldest), (Some(now), Some(before)) if now >= before);
        if let Some(oldest) = oldest
            && !stuck
        {
            self.oldest = Some(oldest);
            if !reached && page.has_older {
                return Next::Before(oldest);
            }
        }
        let mut mark = self.mark.clone();
        mark.synced_to = mark.synced_to.max(self.newest);
        if self.known.is_none() || !reached {
            mark.history_from = self.oldest.or(mark.history_from);
            mark.complete = !page.has_older;
        }
        Next::Done(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::message;

    fn id(number: i64) -> DeskMessageId {
        DeskMessageId::new(number).unwrap()
    }

    /// A desk with messages 1..=count and pages of 20.
    fn desk(count: i64, before: Option<DeskMessageId>) -> Page {
        let end = before.map_or(count, |before| before.get() - 1);
        let start = (end - 19).max(1);
        Page { messages: (start..=end).map(message).collect(), has_older: start > 1 }
    }

    fn run(count: i64, mark: SyncMark) -> (usize, SyncMark) {
        let mut catch_up = CatchUp::new(mark);
        let mut before = None;
        for pages in 1.. {
            match catch_up.page(&desk(count, before), Some("v")) {
                Next::Before(id) => before = Some(id),
                Next::Done(mark) => return (pages, mark),
            }
        }
        unreachable!()
    }

    fn mark(synced_to: i64, history_from: i64, complete: bool) -> SyncMark {
        SyncMark {
            synced_to: DeskMessageId::new(synced_to),
            history_from: DeskMessageId::new(history_from),
            complete,
            validator: None,
        }
    }

    #[test]
    fn never_read_takes_the_newest_page_only() {
        let (pages, mark) = run(100, SyncMark::default());
        assert_eq!((pages, mark.synced_to, mark.history_from, mark.complete), (1, Some(id(100)), Some(id(81)), false));
        let (_, mark) = run(7, SyncMark::default());
        assert!(mark.complete);
    }

    #[test]
    fn conversation_that_was_empty_is_read_from_its_beginning() {
        let (_, empty) = run(0, SyncMark::default());
        assert_eq!((empty.synced_to, empty.complete), (None, true));
        let (pages, mark) = run(100, empty);
        assert_eq!((pages, mark.synced_to, mark.history_from, mark.complete), (5, Some(id(100)), Some(id(1)), true));
    }

    #[test]
    fn gap_is_read_until_the_known_message() {
        let (pages, after) = run(1_000, mark(500, 1, true));
        assert_eq!(pages, 26);
        assert_eq!((after.synced_to, after.history_from, after.complete), (Some(id(1_000)), Some(id(1)), true));
        assert_eq!(after.validator.as_deref(), Some("v"));
    }

    #[test]
    fn nothing_new_takes_one_page() {
        assert_eq!(run(100, mark(100, 41, false)).0, 1);
        assert_eq!(run(0, mark(3, 1, true)), (1, SyncMark { validator: Some("v".into()), ..mark(3, 1, true) }));
    }

    #[test]
    fn known_message_that_is_gone_ends_at_the_first() {
        let (pages, after) = run(50, mark(5_000, 4_000, false));
        assert_eq!(pages, 1, "the desk's newest is older than what is known");
        assert_eq!(after.synced_to, Some(id(5_000)));
    }

    #[test]
    fn desk_that_repeats_a_page_is_not_asked_for_ever() {
        let mut catch_up = CatchUp::new(mark(1, 1, true));
        let page = desk(100, None);
        assert_eq!(catch_up.page(&page, None), Next::Before(id(81)));
        assert!(matches!(catch_up.page(&page, None), Next::Done(_)));
    }
}
