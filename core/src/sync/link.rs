//! When to connect, when to ask, when to keep still: decided without I/O or clock.

use std::time::Duration;

use crate::{backend::Fault, model::Timestamp};

/// The first wait after a lost connection, and the longest. The desk's own clients begin at 3 s and end below 15 s; a
/// phone that wants its chat back should not wait longer, and none waits with the conversation off the screen.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// The longest rest that a desk may ask for before what was missed is read again: as in the outbox.
const LONGEST_REST: Duration = Duration::from_secs(900);

/// A connection that lived this long was a good one: the next wait begins at the first again.
const GOOD_LIFE: Duration = Duration::from_secs(20);

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A conversation came on the screen, or the last one left it.
    OnScreen(bool),
    /// The host knows that there is a network, or that there is none.
    Online(bool),
    /// A reason to ask now: foreground, the customer pulled to refresh, something the desk named is not known.
    Wake,
    /// The desk has confirmed the connection.
    Connected,
    /// The connection could not be made, or was lost.
    Lost(Fault),
    /// The conversation that came on the screen in another's place is told of by another connection.
    Moved,
    /// The connection stands, and what may have been missed could not be read.
    ResyncFailed(Fault),
    /// A question was answered.
    Asked,
    /// A question failed.
    AskFailed(Fault),
    /// Time has passed.
    Tick,
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
    /// Read what may have been missed: the conversation on screen, then the list.
    Resync,
    /// Ask for the conversation on screen.
    AskConversation,
    /// Ask for the list.
    AskList,
    /// Ask whether agents have read what is not marked so: the one thing that the desk does not tell while live.
    AskReadMarks,
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
    pub(crate) idle_poll: Duration,
    pub(crate) active_poll: Duration,
    pub(crate) read_marks: Duration,
}

/// The link to the desk.
#[derive(Debug)]
pub(crate) struct Link {
    rules: Rules,
    on_screen: bool,
    online: bool,
    phase: Phase,
    failures: u32,
    connect_at: Timestamp,
    ask_at: Timestamp,
    asking: bool,
    ask_failures: u32,
    /// When what may have been missed is to be read again, after it could not be.
    resync_at: Option<Timestamp>,
}

impl Link {
    /// Down, with the list to be asked for at once.
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            on_screen: false,
            online: true,
            phase: Phase::Down,
            failures: 0,
            connect_at: Timestamp::default(),
            ask_at: Timestamp::default(),
            asking: false,
            ask_failures: 0,
            resync_at: None,
        }
    }

    /// Whether events come.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. })
    }

    /// Takes in what happened and says what to do.
    pub(crate) fn handle(&mut self, event: Event, now: Timestamp, jitter: f64) -> Vec<Effect> {
        let mut effects = Vec::new();
        // A clock that was set back must not leave the link waiting for hours.
        self.connect_at = self.connect_at.min(now.plus(LONGEST_WAIT));
        self.resync_at = self.resync_at.map(|at| at.min(now.plus(LONGEST_REST)));
        self.ask_at = self
            .ask_at
            .min(now.plus(self.rules.idle_poll.max(self.rules.active_poll).max(self.rules.read_marks).mul_f64(2.0)));
        match event {
            Event::OnScreen(on_screen) => {
                if on_screen && !self.on_screen {
                    self.connect_at = now;
                    self.ask_at = now;
                }
                if !on_screen && self.on_screen {
                    // Just read: the list is as fresh as it gets.
                    self.ask_at = now.plus(self.rules.idle_poll);
                }
                self.on_screen = on_screen;
            }
            Event::Online(online) => {
                if online && !self.online {
                    self.hurry(now);
                }
                if !online {
                    self.drop_connection(&mut effects);
                }
                self.online = online;
            }
            Event::Wake => {
                self.hurry(now);
                self.resync_at = None;
                if self.is_live() {
                    effects.push(Effect::Resync);
                }
            }
            Event::Connected => {
                if self.phase == Phase::Connecting {
                    self.phase = Phase::Live { since: now, presence_at: now };
                    self.resync_at = None;
                    self.ask_at = now.plus(self.interval());
                    effects.push(Effect::Resync);
                }
            }
            Event::Moved => {
                self.on_screen = true;
                self.drop_connection(&mut effects);
                self.hurry(now);
            }
            Event::ResyncFailed(fault) => self.resync_failed(&fault, now, jitter, &mut effects),
            Event::Lost(fault) => self.lost(&fault, now, jitter, &mut effects),
            Event::Asked => {
                self.asking = false;
                self.ask_failures = 0;
                self.ask_at = now.plus(self.interval());
            }
            Event::AskFailed(fault) => self.ask_failed(&fault, now, jitter, &mut effects),
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
        let ask = (!self.asking).then_some(self.ask_at);
        let resync = self.resync_at.filter(|_| self.is_live());
        [connect, presence, ask, resync].into_iter().flatten().min()
    }

    fn wants_connection(&self) -> bool {
        self.on_screen && self.rules.realtime
    }

    fn interval(&self) -> Duration {
        match (self.is_live(), self.on_screen) {
            (true, _) => self.rules.read_marks,
            (false, true) => self.rules.active_poll,
            (false, false) => self.rules.idle_poll,
        }
    }

    fn hurry(&mut self, now: Timestamp) {
        self.failures = 0;
        self.ask_failures = 0;
        self.connect_at = now;
        self.ask_at = now;
    }

    fn drop_connection(&mut self, effects: &mut Vec<Effect>) {
        if self.phase != Phase::Down {
            self.phase = Phase::Down;
            effects.push(Effect::Disconnect);
        }
    }

    fn lost(&mut self, fault: &Fault, now: Timestamp, jitter: f64, effects: &mut Vec<Effect>) {
        if let Phase::Live { since, .. } = self.phase
            && now.since(since) >= GOOD_LIFE
        {
            self.failures = 0;
        }
        self.phase = Phase::Down;
        self.failures = self.failures.saturating_add(1);
        let wait = match fault {
            // A new standing is needed; one that is not accepted or not possible will not get better by asking often.
            Fault::IdentityRejected | Fault::UnknownInbox | Fault::UnknownPortal | Fault::Unsupported => LONGEST_WAIT,
            _ => wait(self.failures, jitter),
        };
        self.connect_at = now.plus(wait);
        // Until it is back, the conversation is asked for.
        self.ask_at = self.ask_at.min(now.plus(self.interval()));
        if *fault == Fault::SessionGone {
            effects.push(Effect::ForgetSession);
        }
    }

    /// Without a network the connection is as good as lost. Else it goes on telling, and what it has not told is asked
    /// for again later.
    fn resync_failed(&mut self, fault: &Fault, now: Timestamp, jitter: f64, effects: &mut Vec<Effect>) {
        if matches!(fault, Fault::Network | Fault::SessionGone) {
            effects.push(Effect::Disconnect);
            self.lost(fault, now, jitter, effects);
            return;
        }
        self.ask_failures = self.ask_failures.saturating_add(1);
        let trouble = wait(self.ask_failures, jitter);
        let wait = match fault {
            Fault::Throttled { retry_after } => retry_after.unwrap_or(trouble).max(trouble),
            _ => trouble,
        };
        self.resync_at = Some(now.plus(wait));
    }

    fn ask_failed(&mut self, fault: &Fault, now: Timestamp, jitter: f64, effects: &mut Vec<Effect>) {
        self.asking = false;
        self.ask_failures = self.ask_failures.saturating_add(1);
        let trouble = wait(self.ask_failures, jitter).max(self.interval().mul_f64(0.5));
        let wait = match fault {
            Fault::Throttled { retry_after } => retry_after.unwrap_or(trouble).max(trouble),
            _ => trouble,
        };
        self.ask_at = now.plus(wait);
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
        if self.is_live() && self.resync_at.is_some_and(|at| at <= now) {
            self.resync_at = None;
            effects.push(Effect::Resync);
        }
        if !self.asking && self.ask_at <= now {
            // One at a time: an answer that takes longer than the interval must not pile up.
            self.asking = true;
            effects.push(match (self.is_live(), self.on_screen) {
                (true, _) => Effect::AskReadMarks,
                (false, true) => Effect::AskConversation,
                (false, false) => Effect::AskList,
            });
        }
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
        idle_poll: Duration::from_secs(120),
        active_poll: Duration::from_secs(10),
        read_marks: Duration::from_secs(30),
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000 + seconds)
    }

    /// Runs until `until`, counting what is asked; every question is answered at once.
    fn idle(link: &mut Link, from: i64, until: i64) -> Vec<Effect> {
        let mut seen = Vec::new();
        let mut now = at(from);
        while now < at(until) {
            let effects = link.handle(Event::Tick, now, 1.0);
            for effect in &effects {
                if matches!(effect, Effect::AskList | Effect::AskConversation | Effect::AskReadMarks) {
                    let _ = link.handle(Event::Asked, now, 1.0);
                }
            }
            seen.extend(effects);
            now = link.next_wake().unwrap_or(at(until)).max(now.plus(Duration::from_millis(1)));
        }
        seen
    }

    #[test]
    fn idle_phone_asks_for_the_list_and_nothing_else() {
        let mut link = Link::new(RULES);
        assert_eq!(idle(&mut link, 0, 600), vec![Effect::AskList; 5]);
    }

    #[test]
    fn conversation_on_screen_connects_and_resyncs_after_the_confirmation() {
        let mut link = Link::new(RULES);
        let effects = link.handle(Event::OnScreen(true), at(0), 0.0);
        assert_eq!(effects, [Effect::Connect, Effect::AskConversation]);
        assert_eq!(link.handle(Event::Asked, at(0), 0.0), []);
        assert_eq!(link.handle(Event::Connected, at(1), 0.0), [Effect::Resync, Effect::AnnouncePresence]);
        let seen = idle(&mut link, 1, 181);
        let count = |wanted| seen.iter().filter(|effect| **effect == wanted).count();
        assert_eq!(count(Effect::AnnouncePresence), 2);
        assert_eq!(count(Effect::AskReadMarks), 5);
        assert_eq!(seen.len(), 7, "nothing else while live: {seen:?}");
        assert_eq!(link.handle(Event::OnScreen(false), at(200), 0.0), [Effect::Disconnect]);
        assert_eq!(idle(&mut link, 200, 321), [Effect::AskList]);
    }

    #[test]
    fn lost_connection_asks_meanwhile_and_backs_off() {
        let mut link = Link::new(RULES);
        let _ = link.handle(Event::OnScreen(true), at(0), 0.0);
        let mut waits = Vec::new();
        let mut now = at(0);
        for _ in 0..7 {
            let _ = link.handle(Event::Lost(Fault::Network), now, 1.0);
            waits.push(link.connect_at.since(now).as_secs());
            now = link.connect_at;
            assert!(link.handle(Event::Tick, now, 1.0).contains(&Effect::Connect));
        }
        assert_eq!(waits, [1, 2, 4, 8, 15, 15, 15]);
    }

    #[test]
    fn network_that_is_back_ends_every_wait() {
        let mut link = Link::new(RULES);
        let _ = link.handle(Event::OnScreen(true), at(0), 0.0);
        for _ in 0..5 {
            let _ = link.handle(Event::Lost(Fault::Network), at(1), 1.0);
        }
        let _ = link.handle(Event::AskFailed(Fault::Network), at(1), 1.0);
        assert_eq!(link.handle(Event::Online(false), at(2), 1.0), []);
        assert_eq!(link.next_wake(), None, "offline, nothing is due");
        assert_eq!(link.handle(Event::Online(true), at(3), 1.0), [Effect::Connect, Effect::AskConversation]);
    }

    #[test]
    fn silent_refusal_makes_a_new_standing() {
        let mut link = Link::new(RULES);
        let _ = link.handle(Event::OnScreen(true), at(0), 0.0);
        assert!(link.handle(Event::Lost(Fault::SessionGone), at(10), 0.0).contains(&Effect::ForgetSession));
    }

    #[test]
    fn desk_without_realtime_is_asked() {
        let mut link = Link::new(Rules { realtime: false, ..RULES });
        let _ = link.handle(Event::OnScreen(true), at(0), 0.0);
        let _ = link.handle(Event::Asked, at(0), 0.0);
        assert_eq!(idle(&mut link, 0, 35), vec![Effect::AskConversation; 3]);
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            any::<bool>().prop_map(Event::OnScreen),
            any::<bool>().prop_map(Event::Online),
            Just(Event::Wake),
            Just(Event::Connected),
            Just(Event::Lost(Fault::Network)),
            Just(Event::Lost(Fault::SessionGone)),
            Just(Event::Asked),
            Just(Event::AskFailed(Fault::Desk)),
            Just(Event::Tick),
        ]
    }

    proptest! {
        #[test]
        fn any_order_of_events_keeps_one_connection_and_one_question(
            script in proptest::collection::vec((event(), 0_u32..30_000), 0..200)
        ) {
            let mut link = Link::new(RULES);
            let (mut now, mut open, mut asking, mut on_screen, mut online) = (at(0), false, false, false, true);
            for (event, pause) in script {
                now = now.plus(Duration::from_millis(u64::from(pause)));
                match &event {
                    Event::OnScreen(on) => on_screen = *on,
                    Event::Online(on) => online = *on,
                    Event::Lost(_) => open = false,
                    Event::Asked | Event::AskFailed(_) => asking = false,
                    _ => {}
                }
                for effect in link.handle(event, now, 0.5) {
                    match effect {
                        Effect::Connect => { prop_assert!(!open && on_screen && online); open = true; }
                        Effect::Disconnect => { prop_assert!(open); open = false; }
                        Effect::AskConversation | Effect::AskList | Effect::AskReadMarks => { prop_assert!(!asking && online); asking = true; }
                        Effect::AnnouncePresence | Effect::Resync => prop_assert!(open),
                        Effect::ForgetSession => {}
                    }
                }
                prop_assert!(on_screen || !open, "a socket with nothing on screen");
            }
        }
    }
}
