//! Faults: everything a network or a tired server may do to a request or a frame, on demand.
//!
//! Rules are looked at in order and the first that matches plays its fault; one with a count disappears when it is used
//! up. HTTP faults befall requests, cable faults befall frames (dropped, duplicated, swapped, held back) or
//! sockets (frozen, deaf, dismissed). Two are the desk's own rather than the network's: its job queue lags, and its
//! conversation lists outgrow its time limit. The agent's routes and the controls under `/sandbox` are never touched.

mod grammar;
mod rule;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use self::rule::{contains, matches_request};
pub use self::{
    grammar::RuleError,
    rule::{Fault, Rule},
};
use crate::random::Random;

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
