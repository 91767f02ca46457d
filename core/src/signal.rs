//! What the client tells its workers.

use tokio::sync::watch;

/// A word to a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// The host knows that there is a network, or that there is none.
    Online(bool),
    /// A reason to try now: foreground, a retry by the customer, a request that went through.
    Wake,
}

/// Waits for the word to stop; a client that is gone means it too.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}
