//! Whether the desk can be reached: the one place that everything reports to, and that says when to try again.
//!
//! # Protocol
//! - **Every request reports how it ended** ([`Watched`] around the port): the outbox's, sync's, downloads', the help
//!   centre's. So the first that finds the desk gone, or back, tells all others, and the status follows each.
//! - **The host's word is a hint.** "No network" holds everything, until any request that began later is answered. In
//!   front, with something waiting or on screen, it is doubted after [`Limits::offline_poll`](crate::Limits::offline_poll),
//!   and ever less often after that. It belongs to the client: it outlives a log-in, a log-out and a pause.
//! - **While the desk is lost, what waits is not attempted**, so a message shows `Queued` throughout. In front, with
//!   words waiting, a probe looks for the desk instead: one cheap request, with back-off and jitter, at most
//!   `offline_poll` apart. When it is answered, everything is tried at once.
//! - **A probe may be blocked alone.** So once a minute, later every five, what waits is tried although no probe was
//!   answered; and so it is when the customer retries, the app comes to the foreground or the host says that there is a
//!   network.
//! - **A single failure proves little** where the realtime connection is up, or where the desk's server answers with 5xx.
//!   The desk is lost with the second one in a row. A failed realtime connection or file proves nothing by itself, for a
//!   proxy or another host may be the cause: it starts a probe.
//!
//! [`State`] decides; [`Reach`] shares it.

mod port;
mod state;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use self::state::{End, Event, State, Way};
pub(crate) use self::{
    port::Watched,
    state::{Line, View},
};
use crate::{
    backend::{Backend, Fault},
    clock::{Random, fraction},
    model::Timestamp,
};

/// A probe that takes longer than this has failed: a desk that hangs must not delay the next one by a request's time-out.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// The way to the desk, shared by a client's workers. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reach {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    view: watch::Sender<View>,
    /// Rings where the next probe is due at another time than before.
    rescheduled: Notify,
    began: Instant,
    random: Arc<dyn Random>,
}

impl Reach {
    /// Nothing is known yet. `longest_probe` is [`Limits::offline_poll`](crate::Limits::offline_poll).
    pub(crate) fn new(longest_probe: Duration, random: Arc<dyn Random>) -> Self {
        let state = State::new(longest_probe);
        let view = watch::Sender::new(state.view());
        let rescheduled = Notify::new();
        Self { shared: Arc::new(Shared { state: Mutex::new(state), view, rescheduled, began: Instant::now(), random }) }
    }

    /// What to go by, now and as it changes.
    pub(crate) fn view(&self) -> watch::Receiver<View> {
        self.shared.view.subscribe()
    }

    /// The host says that there is a network, or that there is none.
    pub(crate) fn host_says(&self, available: bool) {
        self.handle(Event::Host(available));
    }

    /// The app came to the foreground, or left it.
    pub(crate) fn in_front(&self, front: bool) {
        self.handle(Event::Front(front));
    }

    /// Something that the desk tells of is on screen.
    pub(crate) fn shown(&self, shown: bool) {
        self.handle(Event::Shown(shown));
    }

    /// So many things that the customer wrote wait.
    pub(crate) fn waiting(&self, waiting: usize) {
        self.handle(Event::Waiting(waiting));
    }

    /// A reason to try now.
    pub(crate) fn wake(&self) {
        self.handle(Event::Wake);
    }

    /// How the realtime connection is.
    pub(crate) fn line(&self, line: Line) {
        self.handle(Event::Line(line));
    }

    /// What a request that begins now hands to [`ended`](Self::ended).
    fn mark(&self) -> u64 {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).mark()
    }

    fn ended(&self, way: Way, begun: u64, fault: Option<&Fault>) {
        self.handle(Event::Ended { way, end: End::of(fault), begun });
    }

    fn now(&self) -> Timestamp {
        Timestamp::default().plus(self.shared.began.elapsed())
    }

    /// Says whether to probe.
    fn handle(&self, event: Event) -> bool {
        // The system's random numbers cost a call: none for what begins no wait.
        let waits = match event {
            Event::Ended { end, .. } => matches!(end, End::Unreached | End::Untrusted | End::Failed),
            Event::Host(_) | Event::Line(_) | Event::Tick => true,
            Event::Front(_) | Event::Shown(_) | Event::Waiting(_) | Event::Wake | Event::Probed => false,
        };
        let jitter = if waits { fraction(self.shared.random.as_ref()) } else { 0.0 };
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let due = state.next_wake();
        let probes = state.handle(event, self.now(), jitter);
        let (rescheduled, view) = (state.next_wake() != due, state.view());
        // Sent under the lock, so that two changes are seen in their order.
        self.shared.view.send_if_modified(|shown| std::mem::replace(shown, view) != view);
        drop(state);
        if rescheduled {
            self.shared.rescheduled.notify_one();
        }
        probes
    }

    /// Probes the desk where that is due, until dropped. One at a time for a client.
    pub(crate) async fn watch(self, backend: Arc<dyn Backend>) {
        // One that was dropped in the middle of a probe left it open.
        self.handle(Event::Probed);
        loop {
            if self.handle(Event::Tick) {
                let begun = self.mark();
                let probe = tokio::time::timeout(PROBE_TIMEOUT, backend.desk_info()).await;
                if probe.is_err() {
                    self.ended(Way::Desk, begun, Some(&Fault::Network));
                }
                self.handle(Event::Probed);
                tracing::debug!(reached = matches!(probe, Ok(Ok(_))), "the desk was probed");
                continue;
            }
            let due = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).next_wake();
            let rest = due.map(|due| due.since(self.now()));
            tokio::select! {
                () = self.shared.rescheduled.notified() => {}
                () = tokio::time::sleep(rest.unwrap_or_default()), if rest.is_some() => {}
            }
        }
    }
}
