//! Whether the realtime connection tells what happens: held against the pages. Pure.
//!
//! A desk may ping for hours and tell nothing: its message broker was restarted under it, and the connection is **deaf**;
//! or the jobs that tell stand in a long queue, and it is **late**. A page holds what the connection should have told of;
//! so what stands on a page and was not told within a few seconds gives it away.
//!
//! - What counts is what has come since the first page that was read over this connection: before that, nothing was
//!   promised.
//! - Late and deaf look alike at first. So the desk is asked something that it answers over the connection, past every
//!   queue: that the customer is there. Where the answer comes, the connection is late, and stays; where none comes, it is
//!   deaf, and has to go.
//! - Some messages are told by nobody, an automation's say. One that is not told though a later one is, or not within
//!   minutes while the desk does answer, says nothing any more.

use std::{collections::HashMap, time::Duration};

use crate::model::{DeskConversationId, DeskMessageId, Timestamp};

/// How long each thing may take, by the beat of the pages ([`Limits::live_poll`](crate::Limits::live_poll)), which is
/// what a page that finds something out is awaited by. The figures in brackets are for its default.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// What stands on a page may be told a moment later: the desk tells by a job of its own, within a second where
    /// nothing is wrong (5 s).
    grace: Duration,
    /// The answer to "the customer is there": a slow network's round trip, and the desk's own (10 s).
    answer: Duration,
    /// A connection that told something late counts as late for so long without a further sign (2 minutes).
    stays_late: Duration,
    /// A desk that never answers "the customer is there" can't be asked, and is given this long (90 s).
    mute: Duration,
    /// What was not told by then is told by nobody (3 minutes).
    told_by_nobody: Duration,
}

impl Patience {
    fn of(beat: Duration) -> Self {
        Self {
            grace: beat / 3,
            answer: beat.saturating_mul(2) / 3,
            stays_late: beat.saturating_mul(8),
            mute: beat.saturating_mul(6),
            told_by_nobody: beat.saturating_mul(12),
        }
    }
}

type Key = (DeskConversationId, DeskMessageId);

/// What the connection is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing speaks against it.
    Fine,
    /// It tells, and late.
    Late,
    /// It tells nothing.
    Deaf,
}

/// One connection's record. Made anew with each.
#[derive(Debug)]
pub(crate) struct Hearing {
    patience: Patience,
    /// Beyond this message of each conversation all is to be told: the newest one of its first page, or told since.
    floor: HashMap<DeskConversationId, Option<DeskMessageId>>,
    /// It has told of a message.
    tells: bool,
    /// On a page, and not told: since when.
    expected: Vec<(Key, Timestamp)>,
    /// "The customer is there" was said then, and is not answered.
    unanswered: Option<Timestamp>,
    /// The desk has answered it before.
    answers: bool,
    /// Something was told late then.
    late_at: Option<Timestamp>,
    /// It was asked since the oldest of what is expected became overdue.
    probed: bool,
}

impl Hearing {
    /// Of a connection that is just confirmed, beside a beat of pages.
    pub(crate) fn new(beat: Duration) -> Self {
        Self {
            patience: Patience::of(beat),
            floor: HashMap::new(),
            tells: false,
            expected: Vec::new(),
            unanswered: None,
            answers: false,
            late_at: None,
            probed: false,
        }
    }

    /// A page of the conversation, asked for over this connection's life, holds these.
    pub(crate) fn page(&mut self, conversation: DeskConversationId, messages: &[DeskMessageId], now: Timestamp) {
        let floor = *self.floor.entry(conversation).or_insert(messages.iter().max().copied());
        for &message in messages.iter().filter(|message| Some(**message) > floor) {
            let key = (conversation, message);
            if !self.expected.iter().any(|(known, _)| *known == key) {
                self.expected.push((key, now));
            }
        }
    }

    /// The connection tells of a message. Those before it, if they were not told by now, are told by nobody: jobs that
    /// tell are done in their order, but for a moment.
    pub(crate) fn told(&mut self, conversation: DeskConversationId, message: DeskMessageId, now: Timestamp) {
        let key = (conversation, message);
        let waited = self.expected.iter().find(|(known, _)| *known == key).map(|(_, since)| now.since(*since));
        let is_new = self.floor.get(&conversation).is_none_or(|floor| Some(message) > *floor);
        match waited {
            Some(waited) if waited > self.patience.grace => self.late_at = Some(now),
            // In time, or before any page.
            _ if is_new => self.late_at = None,
            // Of an older one that was edited.
            _ => {}
        }
        self.tells = true;
        self.raise_floor(key);
    }

    fn raise_floor(&mut self, (conversation, message): Key) {
        let floor = self.floor.entry(conversation).or_default();
        *floor = (*floor).max(Some(message));
        self.expected.retain(|((there, id), _)| *there != conversation || *id > message);
        if self.expected.is_empty() {
            self.probed = false;
        }
    }

    /// "The customer is there" was said.
    pub(crate) fn announced(&mut self, now: Timestamp) {
        self.unanswered.get_or_insert(now);
        self.probed = self.overdue(now).is_some();
    }

    /// The desk has answered it.
    pub(crate) fn answered(&mut self) {
        self.unanswered = None;
        self.answers = true;
    }

    /// Whether to say now that the customer is there, for the answer's sake.
    pub(crate) fn wants_an_answer(&self, now: Timestamp) -> bool {
        !self.probed && self.overdue(now).is_some()
    }

    /// What the connection is worth now.
    pub(crate) fn verdict(&mut self, now: Timestamp) -> Verdict {
        let silent = self.unanswered.map(|since| now.since(since));
        if self.answers && silent.is_some_and(|silent| silent >= self.patience.answer) {
            return Verdict::Deaf;
        }
        if silent.is_none() {
            let longest = self.patience.told_by_nobody;
            let (given_up, expected) = std::mem::take(&mut self.expected)
                .into_iter()
                .partition::<Vec<_>, _>(|(_, since)| now.since(*since) >= longest);
            self.expected = expected;
            // The next page holds it still.
            given_up.into_iter().for_each(|(key, _)| self.raise_floor(key));
        }
        match self.overdue(now) {
            Some(since) if !self.answers && !self.tells && now.since(since) >= self.patience.mute => Verdict::Deaf,
            Some(_) => Verdict::Late,
            None if self.late_at.is_some_and(|at| now.since(at) < self.patience.stays_late) => Verdict::Late,
            None => Verdict::Fine,
        }
    }

    /// When the verdict may change by itself.
    pub(crate) fn next_wake(&self, now: Timestamp) -> Option<Timestamp> {
        let oldest = self.expected.iter().map(|(_, since)| *since).min();
        let answer = self.unanswered.filter(|_| self.answers).map(|at| at.plus(self.patience.answer));
        let of_expected = [self.patience.grace, self.patience.mute, self.patience.told_by_nobody]
            .map(|after| oldest.map(|since| since.plus(after)));
        let late = self.late_at.map(|at| at.plus(self.patience.stays_late));
        of_expected.into_iter().chain([answer, late]).flatten().filter(|at| *at > now).min()
    }

    /// Since when the oldest stands on a page, of what should have been told by now.
    fn overdue(&self, now: Timestamp) -> Option<Timestamp> {
        let oldest = self.expected.iter().map(|(_, since)| *since).min();
        oldest.filter(|since| now.since(*since) >= self.patience.grace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_000).plus(Duration::from_secs(seconds))
    }

    fn number(id: i64) -> DeskMessageId {
        DeskMessageId::new(id).unwrap()
    }

    fn there() -> DeskConversationId {
        DeskConversationId::new(1).unwrap()
    }

    /// A connection that answers, with messages up to the tenth there when it was made.
    fn connection() -> Hearing {
        let mut hearing = Hearing::new(Duration::from_secs(15));
        hearing.announced(at(0));
        hearing.answered();
        hearing.page(there(), &[9, 10].map(number), at(0));
        hearing
    }

    #[test]
    fn what_was_there_before_and_what_is_told_in_time_is_fine() {
        let mut hearing = connection();
        assert_eq!(hearing.verdict(at(100)), Verdict::Fine);
        hearing.told(there(), number(11), at(100));
        hearing.page(there(), &[10, 11].map(number), at(101));
        // The page outruns the connection by a moment.
        hearing.page(there(), &[11, 12].map(number), at(110));
        hearing.told(there(), number(12), at(112));
        assert_eq!(hearing.verdict(at(200)), Verdict::Fine);
        assert_eq!(hearing.next_wake(at(200)), None);
    }

    #[test]
    fn connection_that_answers_and_tells_late_is_late_until_it_tells_in_time() {
        let mut hearing = connection();
        hearing.page(there(), &[number(11)], at(20));
        assert_eq!(hearing.next_wake(at(20)), Some(at(25)));
        assert!(!hearing.wants_an_answer(at(24)));
        assert_eq!(hearing.verdict(at(24)), Verdict::Fine);
        assert_eq!(hearing.verdict(at(25)), Verdict::Late);
        assert!(hearing.wants_an_answer(at(25)));
        hearing.announced(at(25));
        assert!(!hearing.wants_an_answer(at(26)), "asked once");
        hearing.answered();
        assert_eq!(hearing.verdict(at(60)), Verdict::Late);
        hearing.told(there(), number(11), at(80));
        assert_eq!(hearing.verdict(at(100)), Verdict::Late, "the next one may be as late");
        hearing.told(there(), number(12), at(110));
        assert_eq!(hearing.verdict(at(110)), Verdict::Fine);
        // Or nothing more is said.
        hearing.page(there(), &[number(13)], at(200));
        hearing.told(there(), number(13), at(230));
        assert_eq!((hearing.verdict(at(231)), hearing.verdict(at(351))), (Verdict::Late, Verdict::Fine));
    }

    #[test]
    fn connection_that_does_not_answer_is_deaf() {
        let mut hearing = connection();
        hearing.page(there(), &[number(11)], at(20));
        hearing.announced(at(25));
        assert_eq!(hearing.next_wake(at(25)), Some(at(35)));
        assert_eq!(hearing.verdict(at(34)), Verdict::Late);
        assert_eq!(hearing.verdict(at(35)), Verdict::Deaf);
        // Found out before anybody says anything, too.
        let mut hearing = connection();
        hearing.announced(at(60));
        assert_eq!((hearing.verdict(at(69)), hearing.verdict(at(70))), (Verdict::Fine, Verdict::Deaf));
    }

    #[test]
    fn desk_that_never_answers_is_given_longer() {
        let mut hearing = Hearing::new(Duration::from_secs(15));
        hearing.announced(at(0));
        hearing.page(there(), &[], at(0));
        assert_eq!(hearing.verdict(at(1_000)), Verdict::Fine);
        hearing.page(there(), &[number(1)], at(1_000));
        assert_eq!(hearing.verdict(at(1_089)), Verdict::Late);
        assert_eq!(hearing.verdict(at(1_090)), Verdict::Deaf);
        // Whatever is told shows that it tells.
        hearing.page(there(), &[number(2)], at(1_090));
        hearing.told(there(), number(1), at(1_090));
        assert_eq!(hearing.verdict(at(1_200)), Verdict::Late);
    }

    #[test]
    fn message_that_nobody_tells_of_is_forgotten() {
        let mut hearing = connection();
        hearing.page(there(), &[number(11)], at(20));
        hearing.announced(at(25));
        hearing.answered();
        assert_eq!(hearing.verdict(at(199)), Verdict::Late);
        assert_eq!(hearing.verdict(at(200)), Verdict::Fine);
        // And stays so, though each page holds it.
        hearing.page(there(), &[number(11)], at(210));
        assert_eq!(hearing.verdict(at(220)), Verdict::Fine);
    }

    #[test]
    fn message_that_nobody_tells_of_is_forgotten_once_a_later_one_is_told() {
        let mut hearing = connection();
        hearing.page(there(), &[11, 12].map(number), at(20));
        assert_eq!(hearing.verdict(at(30)), Verdict::Late);
        hearing.told(there(), number(13), at(40));
        assert_eq!(hearing.verdict(at(40)), Verdict::Fine);
        hearing.page(there(), &[11, 12, 13].map(number), at(45));
        assert_eq!(hearing.verdict(at(60)), Verdict::Fine);
    }
}
