//! What the client tells its workers.

use tokio::sync::watch;

use crate::model::ConversationId;

/// A word to a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// A reason to try now: foreground, a retry by the customer.
    Wake,
    /// The desk was just asked for everything, and answered: whoever waits for it may go on.
    Refreshed,
    /// To sync: the outbox has opened this conversation at the desk. What was said there meanwhile was left to it, and
    /// is to be read.
    Opened(ConversationId),
}

/// What is on screen now; nothing while the app is in the background.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OnScreen {
    /// The conversation that lies on top.
    pub(crate) conversation: Option<ConversationId>,
    /// The list is there, maybe below that.
    pub(crate) list: bool,
}

/// Waits for the word to stop; a client that is gone means it too.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}
