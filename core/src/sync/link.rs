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
    /// There may be a network, or there is none.
    Online(bool),
    /// The desk can be reached again, whoever found it.
    Returned,
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
    /// The standing changed while the connection was being made, which may fail for want of it.
    standing_changed: bool,
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
    /// The desk asked for the rest before the next page.
    asked_to_rest: bool,
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
            standing_changed: false,
            deaf_at: None,
            asking: None,
            asked_at: None,
            page_at: if why.is_some() { now } else { now.plus(rules.pace.idle) },
            list: why,
            list_now: false,
            again: false,
            ask_failures: 0,
            asked_to_rest: false,
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
            Event::Returned => self.returned(now),
            Event::Wake => {
                self.hurry(now);
                self.list = self.list.max(Some(Reason::Return));
                if !self.has_just_asked(now) {
                    self.wait_for_confirmation(now);
                }
            }
            Event::Standing => {
                match self.phase {
                    Phase::Down => self.connect_at = now,
                    Phase::Connecting => self.standing_changed = true,
                    Phase::Live { .. } => {}
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
                    self.standing_changed = false;
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

    /// Ends the waits that a desk out of reach caused. A connection that the desk takes and does not confirm, or that was
    /// deaf, waits for another reason, and so does a page that the desk asked to wait for.
    fn returned(&mut self, now: Timestamp) {
        let was_deaf = self.deaf_at.is_some_and(|at| now.since(at) < DEAF_AGAIN);
        if self.phase == Phase::Down && self.unconfirmed == 0 && !was_deaf {
            self.failures = 0;
            self.connect_at = self.connect_at.min(now);
        }
        if self.ask_failures > 0 && self.asking.is_none() && !self.asked_to_rest {
            self.ask_failures = 0;
            self.wait_for_confirmation(now);
        }
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
        let again = std::mem::take(&mut self.standing_changed) && *fault != Fault::SessionGone;
        self.connect_at = if again { now } else { now.plus(wait) };
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
        } else if self.is_live() && fault.is_of_the_way() && self.ask_failures > 1 {
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
        self.asked_to_rest = matches!(fault, Fault::Throttled { .. });
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
mod tests;
