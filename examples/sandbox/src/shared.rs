//! What every task of a running sandbox holds: the state behind its lock, the cable, the faults and the stop signal.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicUsize};

use tokio::{runtime::Handle, sync::watch, time::Instant};

use crate::{
    bot,
    cable::{hub::Hub, late::Late},
    clock::{self, Millis},
    faults::Faults,
    options::Options,
    request_log::RequestLogs,
    state::{Broadcast, Job, State},
    webhook,
};

/// A running sandbox, as its tasks see it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Arc<Options>,
    pub(crate) hub: Hub,
    late: Late,
    pub(crate) faults: Faults,
    pub(crate) requests: RequestLogs,
    /// Open TCP connections, plain and upgraded.
    pub(crate) connections: AtomicUsize,
    stop: watch::Sender<bool>,
    runtime: Handle,
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn new(options: Arc<Options>, state: State, faults: Faults, runtime: Handle) -> Self {
        Self {
            options,
            hub: Hub::default(),
            late: Late::default(),
            faults,
            requests: RequestLogs::default(),
            connections: AtomicUsize::new(0),
            stop: watch::Sender::new(false),
            runtime,
            state: Mutex::new(state),
        }
    }

    /// Looks at the state, or changes what need not be told.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.lock())
    }

    /// Changes the state: written down first, then told on the cable, then followed by its jobs. The lock is held
    /// through the telling, so events leave in the order of the changes.
    pub(crate) fn write<T>(self: &Arc<Self>, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let outcome = change(&mut state);
        state.flush();
        for broadcast in std::mem::take(&mut state.broadcasts) {
            self.broadcast(broadcast);
        }
        let jobs = std::mem::take(&mut state.jobs);
        drop(state);
        for job in jobs {
            self.start(job);
        }
        outcome
    }

    /// Sends an event now, or when the desk's lagging jobs come to it.
    fn broadcast(self: &Arc<Self>, broadcast: Broadcast) {
        let late = self.faults.lateness(broadcast.event);
        if late.is_zero() {
            return self.hub.publish(&broadcast);
        }
        // So late that no clock can tell it is never.
        let Some(due) = Instant::now().checked_add(late) else { return };
        self.late.keep(due, broadcast);
        let shared = Arc::clone(self);
        self.spawn(async move {
            tokio::time::sleep_until(due).await;
            shared.late.release(&shared.hub, due);
        });
    }

    /// Tells every task to end.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Ends when the sandbox stops.
    pub(crate) async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives in self, so waiting can't fail; if it did, stopping is the right answer.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Runs `work` on the sandbox's runtime until it is done or the sandbox stops.
    pub(crate) fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let shared = Arc::clone(self);
        self.runtime.spawn(async move {
            tokio::select! {
                () = work => {}
                () = shared.stopped() => {}
            }
        });
    }

    fn start(self: &Arc<Self>, job: Job) {
        let shared = Arc::clone(self);
        let delay = self.options.job_delay;
        self.spawn(async move {
            match job {
                Job::Survey(conversation) => {
                    tokio::time::sleep(delay).await;
                    shared.write(|state| state.ask_for_rating(conversation));
                }
                Job::MarkRead(conversation, at) => {
                    tokio::time::sleep(delay).await;
                    while shared.write(|state| state.mark_read(conversation, at)) {
                        tokio::task::yield_now().await;
                    }
                }
                Job::Automation(conversation) => shared.write(|state| state.run_automation(conversation)),
                Job::Webhook(message) => webhook::tell(shared, message).await,
                Job::Bot { conversation, said } => bot::answer(&shared, conversation, &said).await,
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in one request must not take the whole desk down; rows are replaced whole, so none is half made.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a moment lies within the last `window` milliseconds.
pub(crate) fn within(at: Millis, window: Millis) -> bool {
    clock::now().saturating_sub(at) < window
}
