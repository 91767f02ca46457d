//! Faults: everything a network or a tired server may do to a request or a frame, on demand.
//!
//! Rules are looked at in order and the first that matches plays its fault; one with a count disappears when it is used
//! up. HTTP faults befall requests, cable faults befall frames (dropped, duplicated, swapped, held back) or
//! sockets (frozen, deaf, dismissed). Two are the desk's own rather than the network's: its job queue lags, and its
//! conversation lists outgrow its time limit. The agent's routes and the controls under `/sandbox` are never touched.

mod grammar;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use self::grammar::RuleError;
use crate::{cable::hub::CONFIRMATION, random::Random};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The answer comes late; then later rules are looked at, so that it can be late and wrong.
    Latency(#[serde(with = "millis")] Duration),
    /// The connection is reset before the request is handled: nothing happened.
    DropBeforeWrite,
    /// The request is handled, then the connection is reset without an answer.
    ResetAfterWrite,
    /// This status with an HTML body; nothing happened.
    Status(u16),
    /// The request is handled, then this status is answered with an HTML body.
    StatusAfterWrite(u16),
    /// `429 Retry later`; nothing happened.
    TooManyRequests,
    /// The answer promises its full length and ends after so many bytes, with a reset.
    TruncateBody(usize),
    /// The answer promises its full length, and after so many bytes nothing more comes; the connection stays open.
    StallBody(usize),
    /// The connection is reset once so many bytes of the request's body have come: nothing happened.
    ResetUpload(usize),
    /// Once so many bytes of the request's body have come nothing more is read, and the connection stays open: nothing
    /// happened.
    StallUpload(usize),
    /// 302 to this address; nothing happened.
    Redirect(String),
    /// 200 and a page of HTML to everything, as a hotel's network does; nothing happened.
    CaptivePortal,
    /// No answer ever comes, and the connection stays open; nothing happened.
    Hang,
    /// The frame is sent twice.
    CableDuplicate,
    /// The frame is held back until the next one, or the next ping, has gone.
    CableReorder,
    /// The frame is lost.
    CableDropFrames,
    /// The frame waits until the next one that this rule befalls has gone, however long that takes. Frames of other
    /// events pass.
    CableSwap,
    /// The frame comes without its `echo_id`.
    CableStripEcho,
    /// Frames and pings stop, and the socket stays.
    CableHalfOpen,
    /// The socket stands, is welcomed and pinged, and no other frame reaches it: no event, and no confirmation of a
    /// subscription. This is a desk whose Redis was restarted. Without a count it befalls open sockets and new ones
    /// until the rule is removed. A deaf socket stays deaf until it is closed, as on a real desk.
    Deaf,
    /// Events are broadcast that much later, to the sockets that are subscribed by then, while requests are answered
    /// at once: a desk whose job queue lags. The confirmation of a subscription and `presence.update` come in time,
    /// for no job sends them. Uses tokio's clock.
    LateFrames(#[serde(with = "millis")] Duration),
    /// An answer that holds conversations with more than `messages` messages in all is a 500 after `after`, as where
    /// rack-timeout ends the request. What the request changed stays changed. Uses tokio's clock.
    ListTooLong {
        /// The most messages that an answer may hold.
        messages: usize,
        /// How long the desk works before it gives up; [`Fault::RACK_TIMEOUT`] on a real one.
        #[serde(with = "millis", default = "rack_timeout")]
        after: Duration,
    },
    /// The upgrade is refused with 404.
    CableRefuse,
    /// The socket is dismissed with a `disconnect` frame and closed.
    CableDisconnect {
        /// `unauthorized`, `invalid_request`, `server_restart` or `remote`.
        reason: String,
        /// Whether the client is told to come back.
        reconnect: bool,
    },
}

impl Fault {
    /// When rack-timeout ends a request in production: 15 s.
    pub const RACK_TIMEOUT: Duration = Duration::from_secs(15);

    /// Lists of more than `messages` messages fail after [`Fault::RACK_TIMEOUT`].
    pub const fn list_too_long(messages: usize) -> Self {
        Self::ListTooLong { messages, after: Self::RACK_TIMEOUT }
    }

    /// Whether it befalls the cable's frames or sockets, not requests.
    fn is_cable(&self) -> bool {
        matches!(
            self,
            Self::CableDuplicate
                | Self::CableReorder
                | Self::CableDropFrames
                | Self::CableSwap
                | Self::CableStripEcho
                | Self::CableHalfOpen
                | Self::Deaf
                | Self::LateFrames(_)
                | Self::CableDisconnect { .. }
        )
    }
}

fn rack_timeout() -> Duration {
    Fault::RACK_TIMEOUT
}

/// When a fault is played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Only on this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only on paths that contain this. A cable fault is matched against `/cable` and, for a frame, the event's name:
    /// `/cable message.created`.
    #[serde(default)]
    pub path_contains: Option<String>,
    /// What goes wrong.
    pub fault: Fault,
    /// How often, from 0.0 to 1.0.
    #[serde(default = "always")]
    pub probability: f64,
    /// How many times more; without it, always.
    #[serde(default)]
    pub remaining: Option<u32>,
}

impl Rule {
    /// A rule that plays `fault` on everything, for ever.
    pub fn new(fault: Fault) -> Self {
        Self { method: None, path_contains: None, fault, probability: 1.0, remaining: None }
    }

    /// Whether it applies to a frame of this name. The confirmation of a subscription must be named, for without it no
    /// frame comes at all.
    pub(crate) fn befalls_frame(&self, name: &str) -> bool {
        if name == CONFIRMATION {
            return self.path_contains.as_deref().is_some_and(|part| CONFIRMATION.contains(part));
        }
        contains(self, &format!("/cable {name}"))
    }
}

fn always() -> f64 {
    1.0
}

/// What befalls a socket as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CableFault {
    HalfOpen,
    Deaf,
    Disconnect { reason: String, reconnect: bool },
}

/// What becomes of one frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FrameFate {
    Delivered,
    Dropped,
    Duplicated,
    HeldBack,
    WithoutEcho,
    /// To be sent after the next frame that this rule befalls.
    Swapped(Rule),
}

/// What all sockets are to do, by its number: each change counts up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pulse {
    pub(crate) rules: u64,
    pub(crate) cut_sockets: u64,
    pub(crate) cut_all: u64,
}

#[derive(Debug)]
struct Held {
    rules: Vec<Rule>,
    dice: Random,
}

#[derive(Debug)]
struct Inner {
    held: Mutex<Held>,
    offline: AtomicBool,
    injected: AtomicU64,
    pulse: watch::Sender<Pulse>,
}

/// The control of all faults of one sandbox; a cheap clone.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Inner>);

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Inner {
            held: Mutex::new(Held { rules: Vec::new(), dice: Random::new(seed) }),
            offline: AtomicBool::new(false),
            injected: AtomicU64::new(0),
            pulse: watch::Sender::new(Pulse::default()),
        }))
    }

    /// Adds a rule after the others.
    pub fn add(&self, rule: Rule) {
        self.lock().rules.push(rule);
        self.0.pulse.send_modify(|pulse| pulse.rules += 1);
    }

    /// Plays `fault` on the next request, whatever its method, whose path contains `path_contains`.
    pub fn once(&self, path_contains: &str, fault: Fault) {
        self.add(Rule { path_contains: Some(path_contains.to_owned()), remaining: Some(1), ..Rule::new(fault) });
    }

    /// Removes all rules. Sockets that froze or went deaf stay so until they are closed.
    pub fn clear(&self) {
        self.lock().rules.clear();
    }

    /// The rules that are left.
    pub fn rules(&self) -> Vec<Rule> {
        self.lock().rules.clone()
    }

    /// Takes the desk off the network, or puts it back: every connection is reset, cable sockets included.
    pub fn offline(&self, offline: bool) {
        self.0.offline.store(offline, Ordering::SeqCst);
        if offline {
            self.0.pulse.send_modify(|pulse| pulse.cut_all += 1);
        }
    }

    /// Cuts all cable sockets now.
    pub fn drop_sockets(&self) {
        self.0.pulse.send_modify(|pulse| pulse.cut_sockets += 1);
    }

    /// How many faults were played; what happens while the desk is off the network is not counted.
    pub fn injected(&self) -> u64 {
        self.0.injected.load(Ordering::SeqCst)
    }

    pub(crate) fn is_offline(&self) -> bool {
        self.0.offline.load(Ordering::SeqCst)
    }

    pub(crate) fn pulse(&self) -> watch::Receiver<Pulse> {
        self.0.pulse.subscribe()
    }

    /// The faults of a request: any latency first, then at most one other.
    pub(crate) fn for_request(&self, method: &str, path: &str) -> (Duration, Option<Fault>) {
        let mut held = self.lock();
        let late =
            self.take(&mut held, |rule| matches!(rule.fault, Fault::Latency(_)) && matches_request(rule, method, path));
        let late = if let Some(Fault::Latency(time)) = late { time } else { Duration::ZERO };
        let fault = self.take(&mut held, |rule| {
            !matches!(rule.fault, Fault::Latency(_))
                && !rule.fault.is_cable()
                && !matches!(rule.fault, Fault::ListTooLong { .. })
                && (rule.fault != Fault::CableRefuse || path == "/cable")
                && matches_request(rule, method, path)
        });
        (late, fault)
    }

    /// What befalls a socket now. One that is deaf already uses up no rule that makes it so.
    pub(crate) fn socket_fault(&self, is_deaf: bool) -> Option<CableFault> {
        let fault = self.take(&mut self.lock(), |rule| {
            let of_sockets = match rule.fault {
                Fault::CableHalfOpen | Fault::CableDisconnect { .. } => true,
                Fault::Deaf => !is_deaf,
                _ => false,
            };
            of_sockets && contains(rule, "/cable")
        })?;
        match fault {
            Fault::CableDisconnect { reason, reconnect } => Some(CableFault::Disconnect { reason, reconnect }),
            Fault::Deaf => Some(CableFault::Deaf),
            _ => Some(CableFault::HalfOpen),
        }
    }

    /// How late an event is broadcast.
    pub(crate) fn lateness(&self, event: &str) -> Duration {
        let rule = |rule: &Rule| matches!(rule.fault, Fault::LateFrames(_)) && rule.befalls_frame(event);
        match self.take(&mut self.lock(), rule) {
            Some(Fault::LateFrames(time)) => time,
            _ => Duration::ZERO,
        }
    }

    /// After what time an answer that holds so many messages is given up, if it is.
    pub(crate) fn given_up(&self, method: &str, path: &str, messages: usize) -> Option<Duration> {
        let too_long = |rule: &Rule| {
            matches!(rule.fault, Fault::ListTooLong { messages: most, .. } if messages > most)
                && matches_request(rule, method, path)
        };
        match self.take(&mut self.lock(), too_long)? {
            Fault::ListTooLong { after, .. } => Some(after),
            _ => None,
        }
    }

    /// What becomes of a frame that carries `event`.
    pub(crate) fn frame_fate(&self, event: &str) -> FrameFate {
        let rule = self.take_rule(&mut self.lock(), |rule| {
            let of_frames = matches!(
                rule.fault,
                Fault::CableDuplicate
                    | Fault::CableReorder
                    | Fault::CableDropFrames
                    | Fault::CableSwap
                    | Fault::CableStripEcho
            );
            of_frames && rule.befalls_frame(event)
        });
        let Some(rule) = rule else { return FrameFate::Delivered };
        match rule.fault {
            Fault::CableDuplicate => FrameFate::Duplicated,
            Fault::CableReorder => FrameFate::HeldBack,
            Fault::CableSwap => FrameFate::Swapped(rule),
            Fault::CableStripEcho => FrameFate::WithoutEcho,
            _ => FrameFate::Dropped,
        }
    }

    /// Uses the first rule that `applies` and whose dice fall.
    fn take(&self, held: &mut Held, applies: impl Fn(&Rule) -> bool) -> Option<Fault> {
        self.take_rule(held, applies).map(|rule| rule.fault)
    }

    fn take_rule(&self, held: &mut Held, applies: impl Fn(&Rule) -> bool) -> Option<Rule> {
        let Held { rules, dice } = held;
        let place = rules.iter().position(|rule| {
            applies(rule) && rule.remaining != Some(0) && (rule.probability >= 1.0 || dice.unit() < rule.probability)
        })?;
        let rule = rules.get_mut(place)?;
        let used = rule.clone();
        if let Some(remaining) = &mut rule.remaining {
            *remaining -= 1;
            if *remaining == 0 {
                rules.remove(place);
            }
        }
        self.0.injected.fetch_add(1, Ordering::SeqCst);
        Some(used)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn matches_request(rule: &Rule, method: &str, path: &str) -> bool {
    rule.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method)) && contains(rule, path)
}

fn contains(rule: &Rule, path: &str) -> bool {
    rule.path_contains.as_deref().is_none_or(|part| path.contains(part))
}

/// A duration as whole milliseconds, in JSON.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
