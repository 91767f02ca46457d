//! What is observed: a task asks the core for the next batch, has it delivered, and asks again.
//!
//! One batch of a subscription is under way at a time: while a listener is slow the core gathers what happens into one
//! larger batch.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use shopbell::{TimelinePager, Whose};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    ListenerError, Older, SupportError,
    host::{Call, Delivery, Host, Open},
    panics::caught_async,
};

/// How long after a failed read the store is asked again; doubles, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Keeps a listener informed. Ends with [`cancel`](Self::cancel), or when it is dropped.
#[derive(uniffi::Object)]
pub struct Subscription {
    line: Arc<Line>,
    /// Whoever listens needs the client.
    _host: Arc<Host>,
}

impl Subscription {
    pub(crate) fn new(line: Arc<Line>, host: Arc<Host>) -> Arc<Self> {
        Arc::new(Self { line, _host: host })
    }
}

#[uniffi::export]
impl Subscription {
    /// Ends it: no call to the listener begins once this has returned. Returns at once; a second time is no error.
    pub fn cancel(&self) {
        self.line.cancel();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.line.cancel();
    }
}

/// Keeps a listener informed of a conversation's messages. While it lives, the conversation counts as being on screen.
/// Ends with [`cancel`](Self::cancel), or when it is dropped.
#[derive(uniffi::Object)]
pub struct Timeline {
    shown: Arc<Subscription>,
    host: Arc<Host>,
    pager: watch::Receiver<Option<TimelinePager>>,
}

impl Timeline {
    pub(crate) fn new(
        shown: Arc<Subscription>,
        host: Arc<Host>,
        pager: watch::Receiver<Option<TimelinePager>>,
    ) -> Arc<Self> {
        Arc::new(Self { shown, host, pager })
    }
}

#[uniffi::export]
impl Timeline {
    /// Brings in the page before the oldest message shown: from the phone, else from the desk. The messages come to
    /// the listener. Cancelling the wait does not stop it.
    ///
    /// Errors: [`SupportError::Offline`], [`SupportError::DeskUnavailable`] or [`SupportError::Busy`] where the desk
    /// had to be asked; what is on the phone is shown all the same.
    pub async fn load_older(&self) -> Result<Older, SupportError> {
        let mut pager = self.pager.clone();
        self.host
            .show(async move |open| {
                let there = pager.wait_for(Option::is_some).await.ok().and_then(|pager| pager.clone());
                let pager = there.ok_or(shopbell::SupportError::Closed)?;
                // The page before the newest is meant, also where that is not shown yet.
                open.told().await;
                Ok(pager.load_older().await?.into())
            })
            .await
    }

    /// Ends it: no call to the listener begins once this has returned. Returns at once; a second time is no error.
    pub fn cancel(&self) {
        self.shown.cancel();
    }
}

/// What asks, boxed: a task is compiled for every kind of it.
pub(crate) type Asking = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The connection between a task that asks and a listener.
pub(crate) struct Line {
    cancelled: watch::Sender<bool>,
}

impl Line {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { cancelled: watch::channel(false).0 })
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Runs `asking` until it ends or the line is cancelled.
    pub(crate) fn spawn(self: &Arc<Self>, open: &Open, asking: Asking) {
        let mut cancelled = self.cancelled.subscribe();
        open.runtime.spawn(async move {
            let asked = caught_async(async move {
                tokio::select! {
                    biased;
                    _ = cancelled.wait_for(|cancelled| *cancelled) => {}
                    () = asking => {}
                }
                Ok(())
            });
            if let Err(error) = asked.await {
                tracing::error!(%error, "a subscription ends");
            }
        });
    }
}

/// Where batches go.
#[derive(Clone)]
pub(crate) struct Outlet {
    pub(crate) line: Arc<Line>,
    pub(crate) deliveries: mpsc::UnboundedSender<Delivery>,
}

impl Outlet {
    /// Has the listener called, and waits until it has been. False once nothing is delivered any more.
    pub(crate) fn deliver(
        &self,
        call: impl FnOnce() -> Result<(), ListenerError> + Send + 'static,
    ) -> impl Future<Output = bool> + Send {
        self.deliver_boxed(None, Box::new(call))
    }

    /// The same for what is a customer's: if they have left by then, the listener is not called.
    pub(crate) fn deliver_of(
        &self,
        whose: Whose,
        call: impl FnOnce() -> Result<(), ListenerError> + Send + 'static,
    ) -> impl Future<Output = bool> + Send {
        self.deliver_boxed(Some(whose), Box::new(call))
    }

    fn deliver_boxed(&self, whose: Option<Whose>, call: Call) -> Delivered {
        let (done, wait) = oneshot::channel();
        // What can't be sent is dropped, and its sender with it.
        let _ = self.deliveries.send(Delivery { line: Arc::clone(&self.line), whose, call, done });
        Delivered(wait)
    }
}

/// Whether a listener has been called.
struct Delivered(oneshot::Receiver<()>);

impl Future for Delivered {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        Pin::new(&mut self.0).poll(context).map(|told| told.is_ok())
    }
}

/// Waits before the store is asked again.
pub(crate) struct Pause(Duration);

impl Pause {
    pub(crate) fn new() -> Self {
        Self(FIRST_PAUSE)
    }

    /// The store has answered.
    pub(crate) fn over(&mut self) {
        self.0 = FIRST_PAUSE;
    }

    /// It has not.
    pub(crate) async fn take(&mut self, error: &shopbell::SupportError) {
        tracing::warn!(%error, again_after = ?self.0, "what is observed can't be read");
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(LONGEST_PAUSE);
    }
}
