//! When to connect, when to ask, when to keep still: decided without I/O or clock.
//!
//! The beat of the pages ([`pace`](super::pace)) goes on whatever the connection says, so that an answer is shown within
//! one of its intervals even where the connection is up and tells nothing. Two reasons to ask that meet are one question.

use std::time::Duration;

use super::{
    budget::Reason,
    pace::{self, Hears, Shown},
};
use crate::{backend::Fault, model::Timestamp};

/// The first wait after a lost connection, and the longest. The desk's own clients begin at 3 s and end below 15 s; a
/// phone that wants its chat back should not wait longer, and none waits with the conversation off the screen.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// The same where the desk takes the connection and does not confirm it, though the session is good: its message broker
/// was restarted, and that lasts until somebody looks after it. Each try costs the desk a socket.
const FIRST_WAIT_UNCONFIRMED: Duration = Duration::from_secs(30);
const LONGEST_WAIT_UNCONFIRMED: Duration = Duration::from_secs(300);

/// A connection that was dropped because it was deaf is made anew at once, unless the one before was deaf, too, within
/// this time.
const DEAF_AGAIN: Duration = Duration::from_secs(600);

/// The longest rest that a desk may ask for before a page is read again: as in the outbox.
const LONGEST_REST: Duration = Duration::from_secs(900);

/// A connection that lived this long was a good one: the next wait begins at the first again.
const GOOD_LIFE: Duration = Duration::from_secs(20);

/// How long the first page waits for the connection to be confirmed: read after that it leaves nothing out, and one
/// page does. Where the network is slower, the page is read at once, and again after the confirmation.
const CONFIRMED_WITHIN: Duration = Duration::from_millis(1_500);

/// What was asked for so recently answers a second reason, too.
const JUST_ASKED: Duration = Duration::from_secs(2);

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// What is on the screen.
    Shown(Shown),
    /// Another conversation is on the screen than before.
    Changed {
        /// It is told of by another connection than the one there is, or is being made.
        by_another: bool,
    },
    /// The host knows that there is a network, or that there is none.
    Online(bool),
    /// A reason to ask now: the app came to the foreground, the customer tries again.
    Wake,
    /// The standing with the desk may have changed: it was made, or the customer proved who they are.
    Standing,
    /// Something may have been missed: the desk spoke before the conversation on screen was known to be opened, or what
    /// it told could not be kept.
    Missed,
    /// The list was asked for, and the network was in the way.
    ListMissed(Reason),
    /// The desk has confirmed the connection.
    Connected,
    /// The connection could not be made, or was lost.
    Lost(Fault),
    /// The connection is up and tells nothing.
    Deaf,
    /// The connection tells late, or in time again.
    Late(bool),
    /// Whether it tells anything is in doubt: the desk's answer to the customer's being there would show it.
    Probe,
    /// Something moved where the customer looks; whether an answer is awaited now.
    Stirred {
        /// Whether the last word is the customer's, or somebody types.
        awaited: bool,
    },
    /// The desk named a conversation that is not known here.
    Unknown,
    /// A question was answered.
    Answered,
    /// A question failed.
    Failed(Fault),
    /// Time has passed.
    Tick,
}

/// What to ask for, in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// The newest page of what is on screen: of the conversation, or of those that moved last.
    pub(crate) pages: bool,
    /// The list, if the budget allows it.
    pub(crate) list: Option<Reason>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Open the connection.
    Connect,
    /// Close it, or give up opening it.
    Disconnect,
    /// Tell the desk that the customer is there.
    AnnouncePresence,
    /// Ask the desk.
    Ask(Question),
    /// Make the standing with the desk anew before connecting.
    ForgetSession,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Down,
    Connecting,
    Live { since: Timestamp, presence_at: Timestamp },
}

/// The intervals, constant for the link's life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) realtime: bool,
    pub(crate) presence: Duration,
    pub(crate) pace: pace::Rules,
}

/// The link to the desk.
#[derive(Debug)]
pub(crate) struct Link {
    rules: Rules,
    shown: Shown,
    online: bool,
    phase: Phase,
    late: bool,
    failures: u32,
    /// Connections that were taken and not confirmed, one after the other.
    unconfirmed: u32,
    connect_at: Timestamp,
    deaf_at: Option<Timestamp>,
    /// What is being asked for.
    asking: Option<Question>,
    asked_at: Option<Timestamp>,
    /// When the next page is due.
    page_at: Timestamp,
    /// The list is wanted, and was not asked for yet; it goes along with the next page, or must not wait for that.
    list: Option<Reason>,
    list_now: bool,
    /// What is being asked for may not hold what has just been missed.
    again: bool,
    ask_failures: u32,
    /// When something moved last, and whether an answer is awaited since.
    moved_at: Timestamp,
    awaited: bool,
}

impl Link {
    /// Down, with everything to be asked for at once for this reason; without one, for somebody else's errand, nothing.
    pub(crate) fn new(rules: Rules, why: Option<Reason>, now: Timestamp) -> Self {
        Self {
            rules,
            shown: Shown::Nothing,
            online: true,
            phase: Phase::Down,
            late: false,
            failures: 0,
            unconfirmed: 0,
            connect_at: Timestamp::default(),
            deaf_at: None,
            asking: None,
            asked_at: None,
            page_at: if why.is_some() { now } else { now.plus(rules.pace.idle) },
            list: why,
            list_now: false,
            again: false,
            ask_failures: 0,
            moved_at: Timestamp::default(),
            awaited: false,
        }
    }

    /// Whether the connection is up.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. })
    }

    /// Takes in what happened and says what to do. `now` never goes back.
    pub(crate) fn handle(&mut self, event: Event, now: Timestamp, jitter: f64) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Shown(shown) => self.show(shown, now),
            Event::Changed { by_another } => {
                self.moved_at = now;
                self.page_at = now;
                self.again = true;
                if by_another {
                    self.drop_connection(&mut effects);
                    self.hurry(now);
                    self.wait_for_confirmation(now);
                }
            }
            Event::Online(online) => {
                if online && !self.online {
                    self.hurry(now);
                    self.wait_for_confirmation(now);
                }
                if !online {
                    self.drop_connection(&mut effects);
                }
                self.online = online;
            }
            Event::Wake => {
                self.hurry(now);
                self.list = self.list.max(Some(Reason::Return));
                if !self.has_just_asked(now) {
                    self.wait_for_confirmation(now);
                }
            }
            Event::Standing => {
                if self.phase == Phase::Down {
                    self.connect_at = now;
                }
                self.list = self.list.max(Some(Reason::Standing));
                self.list_now = true;
            }
            Event::Missed => {
                self.page_at = now;
                self.again = true;
            }
            Event::ListMissed(reason) => self.list = self.list.max(Some(reason)),
            Event::Connected => {
                if self.phase == Phase::Connecting {
                    self.phase = Phase::Live { since: now, presence_at: now };
                    self.late = false;
                    self.unconfirmed = 0;
                    self.page_at = now;
                    self.again = true;
                }
            }
            Event::Lost(fault) => self.lost(&fault, now, jitter, &mut effects),
            Event::Deaf => self.deaf(now, &mut effects),
            Event::Late(late) => {
                self.late = late && self.is_live();
                self.page_at = self.page_at.min(now.plus(self.interval(now)));
            }
            Event::Probe => {
                if let Phase::Live { since, .. } = self.phase {
                    self.phase = Phase::Live { since, presence_at: now };
                }
            }
            Event::Stirred { awaited } => {
                self.moved_at = now;
                self.awaited = awaited;
                self.page_at = self.page_at.min(now.plus(self.interval(now)));
            }
            Event::Unknown => {
                self.list = Some(Reason::Unknown);
                self.list_now = true;
            }
            Event::Answered => {
                if self.asking.take().is_some_and(|question| question.pages) {
                    self.ask_failures = 0;
                    self.next_page(now);
                }
            }
            Event::Failed(fault) => self.failed(&fault, now, jitter, &mut effects),
            Event::Tick => {}
        }
        self.schedule(now, &mut effects);
        effects
    }

    /// When the next [`Event::Tick`] is due.
    pub(crate) fn next_wake(&self) -> Option<Timestamp> {
        if !self.online {
            return None;
        }
        let connect = (self.wants_connection() && self.phase == Phase::Down).then_some(self.connect_at);
        let presence = match self.phase {
            Phase::Live { presence_at, .. } => Some(presence_at),
            _ => None,
        };
        let ask = self.asking.is_none().then_some(self.page_at);
        [connect, presence, ask].into_iter().flatten().min()
    }

    fn wants_connection(&self) -> bool {
        self.shown != Shown::Nothing && self.rules.realtime
    }

    fn interval(&self, now: Timestamp) -> Duration {
        let hears = match (self.is_live(), self.late) {
            (true, false) => Hears::AtOnce,
            (true, true) => Hears::Late,
            (false, _) => Hears::Nothing,
        };
        pace::interval(&self.rules.pace, self.shown, hears, self.awaited, now.since(self.moved_at))
    }

    fn show(&mut self, shown: Shown, now: Timestamp) {
        if self.shown == shown {
            return;
        }
        let before = std::mem::replace(&mut self.shown, shown);
        self.moved_at = now;
        if shown == Shown::Nothing {
            // Just read: nothing is fresher.
            self.page_at = now.plus(self.interval(now));
        } else if before == Shown::Nothing {
            self.connect_at = now;
            self.wait_for_confirmation(now);
        } else if shown == Shown::Conversation {
            self.page_at = now;
        } else {
            self.page_at = self.page_at.min(now.plus(self.interval(now)));
        }
    }

    /// The page is due now, or with the connection, where one is on its way.
    fn wait_for_confirmation(&mut self, now: Timestamp) {
        let expects = self.wants_connection() && !self.is_live();
        self.page_at = if expects { now.plus(CONFIRMED_WITHIN) } else { now };
    }

    fn has_just_asked(&self, now: Timestamp) -> bool {
        self.asked_at.is_some_and(|at| now.since(at) < JUST_ASKED)
    }

    fn hurry(&mut self, now: Timestamp) {
        self.failures = 0;
        self.ask_failures = 0;
        self.connect_at = now;
    }

    fn drop_connection(&mut self, effects: &mut Vec<Effect>) {
        self.late = false;
        if self.phase != Phase::Down {
            self.phase = Phase::Down;
            effects.push(Effect::Disconnect);
        }
    }

    fn deaf(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if !self.is_live() {
            return;
        }
        let again = self.deaf_at.replace(now).is_some_and(|before| now.since(before) < DEAF_AGAIN);
        self.drop_connection(effects);
        self.connect_at = if again { now.plus(LONGEST_WAIT_UNCONFIRMED) } else { now };
    }

    fn lost(&mut self, fault: &Fault, now: Timestamp, jitter: f64, effects: &mut Vec<Effect>) {
        if let Phase::Live { since, .. } = self.phase
            && now.since(since) >= GOOD_LIFE
        {
            self.failures = 0;
        }
        let was_live = self.is_live();
        self.phase = Phase::Down;
        self.late = false;
        self.failures = self.failures.saturating_add(1);
        let wait = match fault {
            // Not confirmed. The session may be gone: it is made anew once. What stays silent then is the desk.
            Fault::SessionGone => {
                self.unconfirmed = self.unconfirmed.saturating_add(1);
                let known_good = self.deaf_at.is_some_and(|at| now.since(at) < DEAF_AGAIN);
                if self.unconfirmed == 1 && !known_good {
                    effects.push(Effect::ForgetSession);
                    wait(self.failures, jitter)
                } else {
                    let doubled =
                        FIRST_WAIT_UNCONFIRMED.saturating_mul(1 << self.unconfirmed.saturating_sub(1).min(10));
                    doubled.min(LONGEST_WAIT_UNCONFIRMED).mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
                }
            }
            // One that is not accepted or not possible will not get better by asking often.
            Fault::IdentityRejected | Fault::UnknownInbox | Fault::UnknownPortal | Fault::Unsupported => LONGEST_WAIT,
            _ => wait(self.failures, jitter),
        };
        self.connect_at = now.plus(wait);
        // What the page was to wait for does not come; what was lost is asked for.
        let due = if was_live { now.plus(self.interval(now)) } else { now };
        if self.asking.is_none() && (was_live || self.page_at <= now.plus(CONFIRMED_WITHIN)) {
            self.page_at = self.page_at.min(due);
        }
    }

    fn next_page(&mut self, now: Timestamp) {
        let asked_at = self.asked_at.unwrap_or(now);
        // A desk that takes long is left alone for as long.
        let rest = now.plus(now.since(asked_at));
        self.page_at = if std::mem::take(&mut self.again) { now } else { asked_at.plus(self.interval(now)).max(rest) };
    }

    fn failed(&mut self, fault: &Fault, now: Timestamp, jitter: f64, effects: &mut Vec<Effect>) {
        self.asking = None;
        self.again = false;
        self.ask_failures = self.ask_failures.saturating_add(1);
        if self.is_live() && *fault == Fault::SessionGone {
            self.drop_connection(effects);
            self.connect_at = now;
        } else if self.is_live() && *fault == Fault::Network && self.ask_failures > 1 {
            // One request may be lost on the way. Of two the connection is as good as lost, too.
            self.drop_connection(effects);
            self.lost(fault, now, jitter, effects);
        }
        let trouble = wait(self.ask_failures, jitter);
        let trouble = if self.is_live() { trouble } else { trouble.max(self.interval(now).mul_f64(0.5)) };
        let rest = match fault {
            Fault::Throttled { retry_after } => retry_after.unwrap_or(trouble).max(trouble),
            _ => trouble,
        };
        self.page_at = now.plus(rest.min(LONGEST_REST));
        if *fault == Fault::SessionGone {
            effects.push(Effect::ForgetSession);
        }
    }

    fn schedule(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if !self.wants_connection() {
            self.drop_connection(effects);
        }
        if !self.online {
            return;
        }
        if self.wants_connection() && self.phase == Phase::Down && self.connect_at <= now {
            self.phase = Phase::Connecting;
            effects.push(Effect::Connect);
        }
        if let Phase::Live { since, presence_at } = self.phase
            && presence_at <= now
        {
            self.phase = Phase::Live { since, presence_at: now.plus(self.rules.presence) };
            effects.push(Effect::AnnouncePresence);
        }
        self.ask(now, effects);
    }

    /// One question at a time: an answer that takes longer than the interval must not pile up.
    fn ask(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let pages = self.page_at <= now;
        let list = self.list.filter(|_| pages || self.list_now);
        if self.asking.is_some() || !(pages || list.is_some()) {
            return;
        }
        if pages {
            self.asked_at = Some(now);
            self.again = false;
        }
        if list.is_some() {
            self.list = None;
            self.list_now = false;
        }
        let question = Question { pages, list };
        self.asking = Some(question);
        effects.push(Effect::Ask(question));
    }
}

fn wait(failures: u32, jitter: f64) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.min(LONGEST_WAIT).mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: Rules = Rules {
        realtime: true,
        presence: Duration::from_secs(60),
        pace: pace::Rules {
            idle: Duration::from_secs(120),
            active: Duration::from_secs(10),
            live: Duration::from_secs(15),
        },
    };

    const PAGE: Effect = Effect::Ask(Question { pages: true, list: None });
    const OPENING: Effect = Effect::Ask(Question { pages: true, list: Some(Reason::Opening) });
    const RETURN: Effect = Effect::Ask(Question { pages: true, list: Some(Reason::Return) });

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000 + seconds)
    }

    /// Lets time pass until `until`; every question is answered at once. What is done when, in seconds.
    fn pass(link: &mut Link, from: i64, until: i64) -> Vec<(u64, Effect)> {
        let mut seen = Vec::new();
        let mut now = at(from);
        while now < at(until) {
            for effect in link.handle(Event::Tick, now, 1.0) {
                if matches!(effect, Effect::Ask(_)) {
                    assert_eq!(link.handle(Event::Answered, now, 1.0), []);
                }
                seen.push((now.since(at(0)).as_secs(), effect));
            }
            now = link.next_wake().unwrap_or(at(until)).max(now.plus(Duration::from_millis(1)));
        }
        seen
    }

    fn asked(seen: &[(u64, Effect)]) -> Vec<u64> {
        seen.iter().filter(|(_, effect)| matches!(effect, Effect::Ask(_))).map(|(when, _)| *when).collect()
    }

    /// A conversation on screen, its connection confirmed and its page read at the start.
    fn live(awaited: bool) -> Link {
        let mut link = Link::new(RULES, Some(Reason::Opening), at(0));
        assert_eq!(link.handle(Event::Shown(Shown::Conversation), at(0), 0.0), [Effect::Connect]);
        let effects = link.handle(Event::Connected, at(0), 0.0);
        assert_eq!(effects, [Effect::AnnouncePresence, OPENING]);
        assert_eq!(link.handle(Event::Answered, at(0), 0.0), []);
        assert_eq!(link.handle(Event::Stirred { awaited }, at(0), 0.0), []);
        link
    }

    #[test]
    fn opening_asks_once_and_then_every_two_minutes_for_pages_alone() {
        let mut link = Link::new(RULES, Some(Reason::Opening), at(0));
        let expected = [(0, OPENING), (120, PAGE), (240, PAGE), (360, PAGE), (480, PAGE)];
        assert_eq!(pass(&mut link, 0, 600), expected);
    }

    #[test]
    fn file_that_is_opened_for_a_push_asks_for_nothing_of_its_own() {
        let mut link = Link::new(RULES, None, at(0));
        assert_eq!(link.handle(Event::Shown(Shown::Nothing), at(0), 0.0), []);
        assert_eq!(link.handle(Event::Wake, at(5), 0.0), [RETURN], "until the app comes back");
    }

    #[test]
    fn conversation_on_screen_is_read_once_its_connection_is_confirmed() {
        let link = &mut live(true);
        let seen = pass(link, 0, 61);
        assert_eq!(asked(&seen), [15, 30, 45, 60], "the beat goes on whatever the connection tells");
        assert!(seen.contains(&(60, Effect::AnnouncePresence)));
        assert_eq!(link.handle(Event::Shown(Shown::Nothing), at(70), 0.0), [Effect::Disconnect]);
        assert_eq!(asked(&pass(link, 70, 200)), [190]);
    }

    #[test]
    fn confirmation_that_takes_long_is_not_waited_for() {
        let mut link = Link::new(RULES, Some(Reason::Opening), at(0));
        let _ = link.handle(Event::Shown(Shown::Conversation), at(0), 0.0);
        assert_eq!(link.next_wake(), Some(at(0).plus(CONFIRMED_WITHIN)));
        assert_eq!(link.handle(Event::Tick, at(2), 0.0), [OPENING]);
        // Nor read over the answer that is on its way.
        assert_eq!(link.handle(Event::Connected, at(3), 0.0), [Effect::AnnouncePresence]);
        assert_eq!(link.handle(Event::Answered, at(4), 0.0), [PAGE], "what came in between");
        // One that fails is no reason to wait for it, either.
        let mut link = Link::new(RULES, Some(Reason::Opening), at(0));
        let _ = link.handle(Event::Shown(Shown::Conversation), at(0), 0.0);
        assert_eq!(link.handle(Event::Lost(Fault::Network), at(1), 0.0), [OPENING]);
    }

    #[test]
    fn answered_conversation_is_asked_for_ever_less_often() {
        let link = &mut live(false);
        assert_eq!(asked(&pass(link, 0, 590)), [60, 120, 240, 480]);
        // Until somebody writes.
        assert_eq!(link.handle(Event::Stirred { awaited: true }, at(590), 0.0), []);
        assert_eq!(asked(&pass(link, 590, 621)), [605, 620]);
    }

    #[test]
    fn lost_connection_costs_one_page_once_it_is_back() {
        let link = &mut live(true);
        assert_eq!(link.handle(Event::Lost(Fault::Network), at(10), 1.0), []);
        assert_eq!(pass(link, 10, 12), [(11, Effect::Connect)]);
        let effects = link.handle(Event::Connected, at(12), 1.0);
        assert_eq!(effects, [Effect::AnnouncePresence, PAGE]);
    }

    #[test]
    fn lost_connection_asks_meanwhile_and_backs_off() {
        let link = &mut live(true);
        let mut waits = Vec::new();
        let mut now = at(1);
        for _ in 0..7 {
            let _ = link.handle(Event::Lost(Fault::Network), now, 1.0);
            waits.push(link.connect_at.since(now).as_secs());
            now = link.connect_at;
            assert!(link.handle(Event::Tick, now, 1.0).contains(&Effect::Connect));
            let _ = link.handle(Event::Answered, now, 1.0);
        }
        assert_eq!(waits, [1, 2, 4, 8, 15, 15, 15]);
        let mut link = live(true);
        let _ = link.handle(Event::Lost(Fault::Unsupported), at(1), 1.0);
        assert_eq!(asked(&pass(&mut link, 1, 15)), [11]);
    }

    #[test]
    fn network_that_is_back_ends_every_wait_and_asks_once() {
        let link = &mut live(true);
        for _ in 0..5 {
            let _ = link.handle(Event::Lost(Fault::Network), at(1), 1.0);
        }
        assert_eq!(link.handle(Event::Online(false), at(2), 1.0), []);
        assert_eq!(link.next_wake(), None, "offline, nothing is due");
        assert_eq!(link.handle(Event::Online(true), at(3), 1.0), [Effect::Connect]);
        assert_eq!(link.handle(Event::Wake, at(3), 1.0), [], "two reasons, one question");
        assert_eq!(link.handle(Event::Connected, at(4), 1.0), [Effect::AnnouncePresence, RETURN]);
        assert_eq!(link.handle(Event::Answered, at(4), 1.0), []);
        assert_eq!(link.handle(Event::Wake, at(5), 1.0), [], "just asked");
        assert_eq!(link.handle(Event::Wake, at(7), 1.0), [RETURN]);
    }

    #[test]
    fn conversation_of_another_session_connects_anew_at_once() {
        let link = &mut live(true);
        let effects = link.handle(Event::Changed { by_another: true }, at(2), 0.0);
        assert_eq!(effects, [Effect::Disconnect, Effect::Connect]);
        assert_eq!(link.handle(Event::Connected, at(3), 0.0), [Effect::AnnouncePresence, PAGE]);
        let link = &mut live(true);
        assert_eq!(link.handle(Event::Changed { by_another: false }, at(2), 0.0), [PAGE]);
    }

    #[test]
    fn deaf_connection_is_replaced_and_not_in_a_loop() {
        let link = &mut live(true);
        assert_eq!(link.handle(Event::Deaf, at(10), 1.0), [Effect::Disconnect, Effect::Connect]);
        // Its successor is never confirmed: the session is good, the desk is not.
        assert!(!link.handle(Event::Lost(Fault::SessionGone), at(20), 1.0).contains(&Effect::ForgetSession));
        let (mut tries, mut now) = (Vec::new(), at(20));
        while tries.len() < 5 {
            now = link.next_wake().unwrap().max(now.plus(Duration::from_millis(1)));
            let effects = link.handle(Event::Tick, now, 1.0);
            let _ = link.handle(Event::Answered, now, 1.0);
            if effects.contains(&Effect::Connect) {
                tries.push(now.since(at(0)).as_secs());
                now = now.plus(Duration::from_secs(10));
                let _ = link.handle(Event::Lost(Fault::SessionGone), now, 1.0);
            }
        }
        assert_eq!(tries, [50, 120, 250, 500, 810], "minutes apart in the end");
        // Confirmed at last, and deaf at once: it rests.
        let link = &mut live(true);
        let _ = link.handle(Event::Deaf, at(1), 1.0);
        let _ = link.handle(Event::Connected, at(2), 1.0);
        let _ = link.handle(Event::Answered, at(2), 1.0);
        assert_eq!(link.handle(Event::Deaf, at(10), 1.0), [Effect::Disconnect]);
        assert_eq!(link.connect_at, at(310));
    }

    #[test]
    fn late_connection_stays_and_is_asked_beside() {
        let link = &mut live(true);
        assert_eq!(link.handle(Event::Late(true), at(1), 1.0), []);
        assert!(link.is_live());
        assert_eq!(asked(&pass(link, 1, 41)), [11, 21, 31]);
    }

    #[test]
    fn silent_refusal_makes_a_new_standing_once() {
        let mut link = Link::new(RULES, Some(Reason::Opening), at(0));
        let _ = link.handle(Event::Shown(Shown::Conversation), at(0), 0.0);
        assert!(link.handle(Event::Lost(Fault::SessionGone), at(10), 0.0).contains(&Effect::ForgetSession));
        assert!(!link.handle(Event::Lost(Fault::SessionGone), at(20), 0.0).contains(&Effect::ForgetSession));
    }

    #[test]
    fn page_that_fails_leaves_the_connection_and_is_read_again_with_back_off() {
        let link = &mut live(true);
        let mut now = 15;
        for next in [16, 18, 22] {
            assert_eq!(link.handle(Event::Tick, at(now), 1.0), [PAGE]);
            assert_eq!(link.handle(Event::Failed(Fault::Desk), at(now), 1.0), []);
            assert!(link.is_live());
            assert_eq!(link.next_wake(), Some(at(next)));
            now = next;
        }
        // A request may get lost; of two in a row the connection is, too.
        let link = &mut live(true);
        let _ = link.handle(Event::Tick, at(15), 1.0);
        assert_eq!(link.handle(Event::Failed(Fault::Network), at(15), 1.0), []);
        let _ = link.handle(Event::Tick, at(16), 1.0);
        assert_eq!(link.handle(Event::Failed(Fault::Network), at(16), 1.0), [Effect::Disconnect]);
    }

    #[test]
    fn desk_that_takes_long_is_asked_no_more_often_than_it_can_answer() {
        let link = &mut live(true);
        let (mut now, mut questions) = (0, 0);
        while now < 600 {
            now = link.next_wake().unwrap().since(at(0)).as_secs().try_into().unwrap();
            if link.handle(Event::Tick, at(now), 1.0).contains(&PAGE) {
                questions += 1;
                let _ = link.handle(Event::Answered, at(now + 14), 1.0);
            }
        }
        assert!((20..=23).contains(&questions), "every 28 s: {questions}");
    }

    #[test]
    fn unknown_conversation_asks_for_the_list_alone_and_at_once() {
        let link = &mut live(true);
        let list = Effect::Ask(Question { pages: false, list: Some(Reason::Unknown) });
        assert_eq!(link.handle(Event::Unknown, at(5), 1.0), [list]);
        // Without a network it goes along with the next page.
        let _ = link.handle(Event::ListMissed(Reason::Unknown), at(5), 1.0);
        let _ = link.handle(Event::Answered, at(5), 1.0);
        let with_page = Effect::Ask(Question { pages: true, list: Some(Reason::Unknown) });
        assert_eq!(pass(link, 6, 16), [(15, with_page)]);
    }

    #[test]
    fn desk_without_realtime_is_asked() {
        let mut link = Link::new(Rules { realtime: false, ..RULES }, Some(Reason::Opening), at(0));
        assert_eq!(link.handle(Event::Shown(Shown::Conversation), at(0), 0.0), [OPENING]);
        let _ = link.handle(Event::Answered, at(0), 0.0);
        let _ = link.handle(Event::Stirred { awaited: true }, at(0), 0.0);
        assert_eq!(asked(&pass(&mut link, 0, 35)), [10, 20, 30]);
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::Shown(Shown::Nothing)),
            Just(Event::Shown(Shown::List)),
            Just(Event::Shown(Shown::Conversation)),
            any::<bool>().prop_map(|by_another| Event::Changed { by_another }),
            any::<bool>().prop_map(Event::Online),
            Just(Event::Wake),
            Just(Event::Standing),
            Just(Event::Unknown),
            Just(Event::Missed),
            Just(Event::ListMissed(Reason::Opening)),
            any::<bool>().prop_map(|awaited| Event::Stirred { awaited }),
            any::<bool>().prop_map(Event::Late),
            Just(Event::Deaf),
            Just(Event::Probe),
            Just(Event::Connected),
            Just(Event::Lost(Fault::Network)),
            Just(Event::Lost(Fault::SessionGone)),
            Just(Event::Answered),
            Just(Event::Failed(Fault::Desk)),
            Just(Event::Failed(Fault::Network)),
            Just(Event::Tick),
        ]
    }

    proptest! {
        #[test]
        fn any_order_of_events_keeps_one_connection_and_one_question(
            script in proptest::collection::vec((event(), 0_u32..30_000), 0..200)
        ) {
            let mut link = Link::new(RULES, Some(Reason::Opening), at(0));
            let (mut now, mut open, mut asking, mut shown, mut online) = (at(0), false, false, false, true);
            for (event, pause) in script {
                now = now.plus(Duration::from_millis(u64::from(pause)));
                match &event {
                    Event::Shown(what) => shown = *what != Shown::Nothing,
                    Event::Online(on) => online = *on,
                    Event::Lost(_) => open = false,
                    Event::Answered | Event::Failed(_) => asking = false,
                    _ => {}
                }
                for effect in link.handle(event, now, 0.5) {
                    match effect {
                        Effect::Connect => { prop_assert!(!open && shown && online); open = true; }
                        Effect::Disconnect => { prop_assert!(open); open = false; }
                        Effect::Ask(question) => {
                            prop_assert!(!asking && online && (question.pages || question.list.is_some()));
                            asking = true;
                        }
                        Effect::AnnouncePresence => prop_assert!(open),
                        Effect::ForgetSession => {}
                    }
                }
                prop_assert!(shown || !open, "a socket with nothing on screen");
            }
        }

        /// Whatever happens, an awaited answer is asked for within the beat, unless the desk itself is in trouble.
        #[test]
        fn page_is_never_further_away_than_the_beat(
            script in proptest::collection::vec((event(), 0_u32..10_000), 0..100)
        ) {
            let mut link = live(true);
            let mut now = at(1);
            let trouble = |event: &Event| matches!(
                event, Event::Failed(_) | Event::Lost(_) | Event::Online(_) | Event::Shown(_) | Event::Stirred { .. });
            for (event, pause) in script.into_iter().filter(|(event, _)| !trouble(event)) {
                now = now.plus(Duration::from_millis(u64::from(pause)));
                let _ = link.handle(event, now, 0.5);
                let _ = link.handle(Event::Answered, now, 0.5);
                let due = link.next_wake().unwrap();
                prop_assert!(due <= now.plus(Duration::from_secs(15)), "{due:?} at {now:?}");
            }
        }
    }
}
