//! What is known of the way to the desk: decided without I/O or clock.

use std::time::Duration;

use crate::{backend::Fault, model::Timestamp, sync::moment::Connection};

/// The first wait before the desk is asked whether it is back. It doubles up to the longest.
const FIRST_PROBE: Duration = Duration::from_secs(1);

/// Two probes are never closer, however often the customer asks.
const PROBES_APART: Duration = Duration::from_secs(1);

/// While the desk is out of reach, what waits is tried after this time although every probe failed: something on the way
/// may stop the probe alone. Doubles up to five minutes.
const TRY_ALL_THE_SAME: Duration = Duration::from_secs(60);
const LONGEST_TRY: Duration = Duration::from_secs(300);

/// The host's word that there is no network is doubted ever less often, up to so many times the first wait.
const LONGEST_DOUBT: u32 = 6;

/// A desk that is lost again within this time after it was found goes on where its back-off was: one that answers probes
/// and nothing else must not be probed every second.
const SAME_OUTAGE: Duration = Duration::from_secs(60);

/// The kind of a request: it decides what its end proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A request to the desk.
    Desk,
    /// A request that a healthy desk may fail at: the list, the help centre.
    Part,
    /// The realtime connection: a proxy may block it alone.
    Socket,
    /// A file: another host may serve it.
    File,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The desk answered.
    Answered,
    /// Nothing answered that is the desk.
    Unreached,
    /// The same: something answered with a certificate that is not trusted.
    Untrusted,
    /// The desk's server failed (5xx).
    Failed,
    /// Says nothing about the desk.
    Unasked,
}

impl End {
    pub(super) fn of(fault: Option<&Fault>) -> Self {
        match fault {
            Some(Fault::Network) => Self::Unreached,
            Some(Fault::Untrusted { .. }) => Self::Untrusted,
            Some(Fault::Desk) => Self::Failed,
            // A transfer that breaks again and again says nothing of the next request.
            Some(Fault::Interrupted | Fault::Storage | Fault::Unsupported | Fault::Withdrawn | Fault::FileGone) => {
                Self::Unasked
            }
            None | Some(_) => Self::Answered,
        }
    }
}

/// How the realtime connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Line {
    #[default]
    Down,
    Live,
    /// Up, and late.
    Delayed,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The host says that there is a network, or that there is none.
    Host(bool),
    /// A request ended. `begun` is what [`State::mark`] was when it began.
    Ended { way: Way, end: End, begun: u64 },
    /// The app is in the foreground, or is not.
    Front(bool),
    /// Something that the desk tells of is on screen: a conversation or the list, of a customer whom it knows.
    Shown(bool),
    /// So many things that the customer wrote wait in the outbox.
    Waiting(usize),
    /// The customer or the app asks to try now.
    Wake,
    /// The realtime connection came or went.
    Line(Line),
    /// The probe is over, however it ended.
    Probed,
    /// Time has passed.
    Tick,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Desk {
    /// Nothing was asked of it yet.
    Unknown,
    Reached,
    Lost,
}

/// What the workers and the status go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// There may be a network: the host does not deny it, or was wrong.
    pub(crate) online: bool,
    /// What waits is worth an attempt.
    pub(crate) open: bool,
    /// How often the desk was found again.
    pub(crate) returns: u64,
    pub(crate) connection: Connection,
}

/// Everything that is known of the way to the desk.
#[derive(Debug)]
pub(crate) struct State {
    /// The longest wait between two probes, and the first doubt of the host's word.
    longest_probe: Duration,
    front: bool,
    shown: bool,
    waiting: usize,
    line: Line,
    /// The host says that there is no network, and nothing has proved it wrong.
    denied: bool,
    /// The host's word was wrong before.
    was_wrong: bool,
    desk: Desk,
    /// The desk is lost, and what waits is tried even so.
    trying: bool,
    /// A request failed since the last one that was answered.
    doubted: bool,
    /// The desk is lost by its own failures, which may be of one kind of request: it is probed once to tell.
    unsure: bool,
    /// The last request that did not reach the desk met a certificate that is not trusted.
    untrusted: bool,
    /// The realtime connection failed since it was up last, and the desk was probed for it.
    socket_doubted: bool,
    returns: u64,
    /// Counts the host's words and the answers, to tell what a request that began earlier still proves.
    mark: u64,
    host_mark: u64,
    answer_mark: u64,
    /// Failures in this outage, and doubts of the host's word.
    failures: u32,
    doubts: u32,
    tries: u32,
    lost_at: Option<Timestamp>,
    probing: bool,
    probed_at: Option<Timestamp>,
    probe_at: Option<Timestamp>,
    try_at: Option<Timestamp>,
}

impl State {
    pub(crate) fn new(longest_probe: Duration) -> Self {
        Self {
            longest_probe,
            front: true,
            shown: false,
            waiting: 0,
            line: Line::Down,
            denied: false,
            was_wrong: false,
            desk: Desk::Unknown,
            trying: false,
            doubted: false,
            unsure: false,
            untrusted: false,
            socket_doubted: false,
            returns: 0,
            mark: 0,
            host_mark: 0,
            answer_mark: 0,
            failures: 0,
            doubts: 0,
            tries: 0,
            lost_at: None,
            probing: false,
            probed_at: None,
            probe_at: None,
            try_at: None,
        }
    }

    /// What a request that begins now gives back when it ends.
    pub(crate) fn mark(&self) -> u64 {
        self.mark
    }

    pub(crate) fn view(&self) -> View {
        let connection = match (self.desk, self.line) {
            _ if self.denied => Connection::Offline,
            (Desk::Lost, _) if self.untrusted => Connection::Untrusted,
            (Desk::Lost, _) => Connection::Offline,
            (_, Line::Live) => Connection::Live,
            (_, Line::Delayed) => Connection::Delayed,
            (Desk::Reached, Line::Down) => Connection::Online,
            (Desk::Unknown, Line::Down) => Connection::Unknown,
        };
        let open = !self.denied && (self.desk != Desk::Lost || self.trying);
        View { online: !self.denied, open, returns: self.returns, connection }
    }

    /// When the next [`Event::Tick`] is due.
    pub(crate) fn next_wake(&self) -> Option<Timestamp> {
        if !self.front {
            return None;
        }
        // A desk that is out of reach is looked for by the connection and the pages of what is on screen.
        let is_wanted = self.waiting > 0 || self.unsure || (self.shown && (self.denied || self.desk != Desk::Lost));
        let probe = self.probe_at.filter(|_| is_wanted && !self.probing);
        let attempt = self.try_at.filter(|_| !self.denied);
        probe.into_iter().chain(attempt).min()
    }

    /// Takes in what happened, and says whether to ask the desk whether it is there. `now` never goes back.
    #[must_use]
    pub(crate) fn handle(&mut self, event: Event, now: Timestamp, jitter: f64) -> bool {
        match event {
            Event::Host(available) => self.host(available, now, jitter),
            Event::Ended { way, end, begun } => self.ended(way, end, begun, now, jitter),
            Event::Front(front) => self.front = front,
            Event::Shown(shown) => self.shown = shown,
            Event::Waiting(waiting) => {
                let more = waiting > self.waiting;
                self.waiting = waiting;
                // New words are a reason to ask, and no reason to send them to a desk that is not there.
                if more && !self.denied && self.desk == Desk::Lost {
                    self.probe_soon(now);
                }
            }
            Event::Wake => self.wake(now),
            Event::Line(line) => {
                let was_up = std::mem::replace(&mut self.line, line) != Line::Down;
                if was_up && line == Line::Down && self.doubted && self.desk == Desk::Reached {
                    self.lose(now, jitter);
                }
            }
            Event::Probed => {
                self.probing = false;
                self.unsure = false;
                self.probed_at = Some(now);
            }
            Event::Tick => return self.tick(now, jitter),
        }
        false
    }

    fn host(&mut self, available: bool, now: Timestamp, jitter: f64) {
        self.mark += 1;
        self.host_mark = self.mark;
        if available {
            if self.denied || self.desk == Desk::Lost {
                self.try_again();
            }
            self.denied = false;
        } else if !self.denied {
            // Said again, it does not put off the doubt.
            self.denied = true;
            self.trying = false;
            self.doubts = 0;
            self.probe_at = Some(now.plus(self.doubt_after(jitter)));
        }
    }

    fn wake(&mut self, now: Timestamp) {
        if self.denied {
            self.doubts = 0;
            self.probe_soon(now);
        } else if self.desk == Desk::Lost {
            self.try_again();
        }
    }

    /// There is a new reason to believe that the desk can be reached: everything that waits is tried once.
    fn try_again(&mut self) {
        self.trying = self.desk == Desk::Lost;
        self.returns += 1;
        (self.failures, self.tries) = (0, 0);
        self.probe_at = None;
        self.try_at = None;
    }

    fn probe_soon(&mut self, now: Timestamp) {
        let earliest = self.probed_at.map_or(now, |at| at.plus(PROBES_APART).max(now));
        self.probe_at = Some(self.probe_at.map_or(earliest, |at| at.min(earliest)));
    }

    fn ended(&mut self, way: Way, end: End, begun: u64, now: Timestamp, jitter: f64) {
        if end != End::Unasked && way != Way::File {
            self.untrusted = end == End::Untrusted;
        }
        match (end, way) {
            (End::Unasked, _) | (End::Failed, Way::Part | Way::File) => {}
            // Began before the host spoke: it says what was, not what is.
            (End::Answered, _) if self.denied && begun < self.host_mark => {}
            (End::Answered, Way::File) => {
                self.overrule();
                if self.desk == Desk::Lost {
                    self.probe_soon(now);
                }
            }
            (End::Answered, _) => {
                self.socket_doubted &= way != Way::Socket;
                self.answered(now);
            }
            _ if begun < self.host_mark.max(self.answer_mark) => {}
            _ if self.denied => {
                self.doubts = self.doubts.saturating_add(1);
                self.probe_at = Some(now.plus(self.doubt_after(jitter)));
            }
            (_, Way::Socket) => {
                if self.desk == Desk::Reached && !std::mem::replace(&mut self.socket_doubted, true) {
                    self.probe_soon(now);
                }
            }
            (_, Way::File) => {
                if self.desk != Desk::Lost {
                    self.probe_soon(now);
                }
            }
            _ if self.desk == Desk::Lost => self.lose(now, jitter),
            // Of one request. Where the connection is up, or the desk's server answers at all, the next one decides.
            (End::Failed, _) if !self.doubted => self.doubted = true,
            _ if self.line != Line::Down && !self.doubted => self.doubted = true,
            _ => {
                self.unsure = end == End::Failed;
                self.lose(now, jitter);
            }
        }
    }

    fn answered(&mut self, now: Timestamp) {
        self.mark += 1;
        self.answer_mark = self.mark;
        self.overrule();
        if self.desk == Desk::Lost {
            self.returns += 1;
            self.lost_at = Some(now);
        }
        self.desk = Desk::Reached;
        self.trying = false;
        self.doubted = false;
        self.unsure = false;
        self.probe_at = None;
        self.try_at = None;
    }

    /// Something came through: there is a network, whatever the host says.
    fn overrule(&mut self) {
        if std::mem::take(&mut self.denied) {
            self.was_wrong = true;
            self.returns += 1;
        }
    }

    fn lose(&mut self, now: Timestamp, jitter: f64) {
        if self.desk != Desk::Lost && self.lost_at.is_none_or(|at| now.since(at) >= SAME_OUTAGE) {
            (self.failures, self.tries) = (0, 0);
        }
        if self.desk != Desk::Lost || self.trying || self.try_at.is_none() {
            let wait = doubled(TRY_ALL_THE_SAME, self.tries, LONGEST_TRY);
            self.try_at = Some(now.plus(with(wait, jitter)));
        }
        self.desk = Desk::Lost;
        self.trying = false;
        self.failures = self.failures.saturating_add(1);
        let wait = doubled(FIRST_PROBE, self.failures.saturating_sub(1), self.longest_probe);
        self.probe_at = Some(now.plus(with(wait, jitter)));
    }

    fn doubt_after(&self, jitter: f64) -> Duration {
        let first = if self.was_wrong { FIRST_PROBE.min(self.longest_probe) } else { self.longest_probe };
        with(doubled(first, self.doubts, self.longest_probe.saturating_mul(LONGEST_DOUBT)), jitter)
    }

    fn tick(&mut self, now: Timestamp, jitter: f64) -> bool {
        if self.next_wake().is_none_or(|due| due > now) {
            return false;
        }
        if !self.denied && self.try_at.is_some_and(|due| due <= now) {
            self.try_at = None;
            self.tries = self.tries.saturating_add(1);
            self.trying = true;
            if self.waiting > 0 {
                // A probe that fails meanwhile must not end the try before it has begun.
                self.probe_at = Some(now.plus(with(self.longest_probe, jitter)));
                return false;
            }
        }
        self.probing = true;
        // For a probe that says nothing.
        self.probe_at = Some(now.plus(with(self.longest_probe, jitter)));
        true
    }
}

fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    first.saturating_mul(1 << times.min(10)).min(longest)
}

/// Between half of a wait and all of it, so that many phones do not come at once.
fn with(wait: Duration, jitter: f64) -> Duration {
    wait.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
}
